"""Image files of posts: checked when they come in, kept under the SHA-256 of their bytes, checked when they go out."""

import hashlib
import re
import uuid
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from models.errors import BadInput, NotFound

MAX_BYTES = 10_000_000
MAX_PIXELS = 50_000_000
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class StoredImage:
    """An image that was accepted; width and height in pixels."""

    sha256: str
    content_type: str
    size: int
    width: int
    height: int


class MediaStore:
    """A folder of files, each named by what it holds; names that people typed never reach the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, data: bytes, *, name: str = "The file") -> StoredImage:
        """Checks an image and keeps it; raises BadInput that names the file."""
        image = inspect(data, name=name)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / image.sha256
        if not self.is_intact(image.sha256):
            part = self.folder / f".{image.sha256}.{uuid.uuid4().hex}"
            part.write_bytes(data)
            part.replace(path)
        return image

    def read(self, sha256: str) -> bytes:
        """The bytes, which are certain to be the ones that the name promises; raises NotFound otherwise."""
        if _SHA256.fullmatch(sha256):
            try:
                data = (self.folder / sha256).read_bytes()
            except OSError:
                data = b""
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
        raise NotFound("There is no such image, or it was damaged.")

    def is_intact(self, sha256: str) -> bool:
        try:
            self.read(sha256)
        except NotFound:
            return False
        return True


def inspect(data: bytes, *, name: str) -> StoredImage:
    """What an image is; refuses what is no PNG, JPEG, GIF or WebP, is damaged, or is too large."""
    label = f"“{name[:60]}”" if name else "The file"
    if not data:
        raise BadInput(f"{label} is empty (0 bytes).", field="media")
    if len(data) > MAX_BYTES:
        raise BadInput(f"{label} has {len(data):,} bytes; at most {MAX_BYTES:,} are possible.", field="media")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=tuple(TYPES)) as image:
                width, height, kind = image.width, image.height, str(image.format)
                if width * height > MAX_PIXELS:
                    raise BadInput(f"{label} has more than {MAX_PIXELS:,} pixels.", field="media")
                image.load()
    except BadInput:
        raise
    except UnidentifiedImageError as error:
        raise BadInput(f"{label} is no PNG, JPEG, GIF or WebP image.", field="media") from error
    except Exception as error:
        raise BadInput(f"{label} is damaged or not a usable image.", field="media") from error
    return StoredImage(hashlib.sha256(data).hexdigest(), TYPES[kind], len(data), width, height)
