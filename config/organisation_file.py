"""The example organisation's file, and the team lists that `signoff people import` reads."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from config.yaml_files import read
from models.errors import BadInput
from models.localtime import zone
from models.workflow import Strict, Workflow


def _known_zone(name: str) -> str:
    try:
        zone(name)
    except BadInput as error:
        raise ValueError(error.message) from error
    return name


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Zone = Annotated[str, AfterValidator(_known_zone)]
Email = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._%+'=/-]{1,64}@[A-Za-z0-9.-]{1,180}$", to_lower=True)]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True, max_length=120)]


class ChannelEntry(Strict):
    """A channel account of a brand."""

    name: Slug
    network: Slug
    handle: Line


class BrandEntry(Strict):
    """A brand as written in organisation.yaml. Every ladder ends with `last_resort`, a person's e-mail address."""

    slug: Slug
    name: Annotated[Line, Field(min_length=1)]
    timezone: Zone
    region: str | None = None
    slack_channel: str | None = None
    last_resort: Email
    channels: tuple[ChannelEntry, ...] = Field(min_length=1)


class RoleEntry(Strict):
    """A role of a person; without `brand` for all brands."""

    role: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    brand: Slug | None = None
    region: str | None = None


class PersonEntry(Strict):
    """A person as written in a team list."""

    email: Email
    name: Annotated[Line, Field(min_length=1)]
    slack_id: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{3,40}$")] | None = None
    timezone: Zone = "UTC"
    roles: tuple[RoleEntry, ...] = ()


class OrganisationFile(Strict):
    """organisation.yaml: brands with their channels, and people."""

    brands: tuple[BrandEntry, ...] = Field(min_length=1)
    people: tuple[PersonEntry, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = {person.email for person in self.people}
        for brand in self.brands:
            if brand.last_resort not in known:
                raise ValueError(f"the last resort of {brand.slug}, {brand.last_resort}, is not among the people")
        return self


def load_organisation(path: Path) -> OrganisationFile:
    return read(path, OrganisationFile)


def load_team(path: Path) -> tuple[PersonEntry, ...]:
    """A list of people; raises ConfigError with file and line."""
    return read(path, tuple[PersonEntry, ...])


def load_workflow(path: Path) -> Workflow:
    """workflow.yaml; raises ConfigError with file and line."""
    return read(path, Workflow)
