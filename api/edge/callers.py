"""Whose a connection is: from its verified chain to a token, again whenever what is believed has changed.

In: the chain of one connection, the watch, the time. Out: a `CertifiedCaller`, or `CertificateRefused`. Guards: the judgement of
a connection is kept for as long as trust and rows are the same objects and nothing in it has ended; a token is made again before
its end, so that a request never outlives what it was made from by more than its five minutes.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from api.edge.facts import facts_of
from api.edge.voms import Voms
from api.edge.watching import Believed, TrustWatch
from identity.edge_tokens import dn_hash, edge_token
from identity.x509.chains import ProvenPerson, person_of
from identity.x509.errors import CertificateRefused
from identity.x509.rights import CertifiedMember, member_of

#: A token is handed on only if so much of its life is left, unless what it rests on ends first.
LEFT_SECONDS_MIN = 60.0


@dataclass(frozen=True, slots=True)
class CertifiedCaller:
    """Who makes the requests of a connection. ends: of the token, seconds since 1970."""

    person: ProvenPerson
    member: CertifiedMember
    token: str
    ends: float

    @property
    def hash(self) -> str:
        """What logs name the caller by."""
        return dn_hash(self.person)


class Callers:
    """Judges chains."""

    def __init__(self, home: Path, watch: TrustWatch, voms: Voms, clock: Callable[[], float] = time.time) -> None:
        self._home, self._watch, self._voms, self._clock = home, watch, voms, clock

    @property
    def believed(self) -> Believed:
        """What is believed now."""
        return self._watch.now

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    def judge(self, chain: tuple[bytes, ...], believed: Believed) -> CertifiedCaller:
        """Whose `chain` is; raises CertificateRefused."""
        now = self._clock()
        facts = tuple(facts_of(der) for der in chain)
        person = person_of(facts, now)
        believed.trust.check(facts)
        member = member_of(person, self._voms.attributes(chain), believed.rows)
        if member.ends <= now:
            raise CertificateRefused("its attribute certificate has expired", "voms")
        return CertifiedCaller(person, member, *edge_token(self._home, person, member, now))


class Connection:
    """One connection of a client: its chain, and whose it was found to be."""

    def __init__(self, chain: tuple[bytes, ...]) -> None:
        self._chain = chain
        self._judged: tuple[Believed, CertifiedCaller | CertificateRefused] | None = None
        self._lock = threading.Lock()

    async def caller(self, callers: Callers) -> CertifiedCaller:
        """Whose it is now; raises CertificateRefused."""
        found = self._known(callers)
        if found is None:
            found = await asyncio.to_thread(self._judge, callers)
        if isinstance(found, CertificateRefused):
            raise found
        return found

    def _known(self, callers: Callers) -> CertifiedCaller | CertificateRefused | None:
        if self._judged is None or self._judged[0] is not callers.believed:
            return None
        found = self._judged[1]
        if isinstance(found, CertifiedCaller) and found.ends - LEFT_SECONDS_MIN <= callers.now():
            return None
        return found

    def _judge(self, callers: Callers) -> CertifiedCaller | CertificateRefused:
        with self._lock:
            known = self._known(callers)
            if known is not None:
                return known
            believed = callers.believed
            try:
                found: CertifiedCaller | CertificateRefused = callers.judge(self._chain, believed)
            except CertificateRefused as refused:
                found = refused
            self._judged = believed, found
            return found
