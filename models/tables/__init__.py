"""The tables. Only `post` has a status; everything else carries timestamps.

Rows are read and written with SQLAlchemy Core through the `Table` objects exported here; the SQLModel classes
document the columns, and Alembic compares them with the database.
"""

from sqlalchemy import Table
from sqlmodel import SQLModel

from models.tables.access import ApiToken, DecisionLink, IdempotencyRecord, SignInLink
from models.tables.messages import Card, OutboxMessage, Pace
from models.tables.organisation import Brand, ChannelAccount, Delegation, Person, RoleGrant
from models.tables.posts import Finding, MediaFile, Post, Revision, Variant
from models.tables.record import Alarm, AuditRecord, Checkpoint, Mark, PolicyVersion, WorkerBeat
from models.tables.review import DecisionRow, Publication, TimerRow


def _table(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


brands = _table(Brand)
channels = _table(ChannelAccount)
people = _table(Person)
grants = _table(RoleGrant)
delegations = _table(Delegation)
posts = _table(Post)
revisions = _table(Revision)
variants = _table(Variant)
media_files = _table(MediaFile)
findings = _table(Finding)
decisions = _table(DecisionRow)
timers = _table(TimerRow)
publications = _table(Publication)
outbox = _table(OutboxMessage)
pace = _table(Pace)
cards = _table(Card)
audit_records = _table(AuditRecord)
checkpoints = _table(Checkpoint)
policy_versions = _table(PolicyVersion)
worker_beats = _table(WorkerBeat)
alarms = _table(Alarm)
marks = _table(Mark)
decision_links = _table(DecisionLink)
sign_in_links = _table(SignInLink)
api_tokens = _table(ApiToken)
idempotency_records = _table(IdempotencyRecord)

metadata = SQLModel.metadata
