"""Opens an installation for work: schema up to date, policy remembered, an empty sandbox furnished with its example."""

from config.organisation_file import load_organisation
from config.settings import Settings
from workflows import judging, organisation, schema
from workflows.clock import Clock
from workflows.office import Office
from workflows.restore import refuse_half_restored


def open_office(settings: Settings, clock: Clock | None = None) -> Office:
    """A ready office; raises ConfigError or DatabaseTrouble with a sentence for the operator."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    office = Office.open(settings, clock)
    _ = settings.key
    schema.upgrade(office.database)
    refuse_half_restored(office.database)
    judging.remember_policy(office)
    if settings.in_sandbox and organisation.is_empty(office):
        organisation.import_organisation(office, load_organisation(settings.config_dir / "organisation.yaml"))
    return office
