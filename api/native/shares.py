"""`GET /v1/shares`: the tree of global shares with usage, pledge and the order in which queues serve it.

Guards: usage is summed over all organisations, so where there are several it is shown to an administrator alone; a share for jobs
of another organisation is not shown to others at all.
"""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import Reader
from api.http.problems import json_response
from api.queries.queues import declared_shares
from api.services import Services
from identity.ruling import ADMINISTRATOR
from schemas.patterns import compile_pattern
from schemas.share_tree import order_of
from schemas.types import ShareRanks


def build_router(services: Services) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1", tags=["queues"])

    @router.get("/shares")
    async def shares(identity: Reader) -> Response:
        """Every share of the tree, in its order; usage and pledge in HS23, null while the shares were not ranked."""
        rows = await declared_shares(services.read_models)
        sees_all = len(services.config.vos) == 1 or ADMINISTRATOR in identity.roles
        seen = [row for row in rows if sees_all or _serves(row, identity.vo)]
        return json_response(shares_document(seen, services.share_ranks if sees_all else None))

    return router


def shares_document(rows: list[dict[str, Any]], ranks: ShareRanks | None) -> dict[str, Any]:
    """The answer. rows: as the policy has them. rank: from 1, of leaves alone."""
    standings = {one.name: one for one in ranks.standings} if ranks is not None else {}
    order = order_of(ranks.standings) if ranks is not None else ()
    places = {name: place for place, name in enumerate(order, start=1)}
    found = [
        {
            "name": row["name"],
            "parent": row["parent"],
            "percent": row["percent"],
            "used_hs23": standings[row["name"]].used if row["name"] in standings else None,
            "pledged_hs23": standings[row["name"]].pledged if row["name"] in standings else None,
            "rank": places.get(row["name"]),
        }
        for row in rows
    ]
    return {"sequence": ranks.sequence if ranks is not None else None, "shares": found}


def _serves(row: dict[str, Any], vo: str) -> bool:
    pattern = row.get("vo_pattern")
    return pattern is None or compile_pattern(pattern, dot_all=True).match(vo)
