"""(c) to (f): each part alone in events a second, memory, idle cost, cold start."""

import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2

from commands.aggregates import event_topics
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.decider import Decider
from commands.engine.partition_reader import PartitionReader
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from deploy.config import CHECKOUT
from deploy.stack import Stack
from eventlog.registry import codec_from
from tests.bench import life_cycles
from tests.commands.in_memory import a_codec
from tests.load.accounts import CpuAccounts
from tests.sim.deciders import DeciderProcess
from tests.sim.memory_log import Group
from tests.sim.processors import ProcessorsProcess
from tests.sim.readers import Database, ProjectorProcess
from tests.sim.schedule import schedule
from tests.sim.seeds import quiet
from tests.sim.world import World

TURNS = 3000
MEMORY_ROUND_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Alone:
    """Records a second of one part, without broker and database."""

    decider_commands_per_second: float
    processors_records_per_second: float
    projection_fold_records_per_second: float


def alone() -> Alone:
    """Decider, processors and the projections' fold over the log of a simulated run, each by itself."""
    quiet()
    with TemporaryDirectory() as home, TemporaryDirectory() as other:
        world = World(Path(home))
        for turn in schedule(11, TURNS):
            world.turn(turn)
        log, codec = world.log, a_codec()
        commands = sum(len(entries) for (topic, _), entries in log.entries.items() if ".commands." in topic)
        log.committed, log.group = {}, Group()  # so that each reads all of it again
        log.entries = {place: entries for place, entries in log.entries.items() if ".commands." in place[0]}
        decider = DeciderProcess(log, codec, "1", Path(other))
        decider.step()
        decider_seconds = _until_done(decider, commands)
        events = sum(len(entries) for (topic, _), entries in log.entries.items() if ".events." in topic)
        projector = ProjectorProcess(log, codec, Database())
        began = time.perf_counter()
        projected = 0
        while read := projector.step():
            projected += read
        projection_seconds = time.perf_counter() - began
        processors = ProcessorsProcess(log, codec)
        began = time.perf_counter()
        read = processors.read_everything()
        processors_seconds = time.perf_counter() - began
    assert events
    return Alone(
        round(commands / decider_seconds), round(read / processors_seconds), round(projected / projection_seconds)
    )


def _until_done(decider: DeciderProcess, commands: int) -> float:
    began = time.perf_counter()
    for _ in range(commands // 20 + 50):
        decider.step()
    return time.perf_counter() - began


def replay(stack: Stack) -> float:
    """Events a second that a decider folds at its start, from the real log, without a state file."""
    codec = codec_from(stack.config.registry)
    reader = PartitionReader(stack.config.kafka, 10.0)
    places = [(topic, shard) for topic in event_topics() for shard in range(reader.partitions(event_topics()))]
    decider = Decider(StateStore(RowCodec(codec), ClosedRowsOfShards(None)), codec)
    began, count = time.perf_counter(), 0
    for message in reader.read(places, {}):
        if message is not None:
            place = (str(message.topic()), message.partition() or 0, message.offset() or 0)
            decider.replay(*place, codec.decode(message.value()))
            count += 1
    seconds = time.perf_counter() - began
    return round(count / seconds)


def rebuild(stack: Stack, events: int) -> float:
    """Events a second of `culm rebuild --all`."""
    began = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-m", "cli.main", "rebuild", "--all"]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    return round(events / (time.perf_counter() - began))


def memory(stack: Stack, marks: Sequence[int], pilots: int) -> dict[str, dict[str, int]]:
    """Resident MB of each process when so many jobs have finished; drives the closed loop until the last mark is reached."""
    found = {}
    for mark in marks:
        while finished_jobs(stack) < mark:
            life_cycles.measure(stack, MEMORY_ROUND_SECONDS, pilots)
        found[str(mark)] = CpuAccounts(stack).resident_mb()
    return found


def finished_jobs(stack: Stack) -> int:
    """Jobs that the read model knows as finished."""
    with closing(psycopg2.connect(stack.config.postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM job WHERE status = 'finished'")
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])


def idle(stack: Stack, seconds: float) -> dict[str, float]:
    """Percent of a core that each process uses while nothing happens."""
    accounts = CpuAccounts(stack)
    time.sleep(seconds)
    return {name: round(100 * spent / seconds, 2) for name, spent in sorted(accounts.seconds().items()) if name != "load"}


def cold_start(stack: Stack) -> float:
    """Seconds from `culm up` of a stopped stack to its answer, with the log as it stands."""
    stack.down()
    began = time.perf_counter()
    stack.up()
    return round(time.perf_counter() - began, 1)
