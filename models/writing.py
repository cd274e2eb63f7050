"""What a person typed into a form, an API body or a file, and the draft that it makes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.content import (
    MAX_ALT,
    MAX_MEDIA,
    Content,
    Media,
    Variant,
    clean_line,
    clean_link,
    clean_text,
)
from models.errors import BadInput
from models.localtime import check_publication_time
from models.state import Draft


@dataclass(frozen=True)
class Writing:
    """Typed fields; None keeps what is there. `variants` maps a channel to its own text, where it has one.

    `media` lists (sha256, alt). `timed` says that `scheduled_for` was given, so that None can clear it.
    """

    channels: tuple[str, ...] | None = None
    text: str | None = None
    variants: Mapping[str, str] | None = None
    link: str | None = None
    media: tuple[tuple[str, str], ...] | None = None
    disclosure: str | None = None
    consent: str | None = None
    context: str | None = None
    scheduled_for: datetime | None = None
    timed: bool = False


@dataclass(frozen=True)
class Shelf:
    """What a draft may refer to: the brand, its channels' names, and the uploaded images' types by SHA-256."""

    brand: str
    channels: Sequence[str]
    images: Mapping[str, str]


def common_text(content: Content) -> str:
    """The text that most variants share; the first of them when there is a tie."""
    counted = Counter(variant.text for variant in content.variants)
    return counted.most_common(1)[0][0] if counted else ""


def own_texts(content: Content) -> dict[str, str]:
    """The texts of the variants that differ from the common one, by channel."""
    common = common_text(content)
    return {variant.channel: variant.text for variant in content.variants if variant.text != common}


def compose(writing: Writing, shelf: Shelf, before: Draft | None, now: datetime) -> Draft:
    """The draft that `writing` makes of `before`; raises BadInput that names the field."""
    old = before.content if before else Content(shelf.brand)
    text = clean_text(writing.text, field="text") if writing.text is not None else common_text(old)
    channels = _channels(writing, shelf, old)
    texts = _texts(writing, channels, text, old)
    pattern = old.variants[0] if old.variants else Variant(channel="", text="")
    shared = replace(
        pattern,
        link=pattern.link if writing.link is None else clean_link(writing.link),
        media=pattern.media if writing.media is None else _media(writing.media, shelf),
        disclosure=_line(writing.disclosure, pattern.disclosure, "disclosure"),
        consent=_line(writing.consent, pattern.consent, "consent"),
    )
    variants = tuple(replace(shared, channel=channel, text=texts[channel]) for channel in channels)
    return Draft(
        content=Content(shelf.brand, variants),
        context=_context(writing, before),
        scheduled_for=_time(writing, before, now),
    )


def _channels(writing: Writing, shelf: Shelf, old: Content) -> list[str]:
    wanted = old.channels if writing.channels is None else writing.channels
    for channel in wanted:
        if channel not in shelf.channels:
            known = ", ".join(shelf.channels)
            raise BadInput(f"“{channel[:40]}” is no channel of {shelf.brand}; there are: {known}.", field="channels")
    if not wanted:
        raise BadInput("Choose at least one channel.", field="channels")
    return sorted(set(wanted))


def _texts(writing: Writing, channels: Sequence[str], text: str, old: Content) -> dict[str, str]:
    own = own_texts(old)
    for channel, typed in (writing.variants or {}).items():
        if channel not in channels:
            raise BadInput(f"There is a text for “{channel[:40]}”, which is not chosen.", field="variants")
        own[channel] = clean_text(typed, field=f"variants.{channel}") or text
    return {channel: own.get(channel, text) for channel in channels}


def _media(chosen: Sequence[tuple[str, str]], shelf: Shelf) -> tuple[Media, ...]:
    if len(chosen) > MAX_MEDIA:
        raise BadInput(f"There are {len(chosen)} images; at most {MAX_MEDIA} are possible.", field="media")
    for sha256, _ in chosen:
        if sha256 not in shelf.images:
            raise BadInput(f"There is no uploaded image {sha256[:20]}; upload it first.", field="media")
    return tuple(
        Media(sha256, shelf.images[sha256], clean_text(alt, field="media", limit=MAX_ALT)) for sha256, alt in chosen
    )


def _line(typed: str | None, kept: str, field: str) -> str:
    return kept if typed is None else clean_line(typed, field=field, limit=500)


def _context(writing: Writing, before: Draft | None) -> str:
    if writing.context is None:
        return before.context if before else ""
    return clean_text(writing.context, field="context")


def _time(writing: Writing, before: Draft | None, now: datetime) -> datetime | None:
    kept = before.scheduled_for if before else None
    if not writing.timed or writing.scheduled_for == kept:
        return kept
    return check_publication_time(writing.scheduled_for, now) if writing.scheduled_for else None
