"""Who is acting, with the rights they hold at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Grant:
    """A role for a brand and region; None means all. `on_behalf_of` is the delegator's person id."""

    role: str
    brand: str | None = None
    region: str | None = None
    on_behalf_of: int | None = None

    def covers(self, brand: str, region: str | None) -> bool:
        return self.brand in (None, brand) and self.region in (None, region)


@dataclass(frozen=True)
class Actor:
    """A person with their grants, or the system itself (`id` is None), which holds no roles."""

    id: int | None
    name: str
    active: bool = True
    grants: tuple[Grant, ...] = ()

    @property
    def is_system(self) -> bool:
        return self.id is None

    def roles(self, brand: str, region: str | None) -> frozenset[str]:
        """The roles held in one's own right for that brand and region."""
        return frozenset(
            grant.role for grant in self.grants if grant.on_behalf_of is None and grant.covers(brand, region)
        )

    def delegated(self, brand: str, region: str | None) -> Iterable[Grant]:
        """The grants held on somebody's behalf for that brand and region."""
        return (g for g in self.grants if g.on_behalf_of is not None and g.covers(brand, region))


def system(part: str) -> Actor:
    """The system as an actor: `system("escalation")` shows as “Signoff (escalation)”."""
    return Actor(id=None, name=f"Signoff ({part})")
