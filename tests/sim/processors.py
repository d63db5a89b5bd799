"""The processors' worker: the real listeners, reactions and facts, on the log in memory.

Delivered as Kafka does it: from the committed positions of the group, in order within a partition, again after a crash or a
rebalance. What is delivered of a batch when the worker is killed in the middle is a part of it.
"""

import random
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from commands.engine.records import InputRecord
from schemas.deadletter import DeadLetter
from schemas.wire import Codec, entry_of
from streams.engine.arrivals import Arrival, Record
from streams.engine.decoder import Decoder
from streams.engine.listener import Listener
from streams.engine.messages import OutgoingCommand
from streams.facts.extract import FACTS_TOPIC, SOURCES
from streams.facts.keeper import GROUP as KEEPERS
from streams.facts.keeper import FactsKeeper
from streams.facts.reader import Facts
from streams.facts.snapshot import POLICY_EVENTS
from streams.facts.windows import AGGREGATE_OF
from streams.processors import listeners
from streams.provisioning.elsewhere_watch import ElsewhereWatch
from streams.provisioning.rank_watch import RankWatch
from streams.provisioning.throttle_watch import ThrottleWatch
from streams.provisioning.watch import DemandWatch
from tests.sim.faults import Crash, Faults
from tests.sim.memory_log import MemoryLog

GROUP = "culm-streams"
FETCHED_MAX = 30
API = "http://127.0.0.1:25080"


def run_now(work: Coroutine[Any, Any, Any]) -> None:
    """Run what never waits in the simulation."""
    try:
        work.send(None)
    except StopIteration:
        return
    raise AssertionError("the simulated worker waits for something")


@dataclass(slots=True)
class FactMessage:
    """A record as confluent-kafka hands it to the facts."""

    record: InputRecord

    def error(self) -> None:
        """Never an error."""

    def topic(self) -> str:
        """Its topic."""
        return self.record.topic

    def partition(self) -> int:
        """Its partition."""
        return self.record.partition

    def offset(self) -> int:
        """Its offset."""
        return self.record.offset

    def key(self) -> bytes | None:
        """Its key."""
        return self.record.key

    def value(self) -> bytes | None:
        """Its value."""
        return self.record.value


class SimulatedFacts(Facts):
    """Facts that read the log when asked instead of in a thread; the table of facts is kept in the log, in one step."""

    def __init__(self, log: MemoryLog, codec: Codec) -> None:
        super().__init__("nowhere", Decoder(codec))
        self._log = log
        self._keeper = FactsKeeper("nowhere", codec, Decoder(codec), "1")
        stand = [record for part in range(log.partitions) for record in log.read(FACTS_TOPIC, part, 0, 1_000_000)]
        for record in {record.key: record for record in stand}.values():
            if record.value is not None and (record.key or b"").startswith(tuple(f"{fact}/".encode() for fact in AGGREGATE_OF)):
                self._keeper.count_on_from(FactMessage(record))  # type: ignore[arg-type]

    def read_on(self) -> None:
        """Take everything that is committed by now."""
        self._keep()
        for topic in (POLICY_EVENTS, FACTS_TOPIC):
            for partition in range(self._log.partitions):
                records = self._log.read(topic, partition, self._offsets.get((topic, partition), 0), 1_000_000)
                if records:
                    self._take([FactMessage(record) for record in records])  # type: ignore[misc]

    def _keep(self) -> None:
        """What the keeper of facts does in one transaction."""
        positions = self._log.positions_of(KEEPERS)
        for place in [(topic, partition) for topic in SOURCES for partition in range(self._log.partitions)]:
            records = self._log.read(*place, positions.get(place, 0), 1_000_000)
            if records:
                for key, value in self._keeper.changes(FactMessage(record) for record in records).items():  # type: ignore[misc]
                    self._log.append(FACTS_TOPIC, key.encode(), value)
                positions[place] = records[-1].offset + 1

    async def reached(self, topic: str, partition: int, offset: int) -> None:
        """The facts are as new as the log."""
        self.read_on()


