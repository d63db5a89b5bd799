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
from hashlib import sha256
from pathlib import Path

from api.edge.facts import facts_of
from api.edge.trust import Stamp, Trust
from api.edge.voms import Voms
from api.edge.watching import Believed, TrustWatch
from identity.edge_tokens import dn_hash, edge_home, edge_token
from identity.issuer import HeldKey
from identity.x509.chains import ProvenPerson, person_of
from identity.x509.errors import CertificateRefused
from identity.x509.rights import Attributes, CertifiedMember, member_of, member_who_links, subject_of_person

#: A token is handed on only if so much of its life is left, unless what it rests on ends first.
LEFT_SECONDS_MIN = 60.0
#: Pilots of a site share a proxy and connect for each call; VOMS' library takes 2 ms of CPU for each look. Not for longer: the
#: certificate of the host that signed, and a revocation list, may end without a file being changed.
REMEMBERED_SECONDS = 60.0
REMEMBERED_MAX = 1_000


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
        self._watch, self._voms, self._clock = watch, voms, clock
        self._key = HeldKey(edge_home(home))
        self._verified: dict[bytes, _Verified] = {}

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
        try:
            believed.trust.check(facts)
            member = member_of(person, self._attributes(chain, believed.trust, now), believed.rows, now)
            if member.ends <= now:
                raise CertificateRefused("its attribute certificate has expired", "voms")
            return CertifiedCaller(person, member, *edge_token(self._key.key(), person, member, now))
        except CertificateRefused as refused:
            refused.actor = subject_of_person(person)
            raise

    def judge_who_links(self, chain: tuple[bytes, ...], believed: Believed) -> CertifiedCaller:
        """Whose `chain` is, which proves a person whom nothing gives anything yet; raises CertificateRefused.

        The token has no groups: all that it opens is the call by which the person links the certificate with a login.
        """
        now = self._clock()
        facts = tuple(facts_of(der) for der in chain)
        person = person_of(facts, now)
        believed.trust.check(facts)
        member = member_who_links(person, believed.rows)
        return CertifiedCaller(person, member, *edge_token(self._key.key(), person, member, now))

    def _attributes(self, chain: tuple[bytes, ...], trust: Trust, now: float) -> tuple[Attributes, ...]:
        """What VOMS' library says of `chain`, or said within the last minute under the same files; raises CertificateRefused."""
        stamp = self._voms.stamp()
        key = sha256(b"".join(sha256(der).digest() for der in chain)).digest()
        known = self._verified.get(key)
        if known is not None and known.trust is trust and known.stamp == stamp and 0 <= now - known.at < REMEMBERED_SECONDS:
            return known.attributes
        found = self._voms.attributes(chain)
        if len(self._verified) >= REMEMBERED_MAX:
            self._verified.clear()
        self._verified[key] = _Verified(trust, stamp, now, found)
        return found


@dataclass(frozen=True, slots=True)
class _Verified:
    """What attribute certificates of a chain say, by which files, and when that was found."""

    trust: Trust
    stamp: Stamp
    at: float
    attributes: tuple[Attributes, ...]


class Connection:
    """One connection of a client: its chain, and whose it was found to be."""

    def __init__(self, chain: tuple[bytes, ...]) -> None:
        self.chain = chain
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

    async def caller_who_links(self, callers: Callers) -> CertifiedCaller:
        """Whose it is, also where that one has nothing here yet; raises CertificateRefused."""
        try:
            return await self.caller(callers)
        except CertificateRefused as refused:
            if not refused.may_link:
                raise
            return await asyncio.to_thread(callers.judge_who_links, self.chain, callers.believed)

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
                found: CertifiedCaller | CertificateRefused = callers.judge(self.chain, believed)
            except CertificateRefused as refused:
                found = refused
            self._judged = believed, found
            return found
