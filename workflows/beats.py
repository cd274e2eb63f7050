"""The workers' signs of life, which /readyz and the pages read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from models.tables import worker_beats
from workflows.database import Work
from workflows.office import Office

FRESH = timedelta(seconds=15)


@dataclass(frozen=True)
class Health:
    """How work outside the transaction is doing. `prefect` is off, starting, up or away; `workers` counts the live."""

    workers: int
    prefect: str

    @property
    def sentence(self) -> str:
        """For people; empty when all is well."""
        if self.workers == 0:
            return "No worker is running: posts can be submitted and decided, but nothing is checked or sent."
        return {
            "starting": "Prefect is still starting; the worker does its work without it meanwhile.",
            "away": "Prefect is away; the worker goes on without it.",
        }.get(self.prefect, "")


def write(office: Office, name: str, started_at: datetime, prefect: str) -> None:
    """One beat; beats of workers that are long gone are removed."""
    now = office.clock.now()
    with office.database.unit_of_work() as work:
        values = {"seen_at": now, "prefect": prefect}
        known = work.connection.execute(update(worker_beats).where(worker_beats.c.name == name).values(values))
        if known.rowcount == 0:
            work.connection.execute(insert(worker_beats), {"name": name, "started_at": started_at, **values})
            work.connection.execute(delete(worker_beats).where(worker_beats.c.seen_at < now - timedelta(days=1)))


def count_takeovers(work: Work, name: str, number: int, now: datetime) -> None:
    """Notes that worker `name` took over leases that ran out in the hands of others."""
    if number == 0:
        return
    more = {"takeovers": worker_beats.c.takeovers + number}
    known = work.connection.execute(update(worker_beats).where(worker_beats.c.name == name).values(more))
    if known.rowcount == 0:
        first = {"name": name, "started_at": now, "seen_at": now, "prefect": "off", "takeovers": number}
        work.connection.execute(insert(worker_beats), first)


def health(connection: Connection, now: datetime) -> Health:
    """The health as the last beats tell it."""
    rows = connection.execute(select(worker_beats).where(worker_beats.c.seen_at > now - FRESH)).all()
    states = {row.prefect for row in rows}
    worst = next((state for state in ("away", "starting", "off", "up") if state in states), "off")
    return Health(len(rows), worst)
