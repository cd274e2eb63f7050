"""The small rules: quorums, escalation arithmetic, local time, digests, the audit chain, retries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.audit import GENESIS, Record, seal, verify_chain
from models.content import Content, Media, Variant
from models.errors import BadInput
from models.escalation import Rung, next_rung
from models.localtime import instant, resolve
from models.quorum import Voice, missing, parse_needs
from models.retry import back_off, gives_up
from models.workflow import format_duration, parse_duration

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def voice(person: int, *roles: str, holder: int | None = None) -> Voice:
    return Voice(person, holder or person, frozenset(roles))


class TestQuorum:
    @pytest.mark.parametrize(
        ("needs", "voices", "lacking"),
        [
            ({"legal": 1}, [], ("legal",)),
            ({"legal": 1}, [voice(1, "legal")], ()),
            ({"legal": 2}, [voice(1, "legal")], ("legal",)),
            ({"legal": 2}, [voice(1, "legal"), voice(1, "legal")], ("legal",)),
            ({"legal": 2}, [voice(1, "legal"), voice(2, "legal", holder=1)], ("legal",)),
            ({"all": [{"legal": 1}, {"comms": 2}]}, [voice(1, "legal"), voice(2, "comms", "legal")], ("comms",)),
            ({"all": [{"legal": 1}, {"comms": 1}]}, [voice(1, "legal", "comms"), voice(2, "legal")], ()),
            ({"any": [{"legal": 2}, {"head": 1}]}, [voice(1, "head")], ()),
            ({"any": [{"legal": 2}, {"head": 1}]}, [voice(1, "other")], ("head",)),
        ],
    )
    def test_what_is_still_missing(self, needs: Any, voices: list[Voice], lacking: tuple[str, ...]) -> None:
        assert sorted(missing(parse_needs(needs), voices)) == sorted(lacking)

    @pytest.mark.parametrize(
        "needs", [{}, [], None, {"legal": 0}, {"legal": True}, {"legal": "1"}, {"all": []}, {"any": "x"}, {"legal": 99}]
    )
    def test_a_quorum_that_makes_no_sense_is_refused(self, needs: Any) -> None:
        with pytest.raises(ValueError, match=r"needs|takes"):
            parse_needs(needs)

    @given(st.lists(st.tuples(st.integers(1, 4), st.sets(st.sampled_from("abc"), min_size=1)), max_size=6))
    def test_one_person_never_fills_two_places(self, drawn: list[tuple[int, set[str]]]) -> None:
        needs = parse_needs({"all": [{"a": 1}, {"b": 1}, {"c": 1}]})
        if not missing(needs, [voice(person, *roles) for person, roles in drawn]):
            assert len({person for person, _ in drawn}) >= 3


class TestLadder:
    LADDER = (
        Rung(do="remind", after=timedelta(hours=2)),
        Rung(do="page", after=timedelta(hours=8)),
        Rung(do="expire", before_publish=timedelta(0)),
    )

    def test_the_earliest_rung_is_next(self) -> None:
        due = next_rung(self.LADDER, NOW, NOW + timedelta(hours=5))
        assert due is not None
        assert (due.index, due.at) == (0, NOW + timedelta(hours=2))
        due = next_rung(self.LADDER, NOW, NOW + timedelta(hours=5), fired=(0,))
        assert due is not None
        assert due.rung.do == "expire"

    def test_without_a_publication_time_nothing_expires(self) -> None:
        assert next_rung(self.LADDER, NOW, None, fired=(0, 1)) is None

    def test_a_publication_time_that_has_passed_fires_at_once_not_before_the_stage(self) -> None:
        due = next_rung(self.LADDER, NOW, NOW - timedelta(days=1))
        assert due is not None
        assert due.at == NOW

    def test_hours_are_elapsed_hours_on_the_night_of_a_clock_change(self) -> None:
        before_the_change = datetime(2027, 3, 27, 23, 30, tzinfo=UTC)
        due = next_rung(self.LADDER, before_the_change, None)
        assert due is not None
        assert due.at - before_the_change == timedelta(hours=2)

    @given(st.integers(0, 10**6), st.lists(st.integers(0, 2), unique=True))
    def test_a_rung_that_fired_never_comes_again(self, minutes: int, fired: list[int]) -> None:
        due = next_rung(self.LADDER, NOW, NOW + timedelta(minutes=minutes), fired)
        assert due is None or due.index not in fired


class TestLocalTime:
    def test_a_wall_time_means_one_instant(self) -> None:
        assert resolve("2027-07-01T09:30", "Europe/London") == datetime(2027, 7, 1, 8, 30, tzinfo=UTC)
        assert resolve("2027-07-01T09:30+05:30", "Europe/London") == datetime(2027, 7, 1, 4, tzinfo=UTC)

    def test_a_time_that_the_clocks_jump_over_does_not_exist(self) -> None:
        with pytest.raises(BadInput, match="does not exist in Europe/Berlin"):
            resolve("2027-03-28T02:30", "Europe/Berlin")

    def test_a_time_that_happens_twice_asks_which(self) -> None:
        with pytest.raises(BadInput, match="happens twice"):
            resolve("2027-10-31T02:30", "Europe/Berlin")
        first = resolve("2027-10-31T02:30", "Europe/Berlin", fold=0)
        assert resolve("2027-10-31T02:30", "Europe/Berlin", fold=1) - first == timedelta(hours=1)

    @pytest.mark.parametrize("typed", ["", "soon", "2027-13-01T00:00", "2027-01-01", "0001-01-01T00:00+14:00"])
    def test_nonsense_is_refused(self, typed: str) -> None:
        with pytest.raises(BadInput):
            instant(typed)

    @pytest.mark.parametrize("name", ["", "Mars", "../etc/passwd", "Europe/London\x00", "a" * 500, "/etc/localtime"])
    def test_a_zone_that_does_not_exist_is_refused(self, name: str) -> None:
        with pytest.raises(BadInput):
            resolve("2027-07-01T09:30", name)


class TestDigest:
    BASE = Content(
        "acme", (Variant("x", "Hello.", "https://a.example", (Media("0" * 64, "image/png", "alt"),), "#ad"),)
    )

    @pytest.mark.parametrize(
        "change",
        [
            {"text": "Hello"}, {"text": "hello."}, {"link": ""}, {"media": ()}, {"disclosure": ""},
            {"channel": "bluesky"},
            {"media": (Media("0" * 64, "image/png", "other"),)}, {"media": (Media("1" * 64, "image/png", "alt"),)},
        ],
    )  # fmt: skip
    def test_it_differs_when_the_audience_would_see_something_else(self, change: dict[str, Any]) -> None:
        other = Content("acme", (replace(self.BASE.variants[0], **change),))
        assert other.digest != self.BASE.digest

    def test_it_does_not_cover_what_stays_behind(self) -> None:
        assert Content("acme", (replace(self.BASE.variants[0], consent="Jo"),)).digest == self.BASE.digest

    @given(st.text(), st.text())
    def test_two_texts_share_it_only_when_they_are_equal(self, one: str, two: str) -> None:
        digests = {Content("acme", (Variant("x", text),)).digest for text in (one, two)
                   if text.isprintable()}  # fmt: skip
        assert len(digests) == len({text for text in (one, two) if text.isprintable()})


class TestChain:
    @staticmethod
    def chain(length: int) -> list[Record]:
        records, previous = [], GENESIS
        for seq in range(1, length + 1):
            body = f'{{"seq":{seq}}}'.encode()
            records.append(Record("post/1", seq, previous, body, seal(previous, body)))
            previous = records[-1].hash
        return records

    @given(st.integers(2, 12), st.data())
    def test_every_kind_of_tampering_is_found(self, length: int, data: st.DataObject) -> None:
        records = self.chain(length)
        head = (records[-1].seq, records[-1].hash)
        at = data.draw(st.integers(0, length - 1))
        kind = data.draw(st.sampled_from(["change", "delete", "swap", "cut", "relink"]))
        broken = list(records)
        if kind == "change":
            broken[at] = broken[at]._replace(body=b"{}")
        elif kind == "delete":
            del broken[at]
        elif kind == "swap":
            other = (at + 1) % length
            broken[at], broken[other] = broken[other], broken[at]
        elif kind == "cut":
            del broken[at:]
        else:
            broken[at] = broken[at]._replace(body=b"{}", hash=seal(broken[at].previous, b"{}"))
        assert verify_chain(records, [head]) == []
        assert verify_chain(broken, [head])


class TestRetry:
    def test_waiting_doubles_up_to_five_minutes_and_never_undercuts_what_was_asked(self) -> None:
        assert [back_off(n).total_seconds() for n in (1, 2, 3, 9, 12, 99)] == [1, 2, 4, 256, 300, 300]
        assert back_off(1, asked=90) == timedelta(seconds=90)
        assert back_off(9, asked=1) == timedelta(seconds=256)

    def test_it_gives_up_after_a_day_however_often_it_tried(self) -> None:
        assert not gives_up(timedelta(hours=23))
        assert gives_up(timedelta(hours=25))


@pytest.mark.parametrize("text", ["90s", "15m", "4h", "2d", "0s"])
def test_a_duration_reads_back_as_it_was_written(text: str) -> None:
    assert format_duration(parse_duration(text)) == text


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "1.5h", "2 weeks"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)
