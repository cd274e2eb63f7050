"""Whether this instance lives, and whether everything behind it works."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from models.errors import SignoffError
from web.templating import office_of
from workflows import beats, gauges

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The database answers; says how workers and Prefect are. Prefect being away does not make it unready."""
    office = office_of(request)
    try:
        with office.database.reading() as connection:
            health = beats.health(connection, office.clock.now())
    except SignoffError as error:
        return JSONResponse({"ready": False, "database": error.message}, status_code=503)
    body = {"ready": True, "database": "up", "workers": health.workers, "prefect": health.prefect}
    return JSONResponse({**body, "note": health.sentence})


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """The state of the works in Prometheus' text format."""
    return Response(gauges.exposition(office_of(request)), media_type=CONTENT_TYPE_LATEST)
