"""Serves uploaded images under the SHA-256 of their bytes; what is served is certain to be those bytes."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from models.errors import NotFound
from models.tables import media_files
from web.templating import office_of

router = APIRouter(include_in_schema=False)


@router.get("/media/{sha256}")
def image(request: Request, sha256: str) -> Response:
    """Whoever knows the digest may see the image: the publishing webhook fetches it here."""
    office = office_of(request)
    with office.database.reading() as connection:
        kind = connection.execute(select(media_files.c.content_type).where(media_files.c.sha256 == sha256)).scalar()
    if kind is None:
        raise NotFound("There is no such image.")
    headers = {
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(office.house.media.read(sha256), media_type=kind, headers=headers)
