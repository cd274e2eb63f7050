"""The sandbox's clock: moved forward by hand, so that an escalation or a publication need not be waited for."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.errors import BadInput
from web.forms import read_form
from web.templating import office_of, render
from workflows.clock import SandboxClock

router = APIRouter()
STEPS = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1), "4h": timedelta(hours=4), "1d": timedelta(days=1)}


@router.get("/clock")
def clock(request: Request) -> Response:
    return render(request, "sandbox_clock.html", {"steps": list(STEPS)})


@router.post("/clock")
async def forward(request: Request) -> Response:
    typed = await read_form(request)
    step, sandbox_clock = STEPS.get(typed.get("step")), office_of(request).clock
    if step is None or not isinstance(sandbox_clock, SandboxClock):
        raise BadInput(f"The clock can go forward by: {', '.join(STEPS)}.", field="step")
    sandbox_clock.forward(step)
    back = typed.get("back")
    return RedirectResponse(back if back.startswith("/") and not back.startswith("//") else "/", status_code=303)
