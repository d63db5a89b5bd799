"""Refusals as records, collapsed so that a flood of them makes few. The time is given.

In: each refusal of a request. Out: `RequestsRefused`, the first of a caller, class and rule at once, the others of its minute as
one record. Guards: how many callers have records of their own in a minute is bounded, for members and for tokens that are not
believed apart, so that made-up tokens hide no member; those beyond are counted together. Of a token there is nothing but the
beginning of a digest.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from schemas.characters import SUBJECT
from schemas.instants import MICROSECONDS, MINUTE
from schemas.refusal import RequestsRefused

#: With records of their own in a minute: members, and tokens that are not believed. So one API writes 1,200 a minute at most.
MEMBERS_MAX, TOKENS_MAX = 400, 100
READY_MAX = 2_000
#: Minutes that have ended are looked for as often, where there is no room.
LOOK_MICROS = MICROSECONDS
NO_TOKEN, OTHERS, TOKEN = "none", "others", "token."
ANY_CLASS = "any"
DIGITS = 16
#: Of one member, in a record.
GROUPS_MAX, GROUP_LENGTH_MAX = 50, 320
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """One refused request. caller, vo, route_class, route, rule, correlation_id, groups: as in `RequestsRefused`."""

    caller: str
    rule: str
    route_class: str = ANY_CLASS
    vo: str = ""
    route: str = ""
    correlation_id: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(slots=True)
class _Further:
    """Refusals of a minute after the first."""

    first: RefusedRequest
    ends: int
    first_at: int = 0
    last_at: int = 0
    requests: int = 0


class Refusals:
    """Counts refusals; from any thread."""

    def __init__(self) -> None:
        self._members: dict[Key, _Further] = {}
        self._tokens: dict[Key, _Further] = {}
        self._ready: list[RequestsRefused] = []
        self._looked = 0
        self._lock = threading.Lock()

    def note(self, refusal: RefusedRequest, now: int) -> None:
        """A request was refused at `now`, microseconds since 1970."""
        is_token = refusal.caller.startswith(TOKEN)
        open_ones, most = (self._tokens, TOKENS_MAX) if is_token else (self._members, MEMBERS_MAX)
        with self._lock:
            key = _key(refusal)
            if key not in open_ones and len(open_ones) >= most and not self._has_made_room(open_ones, most, now):
                refusal = RefusedRequest(OTHERS, refusal.rule, refusal.route_class)
                key = _key(refusal)
            known = open_ones.get(key)
            if known is not None and now >= known.ends:
                self._close(now)
                known = None
            if known is None:
                open_ones[key] = _Further(refusal, now + MINUTE)
                self._put(_record(refusal, 1, now, now))
                return
            known.first_at = known.first_at or now
            known.last_at, known.requests = now, known.requests + 1

    def take(self, now: int) -> list[RequestsRefused]:
        """Records to be written, each given once."""
        with self._lock:
            self._close(now)
            taken, self._ready = self._ready, []
            return taken

    def take_all(self, now: int) -> list[RequestsRefused]:
        """As `take`, also of minutes that have not ended."""
        return self.take(now + MINUTE)

    def _has_made_room(self, open_ones: dict[Key, _Further], most: int, now: int) -> bool:
        if now - self._looked >= LOOK_MICROS:
            self._close(now)
        return len(open_ones) < most

    def _close(self, now: int) -> None:
        self._looked = now
        for open_ones in (self._members, self._tokens):
            for key, further in list(open_ones.items()):
                if now >= further.ends:
                    del open_ones[key]
                    if further.requests:
                        self._put(_record(further.first, further.requests, further.first_at, further.last_at))

    def _put(self, record: RequestsRefused) -> None:
        # Where no one takes them, as in a process without a log, the newest are dropped.
        if len(self._ready) < READY_MAX:
            self._ready.append(record)


def caller_of_token(token: str) -> str:
    """What a refusal says of a token that is not believed: nothing that leads back to it."""
    if not token:
        return NO_TOKEN
    return f"{TOKEN}{sha256(token.encode('utf-8', 'surrogatepass')).hexdigest()[:DIGITS]}"


def caller_of_actor(actor: str) -> str:
    """The actor of a believed token, as far as a record can hold it."""
    return actor if 0 < len(actor) <= 255 and SUBJECT.takes(actor) else caller_of_token(actor)


def groups_on_record(vo: str, groups: Sequence[str]) -> tuple[str, ...]:
    """Those of `groups` that are of `vo`, as far as a record can hold them."""
    mine = (
        group for group in groups if group.partition("/")[0] == vo and len(group) <= GROUP_LENGTH_MAX and SUBJECT.takes(group)
    )
    return tuple(mine)[:GROUPS_MAX]


def _key(refusal: RefusedRequest) -> Key:
    return refusal.caller, refusal.route_class, refusal.rule


def _record(refusal: RefusedRequest, requests: int, first_at: int, last_at: int) -> RequestsRefused:
    return RequestsRefused(
        caller=refusal.caller,
        vo=refusal.vo,
        route_class=refusal.route_class,
        route=refusal.route,
        rule=refusal.rule,
        requests=requests,
        first_at=first_at,
        last_at=last_at,
        correlation_id=refusal.correlation_id,
        groups=refusal.groups,
    )
