"""The composition root: one object with everything that an installation consists of, built once from its settings."""

import os
import socket
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import select

from config.organisation_file import load_workflow
from config.policy_file import load_policy
from config.settings import Settings
from models.policy.engine import Policy
from models.tables import marks
from notifiers.links import LinkMaker
from notifiers.mail import MailSender
from notifiers.senders import Senders
from notifiers.slack import SlackSender
from notifiers.webhook import Publisher
from workflows.clock import Clock, SandboxClock, SystemClock
from workflows.database import Database
from workflows.media import MediaStore
from workflows.step import House


@dataclass(frozen=True)
class Office:
    """An installation: its settings, database, clock, policy and workflow."""

    settings: Settings
    database: Database
    clock: Clock
    policy: Policy
    house: House

    @classmethod
    def open(cls, settings: Settings, clock: Clock | None = None) -> "Office":
        """Reads the configuration and connects; raises ConfigError with file and line."""
        config = settings.config_dir
        media = {"slack": settings.slack_bot_token, "mail": settings.smtp_url}
        told_by = frozenset(name for name, configured in media.items() if configured or settings.in_sandbox)
        return cls(
            settings=settings,
            database=Database(settings.database),
            clock=clock or (SandboxClock(settings.data_dir) if settings.in_sandbox else SystemClock()),
            policy=load_policy(Path(config) / "policy.yaml"),
            house=House(load_workflow(Path(config) / "workflow.yaml"), MediaStore(settings.media_dir), told_by),
        )

    @cached_property
    def name(self) -> str:
        """This process among the others that work for the installation."""
        return f"{socket.gethostname()}-{os.getpid()}"[:80]

    @cached_property
    def links(self) -> LinkMaker:
        """Signs links, codes and sessions; those of before a restore mean nothing afterwards."""
        with self.database.reading() as connection:
            epoch = connection.execute(select(marks.c.value).where(marks.c.name == "epoch")).scalar() or ""
        return LinkMaker(self.settings.key + epoch, self.settings.url)

    @cached_property
    def senders(self) -> Senders:
        """The ways out that are configured."""
        token, smtp = self.settings.slack_bot_token, self.settings.smtp_url
        return Senders(
            slack=SlackSender(token.get_secret_value(), self.settings.slack_api_url) if token else None,
            mail=MailSender(smtp.get_secret_value(), self.settings.mail_from) if smtp else None,
        )

    @cached_property
    def publisher(self) -> Publisher | None:
        """The publishing webhook, where one is configured."""
        url, secret = self.settings.publish_url, self.settings.publish_secret
        return Publisher(url, secret.get_secret_value()) if url and secret else None

    def close(self) -> None:
        self.database.close()


_current: ContextVar[Office | None] = ContextVar("signoff_office", default=None)


def use(office: Office) -> None:
    """Makes `office` the one that flows of this context work for."""
    _current.set(office)


def current() -> Office:
    """The office of this context; a flow that Prefect runs on its own opens one from the environment."""
    office = _current.get()
    if office is None:
        office = Office.open(Settings())
        _current.set(office)
    return office
