"""Links that people get by mail, and the codes printed beside them. Signed with SHA-256; bound to a row each."""

import hashlib
import hmac

from itsdangerous import BadSignature, URLSafeSerializer

from models.errors import LinkDead

MAX_TOKEN = 400


class LinkMaker:
    """Makes and reads links and codes with the installation's key. What a link may do stands in its row."""

    def __init__(self, key: str, base_url: str) -> None:
        self._key = key.encode()
        self.base_url = base_url

    @property
    def secret(self) -> bytes:
        """The installation's key; sessions are signed with it too, under a salt of their own."""
        return self._key

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, salt=f"signoff.{purpose}", signer_kwargs={"digest_method": hashlib.sha256})

    def token(self, purpose: str, row_id: int) -> str:
        return str(self._serializer(purpose).dumps(row_id))

    def row(self, purpose: str, token: str) -> int:
        """The row that a token stands for; raises LinkDead for one that this installation did not make."""
        try:
            if len(token) > MAX_TOKEN:
                raise BadSignature("too long")
            return int(self._serializer(purpose).loads(token))
        except (BadSignature, ValueError, TypeError) as error:
            raise LinkDead("This link is not valid. Open the newest mail, or sign in.") from error

    def code(self, purpose: str, row_id: int) -> str:
        """Six digits that only the mail shows."""
        mac = hmac.new(self._key, f"signoff.code.{purpose}:{row_id}".encode(), hashlib.sha256).digest()
        return f"{int.from_bytes(mac[:8], 'big') % 1_000_000:06d}"

    def code_matches(self, purpose: str, row_id: int, typed: str) -> bool:
        digits = "".join(char for char in typed if char.isascii() and char.isdigit())
        return hmac.compare_digest(self.code(purpose, row_id), digits)

    def post(self, post_id: int) -> str:
        return f"{self.base_url}/posts/{post_id}"

    def decision(self, row_id: int) -> str:
        return f"{self.base_url}/d/{self.token('decision', row_id)}"

    def sign_in(self, row_id: int) -> str:
        return f"{self.base_url}/sign-in/{self.token('sign-in', row_id)}"
