"""Each message as people get it, against a file that a human has read. To renew: `signoff preview KIND > FILE`."""

from pathlib import Path

import pytest

from models.messages import KINDS
from notifiers.cards import card, escape
from notifiers.examples import POST, previews
from notifiers.wording import WORDINGS

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(previews()))
def test_a_message_reads_as_it_was_approved(name: str) -> None:
    assert previews()[name].rstrip() == (GOLDEN / f"{name}.txt").read_text().rstrip()


def test_every_kind_of_message_about_a_post_has_words() -> None:
    about_posts = {name for name in KINDS if name not in ("sign_in", "cards", "open_card")}
    assert about_posts == set(WORDINGS)


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(previews())


def test_the_notification_text_of_a_card_neither_links_nor_mentions() -> None:
    assert escape("<!channel> & <https://x|y>") == "&lt;!channel&gt; &amp; &lt;https://x|y&gt;"
    assert len(card(POST).blocks) <= 50
