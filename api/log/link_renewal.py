"""What links give certificates is recorded again as people log in.

In: a token that was let in, of a person with several ids. Out: `LinkIdentities` with what the token proves now, for each id whose
membership it proved before and that is due (identity/linked_memberships.py). Guards: no request waits for it; one that is under
way, or was sent a few minutes ago, is not sent again; a token that came through the edge, or of an agent, renews nothing.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from api.http.edge_door import came_through_edge
from api.http.errors import ApiError
from api.log.gateway import CommandGateway
from identity.believed import BelievedToken
from identity.identity import Identity
from identity.linked import Links
from identity.linked_memberships import membership_by
from schemas.ids import linked_identity_key
from schemas.instants import micros_of_seconds
from schemas.policy import LinkIdentities
from schemas.types import LinkedMembership

AGAIN_SECONDS = 600.0
REMEMBERED_MAX = 10_000
log = structlog.get_logger()


class LinkRenewal:
    """Sends what is due; from the event loop."""

    def __init__(self, gateway: CommandGateway, links: Links, clock: Callable[[], float] = time.time) -> None:
        self._gateway, self._links, self._clock = gateway, links, clock
        self._asked: dict[tuple[str, str], float] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def consider(self, identity: Identity, token: BelievedToken) -> None:
        """`identity`, which has other ids, was let in with `token`."""
        if came_through_edge.get() or identity.agent is not None:
            return
        now = self._clock()
        proven = membership_by(token, micros_of_seconds(now))
        if proven is None:
            return
        for holder in self._links.memberships.due(identity.subject, proven.groups, micros_of_seconds(now)):
            pair = identity.subject, holder
            if now - self._asked.get(pair, float("-inf")) < AGAIN_SECONDS:
                continue
            if len(self._asked) >= REMEMBERED_MAX:
                self._asked.clear()
            self._asked[pair] = now
            task = asyncio.get_running_loop().create_task(self._send(identity, holder, proven))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, identity: Identity, holder: str, proven: LinkedMembership) -> None:
        first, last = sorted((identity.subject, holder))
        command = LinkIdentities(actor=first, other=last, membership=proven)
        try:
            await self._gateway.submit(command, linked_identity_key(first), identity, wait_seconds=0)
        except ApiError as problem:  # the request that showed the token goes on; a later one tries again
            log.warning("membership_not_renewed", problem=str(problem)[:200])
