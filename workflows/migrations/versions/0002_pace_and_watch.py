"""Who holds a message's lease, how fast a Slack conversation is written to, and what the watch is alarmed about."""

import sqlalchemy as sa
from alembic import op

from models.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("leased_by", sa.String(length=80), nullable=True))
    op.add_column("outbox", sa.Column("conversation", sa.String(length=80), nullable=True))
    op.add_column("outbox", sa.Column("slot", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("worker_beat", sa.Column("takeovers", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "pace",
        sa.Column("conversation", sa.String(length=80), nullable=False),
        sa.Column("free_at", UtcDateTime(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_pace")),
    )
    op.create_table(
        "alarm",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("telling_until", UtcDateTime(), nullable=True),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("told_size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_alarm")),
    )
    op.create_table(
        "mark",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mark")),
    )
    waiting = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_outbox_waiting", "outbox", ["medium", "created_at"], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_waiting", "outbox")
    op.drop_table("mark")
    op.drop_table("alarm")
    op.drop_table("pace")
    op.drop_column("worker_beat", "takeovers")
    for column in ("slot", "conversation", "leased_by"):
        op.drop_column("outbox", column)
