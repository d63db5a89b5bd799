"""The projector over a database in memory, the timers, and callers that wait for answers.

The projector's fold is the real one; its transaction (rows and positions, together or not at all) is played by `Database`.
"""

from dataclasses import dataclass, field
from itertools import product

from commands.engine.records import InputRecord
from projections.catalogue import PROJECTIONS, topics_of
from projections.engine.batch import decode
from projections.engine.kafka_log import RawRecord
from schemas.answer import CommandAnswered
from schemas.answering import answer_in, topics_that_answer
from schemas.reading import Place, Recorded
from schemas.wire import Codec, entry_of
from streams.engine.messages import OutgoingCommand
from streams.timers.clockwork import AGAIN_MICROS, REMEMBERED_MAX, REMEMBERED_MICROS
from streams.timers.due import Due, command_for
from streams.timers.watch import HeartbeatWindow, LastSeen, Watch
from tests.projections.tables_in_memory import Tables
from tests.sim.faults import Crash, Faults
from tests.sim.memory_log import MemoryLog

HEARTBEATS = "culm.pilot.heartbeats.v1"
ANSWERS = "culm.command.answers.v1"
GAP_MICROS = 5_000_000
BATCH = 200


@dataclass(slots=True)
class Database:
    """What survives the projector: rows and positions."""

    tables: Tables = field(default_factory=Tables)
    positions: dict[tuple[str, int], int] = field(default_factory=dict)


class ProjectorProcess:
    """One projector from its start to its end."""

    def __init__(self, log: MemoryLog, codec: Codec, database: Database) -> None:
        self._log, self._codec, self._database = log, codec, database
        self.faults = Faults()
        self.alive = True
        self._next = dict(database.positions)

    def step(self) -> int:
        """Project one batch; how many records."""
        try:
            return self._project()
        except Crash:
            self.alive = False
            return 0
        finally:
            self.faults.disarm()

    def _project(self) -> int:
        found: list[InputRecord] = []
        for topic in topics_of(PROJECTIONS.values()):
            for partition in range(self._log.partitions):
                found += self._log.read(topic, partition, self._next.get((topic, partition), 0), BATCH)
        if not found:
            return 0
        raws = [RawRecord(Place(one.topic, one.partition, one.offset), one.key, one.value) for one in found]
        records: list[Recorded] = []
        for item in decode(self._codec, raws):
            assert isinstance(item, Recorded), item
            records.append(item)
        self.faults.point("folded")
        reached = {(one.topic, one.partition): one.offset + 1 for one in found}
        self.write(records, reached)
        self._next |= reached
        self.faults.point("written")
        return len(found)

    def write(self, records: list[Recorded], reached: dict[tuple[str, int], int]) -> None:
        """One transaction."""
        self._database.tables.take(records)
        self._database.positions |= reached


class TimersProcess:
    """The timers: real watch, real choice; due rows from the database in memory."""

    def __init__(self, log: MemoryLog, codec: Codec, database: Database) -> None:
        self._log, self._codec, self._database = log, codec, database
        self._watch, self._last_seen = Watch(GAP_MICROS), LastSeen(REMEMBERED_MICROS, REMEMBERED_MAX)
        self._next = {partition: log.end(HEARTBEATS, partition) for partition in range(log.partitions)}
        self._sent: dict[str, int] = {}

    def tick(self, *, path_works: bool) -> int:
        """One round; number of commands."""
        now = self._log.now
        if not path_works:
            self._watch.fails()
            return 0
        for partition, offset in self._next.items():
            for record in self._log.read(HEARTBEATS, partition, offset, 1_000_000):
                self._last_seen.note((record.key or b"").decode(), record.timestamp)
                self._next[partition] = record.offset + 1
        self._watch.works(now)
        count = 0
        for row in self._due(now):
            made = command_for(row, now, HeartbeatWindow(self._watch.since, now, self._last_seen.of(row.key)))
            if made is not None and self._sent.get(made.envelope.command_id, 0) <= now:
                self._send(made)
                self._sent[made.envelope.command_id] = now + AGAIN_MICROS
                count += 1
        return count

    def _due(self, now: int) -> list[Due]:
        tasks = self._database.tables.rows.get("task", {})
        found = []
        for row in self._database.tables.rows.get("deadline", {}).values():
            due_at = row["counted_from"] + row["length_micros"]
            if due_at <= now:
                about = row["aggregate_id"] if row["aggregate"] == "task" else row["detail"].get("task_id", 0)
                task = tasks.get((int(about),)) or row["detail"]
                vo = task.get("vo", "")
                found.append(Due(row["kind"], row["aggregate_id"], row["key"], due_at, row["sequence"], vo, row["detail"]))
        return sorted(found, key=lambda one: (one.due_at, one.kind, one.aggregate_id, one.key))

    def _send(self, made: OutgoingCommand) -> None:
        value = self._codec.encode(made.command, made.envelope)
        self._log.append(entry_of(made.command).topic, made.envelope.aggregate_id.encode(), value)


class Answers:
    """Answers by command, as far as they are committed."""

    def __init__(self, log: MemoryLog, codec: Codec) -> None:
        self._log, self._codec = log, codec
        self._next: dict[tuple[str, int], int] = {}
        self._found: dict[str, CommandAnswered] = {}

    def of(self, command_id: str) -> CommandAnswered | None:
        """The first answer that tells what the command led to."""
        for topic, partition in product((ANSWERS, *topics_that_answer()), range(self._log.partitions)):
            for record in self._log.read(topic, partition, self._next.get((topic, partition), 0), 1_000_000):
                self._next[topic, partition] = record.offset + 1
                found = self._codec.decode(record.value)
                if found.envelope is None:
                    self._found.setdefault(found.message.command_id, found.message)
                elif (answer := answer_in(found.message, found.entry.aggregate, found.envelope)) is not None:
                    self._found.setdefault(answer.command_id, answer)
        return self._found.get(command_id)
