"""What the audience will see, as values, and the digest that every decision is bound to."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from models.canonical import canonical_json, sha256_hex
from models.errors import BadInput

MAX_TEXT = 10_000
MAX_LINK = 2_000
MAX_ALT = 1_500
MAX_MEDIA = 4
MAX_REASON = 2_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Media:
    """One image: the SHA-256 of its bytes, its MIME type, and its alternative text."""

    sha256: str
    content_type: str
    alt: str = ""


@dataclass(frozen=True)
class Variant:
    """What one channel account will show."""

    channel: str
    text: str
    link: str = ""
    media: tuple[Media, ...] = ()
    disclosure: str = ""
    consent: str = ""

    def audience_view(self) -> dict[str, object]:
        """All that is published; `consent` is evidence for reviewers and stays behind."""
        view = asdict(self)
        del view["consent"]
        return view


@dataclass(frozen=True)
class Content:
    """A whole revision: one variant per channel, in the order of the channels' names."""

    brand: str
    variants: tuple[Variant, ...] = field(default=())

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of what the audience sees."""
        view = {"brand": self.brand, "variants": [variant.audience_view() for variant in self.variants]}
        return sha256_hex(canonical_json(view))

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(variant.channel for variant in self.variants)

    @property
    def headline(self) -> str:
        """The first line of the first variant, for lists and subjects; at most 80 characters."""
        text = self.variants[0].text if self.variants else ""
        return headline(text)


def headline(text: str) -> str:
    """The first line with something on it, cut to 80 characters with an ellipsis."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "(no text)")
    return line if len(line) <= 80 else line[:79] + "…"


def clean_text(text: str, *, field: str, limit: int = MAX_TEXT) -> str:
    """Text as typed, with line ends as \\n. Refuses what no channel can show: too long, NUL, control, surrogates."""
    if len(text) > limit:
        raise BadInput(f"This has {len(text):,} characters; at most {limit:,} are possible.", field=field)
    if _CONTROL.search(text):
        position = _CONTROL.search(text.replace("\r\n", "\n"))
        at = f" at character {position.start() + 1}" if position else ""
        raise BadInput(f"There is an invisible control character{at}; delete it and try again.", field=field)
    if _SURROGATE.search(text):
        raise BadInput("This has half of a character (a lone surrogate); type it again.", field=field)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def clean_line(text: str, *, field: str, limit: int) -> str:
    """One line of clean text, trimmed; line breaks are refused because they end up in headers and titles."""
    text = clean_text(text, field=field, limit=limit).strip()
    if "\n" in text:
        raise BadInput("This must be a single line.", field=field)
    return text


def clean_link(link: str, *, field: str = "link") -> str:
    """An http or https address, or nothing."""
    link = clean_line(link, field=field, limit=MAX_LINK)
    if link and not re.fullmatch(r"https?://[^\s<>\"]+", link, re.IGNORECASE):
        raise BadInput("A link starts with https:// or http:// and has no spaces.", field=field)
    return link


def diff_fields(before: Content, after: Content) -> Sequence[str]:
    """Which variants differ, named for the timeline: `x text`, `linkedin media`."""
    old = {variant.channel: variant for variant in before.variants}
    new = {variant.channel: variant for variant in after.variants}
    changes = [f"{channel} added" for channel in new if channel not in old]
    changes += [f"{channel} removed" for channel in old if channel not in new]
    for channel in sorted(set(old) & set(new)):
        changes += [
            f"{channel} {name}"
            for name in ("text", "link", "media", "disclosure", "consent")
            if getattr(old[channel], name) != getattr(new[channel], name)
        ]
    return changes
