"""What this installation chose, read from the environment (prefix SIGNOFF_), once, at the composition root."""

import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.errors import ConfigError

SHIPPED_CONFIG = Path(__file__).parent


class Settings(BaseSettings):
    """All settings. Secrets have no default that works in production."""

    model_config = SettingsConfigDict(env_prefix="SIGNOFF_", extra="ignore", frozen=True)

    database_url: str = Field(
        default="", description="SQLite in DATA_DIR unless set; PostgreSQL as postgresql+psycopg://…"
    )
    data_dir: Path = Field(default=Path("data"), description="Database, media files and secrets of this installation.")
    config_dir: Path = Field(
        default=SHIPPED_CONFIG, description="Where policy.yaml, workflow.yaml and the organisation are."
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    base_url: str = Field(default="", description="How people reach the pages; http://localhost:PORT unless set.")
    secret_key: SecretStr | None = Field(
        default=None, description="Signs sessions, links and codes; at least 32 characters."
    )
    slack_bot_token: SecretStr | None = Field(default=None, description="The Slack app's bot token (xoxb-…).")
    slack_signing_secret: SecretStr | None = Field(default=None, description="Proves that a request comes from Slack.")
    slack_app_token: SecretStr | None = Field(default=None, description="For Socket Mode (xapp-…); not used yet.")
    slack_api_url: str = Field(default="https://slack.com/api/", description="Slack's API; the sandbox sets its own.")
    smtp_url: SecretStr | None = Field(
        default=None, description="smtp://user:password@host:587, smtps://… or smtp://host:25."
    )
    mail_from: str = Field(default="Signoff <signoff@localhost>", description="The sender of every mail.")
    publish_url: str = Field(default="", description="The webhook that published posts are handed to.")
    publish_secret: SecretStr | None = Field(
        default=None, description="Standard Webhooks secret (whsec_…) that signs them."
    )
    prefect_api_url: str = Field(
        default="", description="An existing Prefect server; `signoff up` starts one unless set."
    )
    alarm_url: SecretStr | None = Field(
        default=None, description="A webhook that is told, as JSON {text, alarm}, when something is stuck."
    )
    heartbeat_url: SecretStr | None = Field(
        default=None, description="An outside address that a worker pings every half minute while nothing is wrong."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="How log lines look: text or json.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="WARNING", description="From where on things are logged; INFO has each transition and request."
    )
    sandbox: bool | None = Field(
        default=None, description="Local stand-ins; on when neither Slack nor SMTP is configured."
    )

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            raise ValueError("the key has fewer than 32 characters; make one with: openssl rand -hex 32")
        return value

    @property
    def in_sandbox(self) -> bool:
        """Whether the local stand-ins take the place of Slack, mail and the publisher."""
        return self.sandbox if self.sandbox is not None else not (self.slack_bot_token or self.smtp_url)

    @property
    def url(self) -> str:
        return (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data_dir / 'signoff.db').absolute()}"

    @property
    def media_dir(self) -> Path:
        return self.data_dir / "media"

    @cached_property
    def key(self) -> str:
        """The signing key; the sandbox makes and keeps one of its own."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        if not self.in_sandbox:
            raise ConfigError("SIGNOFF_SECRET_KEY is not set; make one with: openssl rand -hex 32", file="environment")
        return kept_secret(self.data_dir / "secret-key")


def kept_secret(path: Path) -> str:
    """A random secret in a file that only its owner can read; made when it is not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    secret = secrets.token_hex(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret
