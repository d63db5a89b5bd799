"""What every native read does first: wait until the read models cover the position that the client names."""

from typing import Annotated

from fastapi import Depends, Header, Request

from api.http.errors import BadRequest
from api.log.positions import position_from
from api.services import Services

REACH_SECONDS, REACH_SECONDS_MAX = 2.0, 10.0
POSITIONS_MAX = 4


async def _caught_up(
    request: Request,
    culm_min_position: str | None = Header(None),
    culm_wait: float | None = Header(None),
) -> None:
    if not culm_min_position:
        return
    tokens = culm_min_position.split(",")
    if len(tokens) > POSITIONS_MAX:
        raise BadRequest(f"Culm-Min-Position names {len(tokens)} positions, at most {POSITIONS_MAX} are waited for")
    seconds = REACH_SECONDS if culm_wait is None else max(0.0, min(culm_wait, REACH_SECONDS_MAX))
    services: Services = request.app.state.services
    for token in tokens:
        await services.gateway.positions.require(position_from(token.strip()), seconds)


CaughtUp = Annotated[None, Depends(_caught_up)]
