"""Handshakes that the TLS library ends, on record.

In: the connections of a TLS context. Out: `certificate_refused` in the log with the rule `handshake` and the library's sentence,
and an audit record.
Guards: clients that speak no TLS, as a port scanner, are not recorded; of a flood there are 60 lines a minute, and the next line
has the number of those left out.
"""

import ssl
import time
from collections.abc import Callable

import structlog

from api.edge.recorded import HANDSHAKE_RULE, EdgeRecords

LINES_MAX = 60
SECONDS = 60.0
NO_CERTIFICATE = "PEER_DID_NOT_RETURN_A_CERTIFICATE"
log = structlog.get_logger()


class RefusedHandshakes:
    """Writes them down; called by one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, records: EdgeRecords | None = None) -> None:
        self._clock, self._records = clock, records
        self._began, self._lines, self._left_out = clock(), 0, 0

    def note(self, problem: ssl.SSLError) -> None:
        """A handshake ended with `problem`."""
        sentence = _sentence(problem)
        if not sentence:
            return
        if self._records is not None:
            self._records.handshake(problem)
        now = self._clock()
        if now - self._began >= SECONDS:
            self._began, self._lines = now, 0
        if self._lines >= LINES_MAX:
            self._left_out += 1
            return
        self._lines += 1
        left_out, self._left_out = self._left_out, 0
        log.info("certificate_refused", rule=HANDSHAKE_RULE, reason=sentence, left_out=left_out)


def recorded_by(refused: RefusedHandshakes) -> type[ssl.SSLObject]:
    """What a context makes of its connections (`sslobject_class`) so that `refused` gets those that fail."""

    class RecordedHandshake(ssl.SSLObject):
        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError as problem:
                refused.note(problem)
                raise

    return RecordedHandshake


def _sentence(problem: ssl.SSLError) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return problem.verify_message
    return "the client sent no certificate" if problem.reason == NO_CERTIFICATE else ""
