"""How long a text is, as each network counts it."""

import unicodedata
from collections.abc import Callable
from functools import cache

import regex
from publicsuffixlist import PublicSuffixList

X_URL_LENGTH = 23
MASTODON_URL_LENGTH = 23

# X counts these code points once and every other twice (twitter-text configuration v3).
_SINGLE = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

_EMOJI = regex.compile(
    r"\p{RI}{2}|[0-9#*]\uFE0F?\u20E3"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic})[\uFE0F\p{EMod}]*[\U000E0020-\U000E007F]*"
    r"(?:\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}|[\u2640\u2642])[\uFE0F\p{EMod}]*)*"
)
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,62})"
_URL = regex.compile(
    rf"(?<![A-Za-z0-9@＠$#＃])(?P<scheme>https?://)?"
    rf"(?P<domain>(?:{_LABEL}\.){{1,10}}(?P<tld>xn--[a-z0-9-]{{1,59}}|\p{{L}}{{2,24}}))(?![\p{{L}}\p{{N}}@])"
    r"(?P<rest>(?::\d{1,5})?(?:[/?][\p{L}\p{N}!*';:=+,.$/%#\[\]\-_~@|&?()]*)?)",
    regex.IGNORECASE,
)
_PLAIN_URL = regex.compile(r"https?://\S+", regex.IGNORECASE)


@cache
def _top_level_domains() -> frozenset[str]:
    suffixes = PublicSuffixList(accept_unknown=False, only_icann=True)
    return frozenset(str(name).rsplit(".", 1)[-1] for name in suffixes._publicsuffix)


def _x_urls(text: str) -> list[tuple[int, int]]:
    """The spans that X turns into links, each of which counts 23."""
    spans = []
    for match in _URL.finditer(text):
        if match["tld"].lower() not in _top_level_domains():
            continue
        if not match["domain"].isascii() and (not match["scheme"] or not _fits_dns(match["domain"])):
            continue
        end = match.end() - len(match[0]) + len(match[0].rstrip(".,;:!?'"))
        spans.append((match.start(), end))
    return spans


def _fits_dns(domain: str) -> bool:
    """No label is longer than 63 characters in Punycode."""
    return all(len(label.encode("punycode")) <= 59 for label in domain.split("."))


def x_weighted(text: str) -> int:
    """X's weighted length: links 23, emoji 2, Latin and most punctuation 1, everything else 2; half a unit rounds down.

    Source: the published twitter-text configuration, version 3.
    """
    text = unicodedata.normalize("NFC", text)
    spans = _x_urls(text)
    rest = _without(text, spans)
    emoji = _EMOJI.findall(rest)
    plain = _EMOJI.sub("", rest) if emoji else rest
    return X_URL_LENGTH * len(spans) + 2 * len(emoji) + sum(1 if _is_single(ord(char)) else 2 for char in plain)


def _is_single(code: int) -> bool:
    return any(start <= code <= end for start, end in _SINGLE)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    parts, position = [], 0
    for start, end in spans:
        parts.append(text[position:start])
        position = end
    return "".join([*parts, text[position:]])


def graphemes(text: str) -> int:
    """User-perceived characters (Unicode extended grapheme clusters), as Bluesky counts."""
    return len(regex.findall(r"\X", text))


def mastodon(text: str) -> int:
    """Graphemes, with each http(s) link as 23, as Mastodon counts."""
    urls = _PLAIN_URL.findall(text)
    return graphemes(_PLAIN_URL.sub("", text)) + MASTODON_URL_LENGTH * len(urls)


def characters(text: str) -> int:
    """Code points."""
    return len(text)


COUNTERS: dict[str, Callable[[str], int]] = {
    "x_weighted": x_weighted,
    "graphemes": graphemes,
    "mastodon": mastodon,
    "characters": characters,
}
