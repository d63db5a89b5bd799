"""`python -m audit.notary`: writes down a hash chain over every partition of events, and signs it now and then, outside the log.

One notary a folder, others stand by; it may be killed at any moment, and the next takes up where its files end. While Kafka is
away it waits. A partition that no longer agrees with its ledger is reported and not written on: `culm verify` says where.
"""

import fcntl
import os
import signal
import threading
import time

import structlog
from confluent_kafka import KafkaException

from audit.notary import metrics
from audit.notary.config import NotaryConfig, read_config
from audit.notary.keys import signing_key
from audit.notary.ledger import Broken, PartitionLedger
from audit.notary.reading import EventLog, Partition
from process.core_files import leave_no_core_file
from process.logs import configure_logs
from process.metrics import RECORDS, expose
from process.settings import masked
from schemas.instants import micros_of_nanos

READ_SECONDS = 1.0
FETCH_WAIT_MS = 2_000
PAUSE_SECONDS_MAX = 10.0
STAND_BY_SECONDS = 1.0
log = structlog.get_logger()


class Taken(RuntimeError):
    """Another notary keeps the folder."""


class Notary:
    """Keeps the ledger of all partitions until it is stopped."""

    def __init__(self, config: NotaryConfig, ending: threading.Event | None = None) -> None:
        """Keep the folder from now on; raises Taken while another notary does. ending: set when it is to end."""
        self._config = config
        self.ending = ending or threading.Event()
        config.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = (config.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            self._lock.close()
            raise Taken(f"another notary keeps the books in {config.folder}") from problem
        self._key = signing_key(config.folder / "key")

    def run(self) -> None:
        """Keep the ledger; errors of Kafka are waited out, for ever."""
        pause = 0.2
        while not self.ending.is_set():
            events = EventLog(self._config.kafka, wait_ms=FETCH_WAIT_MS)
            try:
                self.keep(events)
                pause = 0.2
            except KafkaException as problem:
                log.warning("log_not_reachable", problem=str(problem)[:200], retry_in_seconds=pause)
                self.ending.wait(pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
            finally:
                events.close()

    def release(self) -> None:
        """Let another notary keep the folder."""
        self._lock.close()

    def keep(self, events: EventLog, *, until_the_end: bool = False) -> None:
        """Write down what is read; with `until_the_end` only what is there now. Raises KafkaException."""
        ledgers = self._open(events.partitions())
        try:
            events.assign({place: ledger.next_offset for place, ledger in ledgers.items()})
            signed_at = time.monotonic()
            while not self.ending.is_set():
                self._take(events, ledgers)
                if until_the_end and events.at_end >= ledgers.keys():
                    break
                if time.monotonic() - signed_at >= self._config.checkpoint_seconds:
                    self._sign(ledgers, 1)
                    signed_at = time.monotonic()
                self._sign(ledgers, self._config.checkpoint_records)
            self._sign(ledgers, 1)
        finally:
            for ledger in ledgers.values():
                ledger.close()

    def _open(self, places: list[Partition]) -> dict[Partition, PartitionLedger]:
        ledgers = {}
        metrics.BROKEN.set(0)
        for place in places:
            try:
                ledgers[place] = PartitionLedger(self._config.folder, *place, self._key)
            except (Broken, ValueError) as problem:
                metrics.BROKEN.inc()
                log.error("not_written_on", partition=f"{place[0]}/{place[1]}", problem=str(problem))
        return ledgers

    def _take(self, events: EventLog, ledgers: dict[Partition, PartitionLedger]) -> None:
        raws = events.read(READ_SECONDS)
        RECORDS.labels("notary").inc(len(raws))
        for raw in raws:
            ledger = ledgers.get(raw.place)
            if ledger is None:
                continue
            try:
                ledger.add(raw.offset, raw.timestamp, raw.key, raw.value)
            except Broken as problem:
                log.error("record_does_not_belong", problem=str(problem))
                ledger.close()
                del ledgers[raw.place]
                metrics.BROKEN.inc()
        for ledger in ledgers.values():
            ledger.write()
        metrics.UNSIGNED.set(sum(ledger.unsigned for ledger in ledgers.values()))

    def _sign(self, ledgers: dict[Partition, PartitionLedger], records_min: int) -> None:
        for ledger in ledgers.values():
            if ledger.unsigned >= records_min:
                ledger.sign(micros_of_nanos(time.time_ns()))


def on_duty(config: NotaryConfig, ending: threading.Event, stand_by_seconds: float = STAND_BY_SECONDS) -> Notary | None:
    """The notary of the folder, as soon as no other one keeps it; None when told to end before."""
    said = False
    while not ending.is_set():
        try:
            return Notary(config, ending)
        except Taken as problem:
            if not said:
                log.info("notary_stands_by", problem=str(problem))
            said = True
            ending.wait(stand_by_seconds)
    return None


def main() -> None:
    """Keep the books until SIGTERM."""
    configure_logs()
    leave_no_core_file()
    config = read_config(os.environ)
    log.info("notary_starting", **masked(config))
    expose(os.environ, "notary")
    ending = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    notary = on_duty(config, ending)
    if notary is not None:
        notary.run()


if __name__ == "__main__":
    main()
