"""The outside world of a fleet: Slack, mail server and publisher, each behind a proxy that can be taken down."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import Settings
from tests.faults.proxy import Proxy
from web.sandbox.store import SandboxStore
from web.serve import Server


class BentClock:
    """The system's clock plus the seconds that stand in a file, which the fleet's processes read too."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text()))

    def jump(self, seconds: float) -> None:
        part = self.file.with_suffix(".part")
        part.write_text(str(float(self.file.read_text()) + seconds))
        part.replace(self.file)


class Outside:
    """The stand-ins in a server of their own, which outlives everything that is killed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        clock_file = folder / "clock"
        clock_file.write_text("0")
        self.clock = BentClock(clock_file)
        settings = Settings(data_dir=folder, port=0, sandbox=True)
        self._server = Server(settings, worker=False, prefect=False, clock=self.clock)
        self._thread: threading.Thread = self._server.start()
        self.office = self._server.office
        self.store: SandboxStore = self._server._uvicorn.config.app.state.sandbox  # type: ignore[union-attr]
        here, smtp = self.office.settings, self.office.settings.smtp_url
        assert smtp is not None
        smtp_port = urlsplit(smtp.get_secret_value()).port
        assert smtp_port is not None
        self.slack = Proxy(("127.0.0.1", here.port))
        self.smtp = Proxy(("127.0.0.1", smtp_port))
        self.receiver = Proxy(("127.0.0.1", here.port))

    @property
    def environment(self) -> dict[str, str]:
        """What leads a Signoff process to these stand-ins."""
        here = self.office.settings
        assert here.slack_bot_token is not None
        assert here.slack_signing_secret is not None
        assert here.publish_secret is not None
        return {
            "SIGNOFF_SANDBOX": "false",
            "SIGNOFF_SLACK_BOT_TOKEN": here.slack_bot_token.get_secret_value(),
            "SIGNOFF_SLACK_SIGNING_SECRET": here.slack_signing_secret.get_secret_value(),
            "SIGNOFF_SLACK_API_URL": f"http://127.0.0.1:{self.slack.port}/sandbox/slack/api/",
            "SIGNOFF_SMTP_URL": f"smtp://127.0.0.1:{self.smtp.port}",
            "SIGNOFF_PUBLISH_URL": f"http://127.0.0.1:{self.receiver.port}/sandbox/receiver",
            "SIGNOFF_PUBLISH_SECRET": here.publish_secret.get_secret_value(),
        }

    def close(self) -> None:
        for proxy in (self.slack, self.smtp, self.receiver):
            proxy.close()
        self._server.stop(self._thread)
