"""Routes by which shifters act: preview and confirmation of actions, and dead letters to be tried again."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from api.http.errors import AccessDenied, ApiError
from api.http.plain_requests import WHOLE_MAX
from api.log import dead_letters
from api.log.gateway import now_micros
from api.monitor import actions
from api.monitor.session import Visitor, safe_next
from api.monitor.showing import SECURITY, Monitor
from identity.ruling import OPERATOR

Partition = Annotated[int, Field(ge=0, lt=10_000)]
Offset = Annotated[int, Field(ge=0, le=WHOLE_MAX)]


def add_to(router: APIRouter, monitor: Monitor) -> None:
    """Add `/monitor/act` and `/monitor/letters`."""

    @router.post("/monitor/act")
    async def act(request: Request, identity: Visitor) -> Response:
        """Preview first; with `confirm` the commands."""
        try:
            form = await request.form()
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
            asked = actions.request_from(fields, [value for value in form.getlist("id") if isinstance(value, str)])
            view = monitor.view_of(identity)
            back = safe_next(fields.get("back"))
            context: dict[str, Any] = {"asked": asked, "back": back, "about": {"identity": identity}}
            if fields.get("confirm"):
                context["outcomes"] = await actions.carry_out(view, asked)
            else:
                context["targets"], context["total"] = await actions.preview(view, asked)
            return HTMLResponse(monitor.renderer.other("act.html", **context, title=asked.action.label), headers=SECURITY)
        except ApiError as problem:
            return monitor.problem(request, problem)

    @router.post("/monitor/letters/{partition}/{offset}")
    async def letter(request: Request, partition: Partition, offset: Offset, identity: Visitor) -> Response:
        """Try the record of a dead letter again."""
        try:
            if not identity.roles.intersection((OPERATOR,)):
                raise AccessDenied("only an operator tries dead letters again")
            config, codec = monitor.services.config, monitor.services.codec
            found = await asyncio.to_thread(dead_letters.letter_at, config.kafka, codec, partition, offset)
            await asyncio.to_thread(dead_letters.retry, config.kafka, codec, found, identity.subject, now_micros())
            text = f"Dead letter {found.document['id']} is being tried again."
            shown = monitor.renderer.other("done.html", title="Tried again", text=text, back="/health/")
            return HTMLResponse(shown, headers=SECURITY)
        except ApiError as problem:
            return monitor.problem(request, problem)