class SimulatedOutbox:
    """Puts commands into the log one by one; killed in between, a part of them is there."""

    def __init__(self, log: MemoryLog, codec: Codec, faults: Faults) -> None:
        self._log, self._codec, self._faults = log, codec, faults

    async def deliver(self, contents: Sequence[OutgoingCommand | DeadLetter]) -> None:
        """Append all."""
        for content in contents:
            if isinstance(content, DeadLetter):
                raise AssertionError(f"a dead letter: {content.error}")
            value = self._codec.encode(content.command, content.envelope)
            self._log.append(entry_of(content.command).topic, content.envelope.aggregate_id.encode(), value)
            self._faults.point("delivering")
        self._faults.point("delivered")


class ProcessorsProcess:
    """One worker from its start to its end."""

    def __init__(self, log: MemoryLog, codec: Codec) -> None:
        self._log = log
        self.faults = Faults()
        self.alive = True
        self._facts = SimulatedFacts(log, codec)
        self._outbox = SimulatedOutbox(log, codec, self.faults)
        self._listeners = listeners(Decoder(codec), self._outbox, self._facts, API)
        self._demand = DemandWatch(
            self._facts, self._outbox, lambda: log.now / 1_000_000, seconds_now=lambda: log.now / 1_000_000
        )
        self._ranks = RankWatch(
            self._facts, self._outbox, lambda: log.now / 1_000_000, seconds_now=lambda: log.now / 1_000_000
        )
        self._elsewhere = ElsewhereWatch(self._facts, self._outbox, lambda: log.now / 1_000_000)
        self._throttles = ThrottleWatch(self._facts, self._outbox, lambda: log.now / 1_000_000)
        self._next: dict[tuple[str, int], int] = {}

    def step(self, chance: random.Random) -> int:
        """Read what one listener is given, or tell the queues; how many records were read."""
        try:
            self._facts.read_on()
            choice = chance.randrange(len(self._listeners) + 2)
            if choice == len(self._listeners):
                run_now(self._demand.say())
                run_now(self._ranks.say())
                run_now(self._elsewhere.say())
                run_now(self._throttles.say())
                return 0
            if choice > len(self._listeners):
                self._commit()
                return 0
            return self._read(self._listeners[choice], chance.randint(1, FETCHED_MAX))
        except Crash:
            self.alive = False
            return 0
        finally:
            self.faults.disarm()

    def read_everything(self) -> int:
        """Read all there is, listener by listener; how many records."""
        self._facts.read_on()
        count = 0
        for listener in self._listeners:
            while heard := self._read(listener, 500):
                count += heard
        return count

    def rebalance(self) -> None:
        """Partitions go and come back: reading goes on from what was committed."""
        self._next.clear()

    def _read(self, listener: Listener, records_max: int) -> int:
        heard: list[Arrival] = []
        reached: dict[tuple[str, int], int] = {}
        count = 0
        for partition in range(self._log.partitions):
            place = (listener.topic, partition)
            committed = self._log.positions_of(GROUP).get(place, 0)
            records = self._log.read(*place, self._next.setdefault(place, committed), records_max)
            heard += [_arrival(record) for record in records if listener.concerns(record.value)]
            count += len(records)
            if records:
                reached[place] = records[-1].offset + 1
        if heard:
            self.faults.point("read")
            run_now(listener.handle(heard))
            self.faults.point("acknowledged")
        self._next |= reached
        return count

    def _commit(self) -> None:
        """What was handled; a step that was cut short moved nothing."""
        self._log.positions_of(GROUP).update(self._next)


def _arrival(record: InputRecord) -> Arrival:
    found = Record(record.topic, record.partition, record.offset, record.timestamp // 1000, record.key, record.value)
    return Arrival(found, lambda: None)
