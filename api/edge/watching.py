"""Trust and rows as they are now: files are looked at again and again, without a restart.

In: the configuration. Out: `now()` and a TLS context that verifies each new connection by the latest trust. Guards: what cannot
be read replaces nothing, is logged as an alarm at each look, and a revocation list that is not renewed ends by itself. Alarms
are logged when they change.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from api.edge.config import EdgeConfig
from api.edge.handshakes import RefusedHandshakes, recorded_by
from api.edge.metrics import ALARMS
from api.edge.policy_rows import both
from api.edge.recorded import EdgeRecords
from api.edge.rows import RowsRefused, load_rows
from api.edge.trust import Trust, TrustRefused, load_trust, stamp_of
from identity.x509.rights import CertificateRows

LOOK_SECONDS = 5.0
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Believed:
    """Trust and rows that hold together."""

    trust: Trust
    rows: CertificateRows


class TrustWatch:
    """Keeps what is believed up to date; `look` is called by one thread at a time."""

    def __init__(
        self,
        config: EdgeConfig,
        clock: Callable[[], float] = time.time,
        policy: Callable[[], CertificateRows] = CertificateRows,
        records: EdgeRecords | None = None,
    ) -> None:
        """policy: people and authorities of the access policy, beside those of the file. records: take failed handshakes.

        Raises TrustRefused, RowsRefused when the files cannot be used at all.
        """
        self._config, self._clock, self._policy = config, clock, policy
        self._alarms: tuple[str, ...] = ()
        self._file = load_rows(config.rows)
        self.now = Believed(load_trust(config), both(self._file, policy()))
        self._rows_time = self._time_of_rows()
        self.context = self.now.trust.context
        # A listener keeps the context it began with; each connection changes over to the latest before anything is verified.
        self.context.sni_callback = self._latest
        self.context.sslobject_class = recorded_by(RefusedHandshakes(records=records))
        self._tell()

    def look(self) -> None:
        """Read again what has changed."""
        trust = self.now.trust
        problems: list[str] = []
        try:
            if stamp_of(self._config) != trust.stamp:
                trust = load_trust(self._config)
        except TrustRefused as problem:
            problems.append(str(problem))
        try:
            moment = self._time_of_rows()
            if moment != self._rows_time:
                self._file, self._rows_time = load_rows(self._config.rows), moment
        except RowsRefused as problem:
            problems.append(str(problem))
        rows = both(self._file, self._policy())
        if trust is not self.now.trust or rows != self.now.rows:
            self.now = Believed(trust, rows)
            log.info("trust_read", authorities=len(trust.policies), persons=len(rows.persons))
        self._tell(tuple(problems))

    def _latest(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self.now.trust.context

    def _time_of_rows(self) -> int:
        """When the list was changed; -1 without one, and 0 where it was taken away."""
        try:
            return self._config.rows.stat().st_mtime_ns if self._config.rows is not None else -1
        except OSError:
            return 0

    def _tell(self, problems: tuple[str, ...] = ()) -> None:
        alarms = (*problems, *self.now.trust.alarms(self._clock()))
        ALARMS.set(len(alarms))
        if alarms != self._alarms:
            for alarm in alarms:
                log.error("trust_alarm", problem=alarm)
            if not alarms:
                log.info("trust_alarm_ended")
        self._alarms = alarms

    @property
    def alarms(self) -> tuple[str, ...]:
        """What an operator must repair now."""
        return self._alarms
