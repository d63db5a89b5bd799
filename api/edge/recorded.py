"""Refusals of the edge as audit records, beside the lines of its log.

In: a chain or a handshake that was refused. Out: `RequestsRefused` as of the API, collapsed for each minute by
`identity/refusals.py`, and a count. Guards: of a certificate there is the actor of the person it proves, or the beginning of a
digest; failed handshakes prove no one and count together, so a flood of them makes a record of each kind a minute.
"""

import ssl
import time
from collections.abc import Callable, Sequence
from hashlib import sha256

from api.edge.metrics import HANDSHAKE, REFUSED, REQUESTS
from identity.refusals import DIGITS, NO_TOKEN, TOKEN, Refusals, RefusedRequest
from identity.x509.errors import CertificateRefused
from schemas.instants import micros_of_seconds

ROUTE_CLASS = "certificate"
HANDSHAKE_RULE = "handshake"
#: By the number that OpenSSL gives to a failed verification (X509_V_ERR_*); those of other numbers are `handshake` alone.
WORDS = {
    3: "no_list",
    9: "not_yet_valid",
    10: "expired",
    12: "list_expired",
    18: "authority",
    19: "authority",
    20: "authority",
    21: "authority",
    23: "revoked",
    25: "path",
    38: "path",
}


class EdgeRecords:
    """Notes refusals; `refusals` is written to the log by another (api/log/refusals.py). From any thread."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.refusals = Refusals()
        self._clock = clock

    def certificate(self, refused: CertificateRefused, chain: Sequence[bytes], correlation_id: str | None) -> None:
        """A request on a connection with `chain`, DER and leaf first, was refused."""
        REQUESTS.labels(REFUSED).inc()
        shown = f"{TOKEN}{sha256(chain[0]).hexdigest()[:DIGITS]}" if chain else NO_TOKEN
        self._note(refused.actor or shown, f"{ROUTE_CLASS}.{refused.rule.replace(' ', '_')}", correlation_id)

    def handshake(self, problem: ssl.SSLError) -> None:
        """A handshake failed, because of the client's certificate or for want of one."""
        REQUESTS.labels(HANDSHAKE).inc()
        word = WORDS.get(problem.verify_code) if isinstance(problem, ssl.SSLCertVerificationError) else "no_certificate"
        self._note(NO_TOKEN, f"{HANDSHAKE_RULE}.{word}" if word else HANDSHAKE_RULE, None)

    def _note(self, caller: str, rule: str, correlation_id: str | None) -> None:
        refusal = RefusedRequest(caller, rule, ROUTE_CLASS, correlation_id=correlation_id)
        self.refusals.note(refusal, micros_of_seconds(self._clock()))
