"""The kinds of message, by which media each travels, and which of them ask for something."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """How a kind of message travels. `asks`: it is pointless once the post has left the stage."""

    name: str
    media: tuple[str, ...]
    asks: bool = False


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("review_requested", ("mail",), asks=True),  # in Slack, the card in the brand's channel asks
        Kind("reminder", ("mail", "slack"), asks=True),
        Kind("escalation", ("mail", "slack"), asks=True),
        Kind("last_resort", ("mail", "slack"), asks=True),
        Kind("approval_voided", ("mail", "slack")),
        Kind("policy_blocked", ("mail", "slack")),
        Kind("changes_requested", ("mail", "slack")),
        Kind("rejected", ("mail", "slack")),
        Kind("expired", ("mail", "slack")),
        Kind("needs_time", ("mail", "slack")),
        Kind("scheduled", ("mail", "slack")),
        Kind("published", ("mail", "slack")),
        Kind("publish_failed", ("mail", "slack")),
        Kind("publish_unknown", ("mail", "slack")),
        Kind("settled", ("mail", "slack")),
        Kind("sign_in", ("mail",)),
        Kind("open_card", ("slack",)),  # a new card in a brand's channel or with a person
        Kind("cards", ("slack",)),  # brings all cards of the post up to date
    )
}

ASKS = frozenset(name for name, kind in KINDS.items() if kind.asks)
BRAND = "brand"  # the recipient of what goes into the brand's channel
