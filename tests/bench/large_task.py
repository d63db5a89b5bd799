"""`python -m tests.bench.large_task [--units N] [--old PATH] [--fed]`: what a task of very many input units costs a decider.

In memory: the task is fed, ordered, made into jobs and finished by the decider's own `Decider`, records encoded as for the log;
the other aggregates stay away. With `--old` the same is done with the code of another checkout, in turn with this one. Writes
`out/bench/large_task.json`. The claim is the ratio: the last tenth of the outcomes costs at most 1.2 times the first.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import tracemalloc
from collections import deque
from pathlib import Path
from typing import Any, cast

import structlog

from commands.aggregates import AGGREGATES
from schemas.ids import job_id_of
from schemas.task import GenerateJobs, RecordJobOutcomes, RefineTask
from schemas.types import (
    BrokerageEvidence,
    CommandEnvelope,
    DatasetRole,
    JobOutcome,
    JobPlan,
    OutcomeKind,
    OutputFile,
    SplitRules,
)
from schemas.wire import entry_of
from tests.commands.builders import TASK, a_definition, a_submission
from tests.commands.in_memory import a_culm

try:
    from commands.engine.snapshots import SnapshotWriter
except ImportError:  # a checkout whose states are written as a whole
    SnapshotWriter = None  # type: ignore[assignment,misc]

CHECKOUT = Path(__file__).parent.parent.parent
FILE = CHECKOUT / "out" / "bench" / "large_task.json"
OUTCOMES_PER_COMMAND = 20
TENTHS = 10
UNITS_MEASURED_MAX = 100_000
ROWS = {
    "units": "input units",
    "feed_us_a_unit": "fed, us a unit",
    "job_us": "made into a job, us a job",
    "outcome_us_first_tenth": "us an outcome, first tenth",
    "outcome_us_last_tenth": "us an outcome, last tenth",
    "last_to_first": "last tenth / first tenth",
    "jobs_live_most": "jobs at work at once, most",
    "decision_longest_ms": "longest decision, ms",
    "decision_longest": "longest decision",
    "decision_largest_bytes": "largest decision, bytes",
    "snapshot_longest_ms": "decisions wait for a snapshot, ms at most",
    "all_rows_ms": "the same where one event changed every row, ms at most",
    "all_rows": "rows of that",
    "bytes_a_unit": "memory a unit with its name, bytes",
    "seconds": "seconds in all",
}


class LargeTask:
    """One task, and what it was seen to cost. Commands that it gives itself come back to it; all others are dropped."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.culm = a_culm(inline=False)
        self.orders: deque[Any] = deque()
        self.live: deque[int] = deque()
        self.last_serial = 0
        self.status = ""
        self.longest = "snapshot_longest_ms"
        self.found: dict[str, Any] = {"decision_longest_ms": 0.0, "decision_largest_bytes": 0, "snapshot_longest_ms": 0.0}
        self.found["jobs_live_most"] = 0
        self.writer: Any = SnapshotWriter(self.culm.store, self.culm.codec) if SnapshotWriter is not None else None

    def send(self, command: Any) -> float:
        """CPU seconds of the decision on a command and of those that the task gives itself."""
        topic, spent = entry_of(command).topic, 0.0
        envelope = CommandEnvelope(
            command_id=f"00000000-0000-0000-0000-{self.culm.sent:012x}",
            aggregate_id=str(TASK),
            correlation_id=f"00000000-0000-0000-0000-{self.culm.sent:012x}",
            issued_at=self.culm.now,
            actor="jdoe",
            role="system",
            vo="wlcg",
        )
        waiting = deque([self.culm.codec.encode(command, envelope)])
        while waiting:
            self.culm.sent += 1
            record = self.culm._record(topic, str(TASK).encode(), waiting.popleft())
            began = time.process_time()
            outputs = self.culm.decider.handle(record)
            took = time.process_time() - began
            self.culm.store.committed()
            self.write_rows()
            spent += took
            self.note(type(command).__name__, took * 1e3, sum(len(output.value or b"") for output in outputs))
            for output in outputs:
                assert output.value is not None
                if output.topic == topic:
                    waiting.append(output.value)
                elif output.topic == "culm.task.events.v1":
                    self.happened(output.value)
        return spent

    def note(self, name: str, took_ms: float, size: int) -> None:
        """Keep the longest and the largest decision."""
        if took_ms > self.found["decision_longest_ms"]:
            self.found |= {"decision_longest_ms": round(took_ms, 1), "decision_longest": name}
        self.found["decision_largest_bytes"] = max(self.found["decision_largest_bytes"], size)

    def happened(self, value: bytes) -> None:
        """Keep orders, and the end."""
        name = self.culm.codec.name_of(value)
        if name == "culm.task.JobsOrdered":
            order = self.culm.codec.decode(value).message
            self.orders.append((order.order, order.kind, [unit.unit_id for unit in order.units]))
        elif name == "culm.task.TaskFinalized":
            self.status = self.culm.codec.decode(value).message.verdict.value

    def feed(self) -> None:
        """Submit, and make the input."""
        self.send(a_submission())
        definition = a_definition(events_total=self.units, rules=SplitRules(events_per_job=1))
        spent = self.send(RefineTask(definition=definition, parameters_revision=0))
        self.found["feed_us_a_unit"] = round(spent * 1e6 / self.units, 1)
        self.snapshot()

    def generate(self) -> float:
        """A job for every unit of every order; CPU seconds."""
        spent = 0.0
        while self.orders:
            number, kind, units = self.orders.popleft()
            plans = tuple(JobPlan(unit_ids=(unit,), queue="LOCAL") for unit in units)
            spent += self.send(GenerateJobs(order=number, kind=kind, plans=plans, brokerage=BrokerageEvidence(seed="s")))
            self.live.extend(range(self.last_serial + 1, self.last_serial + len(units) + 1))
            self.last_serial += len(units)
        self.found["jobs_live_most"] = max(self.found["jobs_live_most"], len(self.live))
        return spent

    def run(self) -> None:
        """Finish every job, the oldest first, and make the next ones as they are ordered."""
        making, ended = self.generate(), 0
        tenths = [[0.0, 0] for _ in range(TENTHS)]
        self.snapshot()
        while self.live:
            some = [self.live.popleft() for _ in range(min(OUTCOMES_PER_COMMAND, len(self.live)))]
            spent = self.send(RecordJobOutcomes(outcomes=tuple(map(outcome, some))))
            tenth = tenths[min(TENTHS - 1, ended * TENTHS // self.units)]
            tenth[0] += spent
            tenth[1] += len(some)
            before, ended = ended, ended + len(some)
            making += self.generate()
            if before * TENTHS // self.units != ended * TENTHS // self.units:
                self.snapshot()
        assert self.status == "DONE", f"the task ended {self.status!r} with {ended:,} of {self.units:,} units done"
        costs = [spent * 1e6 / number for spent, number in tenths]
        self.found["job_us"] = round(making * 1e6 / self.units, 1)
        self.found["outcome_us_tenths"] = [round(cost, 1) for cost in costs]
        self.found["outcome_us_first_tenth"], self.found["outcome_us_last_tenth"] = round(costs[0], 1), round(costs[-1], 1)
        self.found["last_to_first"] = round(costs[-1] / costs[0], 2)

    def snapshot(self) -> None:
        """How long decisions wait at most while the state is written: for all of it, or for a slice of its rows."""
        if self.writer is not None:
            self.writer.begin_round({})
            while self.writer.in_round:
                self.write_rows()
            return
        began, store = time.process_time(), cast(Any, self.culm.store)
        store.snapshot({})
        self.waited(began)

    def write_rows(self) -> None:
        """Rows that are due, as the decider's loop writes them beside a batch."""
        if self.writer is not None:
            began = time.process_time()
            made = self.writer.slice()
            self.waited(began)
            self.writer.committed(made)

    def waited(self, began: float) -> None:
        """Keep the longest time that decisions waited."""
        took = (time.process_time() - began) * 1e3
        self.found[self.longest] = round(max(took, self.found[self.longest]), 1)

    def change_every_row(self) -> None:
        """Note that all rows of the task changed, as the decider notes it after an event, and write them."""
        store, key = self.culm.store, ("task", str(TASK))
        entry = store.get(*key)
        names = set(AGGREGATES["task"].snapshot.names(entry.state))
        self.longest = "all_rows_ms"
        self.found |= {"all_rows": len(names), "all_rows_ms": 0.0}
        store.touched(*key, entry, names, closed=False)
        while key in store.due:
            self.write_rows()
        self.longest = "snapshot_longest_ms"


def outcome(serial: int) -> JobOutcome:
    """The good end of a job with an output and a log."""
    files = tuple(
        OutputFile(
            lfn=f"user.jdoe.{TASK}.{role.value.lower()}.{serial:07d}",
            dataset=f"user.jdoe.t1.{role.value.lower()}",
            scope="user.jdoe",
            role=role,
            size_bytes=1_000,
            checksum="ad:084b021f",
            endpoint="LOCAL_DISK",
        )
        for role in (DatasetRole.OUTPUT, DatasetRole.LOG)
    )
    return JobOutcome(job_id=job_id_of(TASK, serial), kind=OutcomeKind.FINISHED, outputs=files)


def memory_a_unit(units: int) -> int:
    """Bytes that the state holds for each unit once they are fed, its name included."""
    task = LargeTask(units)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    task.feed()
    task.orders.clear()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return held // units


def measured(units: int, *, only_fed: bool = False) -> dict[str, Any]:
    """The figures of this process's code; `only_fed`: of a task that is fed and not run."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    warm_up = LargeTask(1_000)
    warm_up.feed()
    warm_up.run()
    began = time.perf_counter()
    task = LargeTask(units)
    task.feed()
    task.change_every_row()
    if only_fed:
        return {**task.found, "units": units, "seconds": round(time.perf_counter() - began)}
    task.run()
    few = min(units, UNITS_MEASURED_MAX)
    return {**task.found, "units": units, "seconds": round(time.perf_counter() - began), "bytes_a_unit": memory_a_unit(few)}


def of_checkout(path: Path, units: int, *, only_fed: bool) -> dict[str, Any]:
    """The figures of the code in a checkout, from a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(path)}
    command = [sys.executable, str(Path(__file__).resolve()), "--alone", "--units", str(units), *["--fed"] * only_fed]
    done = subprocess.run(command, cwd=path, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


def main() -> int:
    """0 after the table; 1 when the last tenth is dearer than it may be."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.large_task", description=__doc__)
    parser.add_argument("--units", type=int, nargs="*", default=[200_000], help="input units of the task, once for each number")
    parser.add_argument("--old", type=Path, help="a checkout to compare with, at the first number of units")
    parser.add_argument("--fed", action="store_true", help="only feed the task and write its rows")
    parser.add_argument("--alone", action="store_true", help="print the figures of this process as JSON")
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(measured(given.units[0], only_fed=given.fed)))
        return 0
    old = [given.old.resolve()] if given.old else []
    columns = [{"code": "before", **of_checkout(path, given.units[0], only_fed=given.fed)} for path in old]
    columns += [{"code": "now", **of_checkout(CHECKOUT, units, only_fed=given.fed)} for units in given.units]
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(columns, indent=2), encoding="utf-8")
    print("\n".join(table(columns)))
    return max(int(column.get("last_to_first", 0) > 1.2) for column in columns if column["code"] == "now")


def table(columns: list[dict[str, Any]]) -> list[str]:
    """The figures side by side, in Markdown."""
    lines = ["| | " + " | ".join(column["code"] for column in columns) + " |", "|---|" + "---:|" * len(columns)]
    rows = ((title, " | ".join(shown(column.get(name)) for column in columns)) for name, title in ROWS.items())
    return lines + [f"| {title} | {cells} |" for title, cells in rows]


def shown(value: Any) -> str:
    """A figure as people read it."""
    return f"{value:,}" if isinstance(value, int | float) else str(value or "")


if __name__ == "__main__":
    sys.exit(main())
