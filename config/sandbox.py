"""The settings of the sandbox: where the local stand-ins for Slack, mail and the publisher listen."""

import base64
import hashlib
import json
from pathlib import Path

from pydantic import SecretStr

from config.settings import Settings, kept_secret
from models.errors import ConfigError

BOT_TOKEN = "xoxb-sandbox"  # noqa: S105  (the stand-in's own; opens nothing else)


def furnish(settings: Settings, port: int, smtp_port: int) -> Settings:
    """Settings that lead to the stand-ins of the server at `port`; kept in a file for other processes."""
    _file(settings).parent.mkdir(parents=True, exist_ok=True)
    _file(settings).write_text(json.dumps({"port": port, "smtp_port": smtp_port}))
    return _furnished(settings, port, smtp_port)


def furnished(settings: Settings) -> Settings:
    """The settings that a running sandbox left for a separate worker; raises ConfigError when there is none."""
    try:
        ports = json.loads(_file(settings).read_text())
    except (OSError, ValueError) as error:
        message = "no sandbox is running on this data; start one with: signoff up"
        raise ConfigError(message, file=str(_file(settings))) from error
    return _furnished(settings, ports["port"], ports["smtp_port"])


def _file(settings: Settings) -> Path:
    return settings.data_dir / "sandbox.json"


def _furnished(settings: Settings, port: int, smtp_port: int) -> Settings:
    here = f"http://127.0.0.1:{port}/sandbox"
    secret = kept_secret(settings.data_dir / "sandbox-secret")
    webhook_key = base64.b64encode(hashlib.sha256(f"webhook{secret}".encode()).digest()).decode()
    return settings.model_copy(
        update={
            "port": port,
            "sandbox": True,
            "slack_bot_token": SecretStr(BOT_TOKEN),
            "slack_signing_secret": SecretStr(secret),
            "slack_api_url": f"{here}/slack/api/",
            "smtp_url": SecretStr(f"smtp://127.0.0.1:{smtp_port}"),
            "publish_url": settings.publish_url or f"{here}/receiver",
            "publish_secret": settings.publish_secret or SecretStr(f"whsec_{webhook_key}"),
        }
    )
