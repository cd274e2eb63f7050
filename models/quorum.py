"""Quorum algebra: who is needed, whose approvals count, and what is still missing.

`legal: 2` needs two people, `all: […]` every part, `any: […]` one part. One human fills one place, whatever roles
they hold, and approvals on behalf of the same holder count once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

Slots = tuple[str, ...]
MAX_ALTERNATIVES = 64
MAX_SLOTS = 12


@dataclass(frozen=True)
class Needs:
    """A quorum as its alternatives: the stage is passed when the slots of any one of them are filled."""

    alternatives: tuple[Slots, ...]

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for slots in self.alternatives for role in slots)

    def __str__(self) -> str:
        return " or ".join(_name_slots(slots) for slots in self.alternatives)


@dataclass(frozen=True)
class Voice:
    """One human who could fill a slot: the person, the holder of the authority used, and the roles it gives."""

    person: int
    holder: int
    roles: frozenset[str]


def parse_needs(value: Any) -> Needs:
    """Needs from YAML; raises ValueError with a sentence for the file's author."""
    alternatives = tuple(dict.fromkeys(tuple(sorted(slots)) for slots in _expand(value)))
    if len(alternatives) > MAX_ALTERNATIVES:
        raise ValueError(f"needs has {len(alternatives)} alternatives; at most {MAX_ALTERNATIVES} are possible")
    if any(len(slots) > MAX_SLOTS for slots in alternatives):
        raise ValueError(f"needs asks for more than {MAX_SLOTS} people")
    if not alternatives or not all(alternatives):
        raise ValueError("needs is empty: an empty approver set means nobody could approve")
    return Needs(alternatives)


def _expand(value: Any) -> list[Slots]:
    if not isinstance(value, Mapping) or not value:
        raise ValueError("needs is a mapping such as `legal: 1`, `all: [legal: 1, comms: 1]` or `any: […]`")
    return _join(_expand_entry(key, part) for key, part in value.items())


def _expand_entry(key: Any, part: Any) -> list[Slots]:
    if key in ("all", "any"):
        if not isinstance(part, Sequence) or isinstance(part, str) or not part:
            raise ValueError(f"`{key}` takes a list such as [legal: 1, comms: 1]")
        parts = [_expand(item) for item in part]
        return _join(parts) if key == "all" else [slots for choice in parts for slots in choice]
    if not isinstance(part, int) or isinstance(part, bool) or not 1 <= part <= MAX_SLOTS:
        raise ValueError(f"`{key}` takes a number of people from 1 to {MAX_SLOTS}")
    return [(str(key),) * part]


def _join(parts: Iterable[list[Slots]]) -> list[Slots]:
    joined = [sum(choice, ()) for choice in product(*parts)]
    if len(joined) > 4 * MAX_ALTERNATIVES:
        raise ValueError(f"needs has more than {MAX_ALTERNATIVES} alternatives")
    return joined


def missing(needs: Needs, voices: Iterable[Voice]) -> Slots:
    """The roles still to be filled, by the alternative that lacks the fewest; empty when the quorum is met."""
    return lacking(needs, voices)[0]


def lacking(needs: Needs, voices: Iterable[Voice]) -> list[Slots]:
    """What each alternative lacks, the one that lacks the fewest first."""
    distinct = _one_per_holder(voices)
    return sorted((_unfilled(slots, distinct) for slots in needs.alternatives), key=len)


def _one_per_holder(voices: Iterable[Voice]) -> list[Voice]:
    kept: list[Voice] = []
    for voice in voices:
        if all(voice.person != other.person and voice.holder != other.holder for other in kept):
            kept.append(voice)
    return kept


def _unfilled(slots: Slots, voices: Sequence[Voice]) -> Slots:
    """Kuhn's augmenting paths: the slots that no matching of people to places can fill."""
    seat_of: dict[int, int] = {}  # voice index → slot index

    def seat(slot: int, tried: set[int]) -> bool:
        for index, voice in enumerate(voices):
            if slots[slot] in voice.roles and index not in tried:
                tried.add(index)
                if index not in seat_of or seat(seat_of[index], tried):
                    seat_of[index] = slot
                    return True
        return False

    return tuple(role for slot, role in enumerate(slots) if not seat(slot, set()))


def _name_slots(slots: Slots) -> str:
    counts = {role: slots.count(role) for role in dict.fromkeys(slots)}
    return " and ".join(f"{count} × {role}" for role, count in counts.items())
