"""`make sites`, second half: jobs of a user through Culm and its harvester to real batch systems, then the books of both sides.

In: the stack that is up, names of systems (`real_NAME.py` beside this file), how many jobs each. The unmodified prun submits
tasks of 1 to 11 GB to a queue of each system; its harvester is killed with SIGKILL while it works, and for a while answers of
submissions are lost. With `--mode push` each job travels with a worker of its own, one task is of 20 GB, and the books must show
what each job asked for, exactly. With `--pilot pilot3` the workers run the unmodified pilot3. Out: a line for each system; the
last line is `orphans 0, doubles 0` when all agrees, and the exit code 0. More workers than `Plan.workers_max` are a difference.
"""

import argparse
import importlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2

from agents.harvester.config import LOCAL
from agents.harvester.systems.contract import NativeState
from deploy.enrolment import local_offer
from deploy.local_queue import operator_command
from deploy.stack import Stack
from schemas.instants import MICROSECONDS
from tests.conformance.client import Client, a_client
from tests.systems import pilot3_program
from tests.systems.kit import Fault
from tests.systems.sites import Tally, compared_with_log, on_real_system, verdict
from tests.systems.sites_report import say

CLASSES = (("small", 4_000), ("medium", 8_000), ("large", 12_000))
MEMORIES_MB = tuple(range(1_000, 12_000, 1_000))
#: Of jobs that travel with their workers; no class of the others is as large.
PUSHED_MB = (*MEMORIES_MB, 20_000)
PULL, PUSH = "pull", "push"
CULM, PILOT3 = "culm", "pilot3"
#: After which tasks the harvester is killed, and after which answers of submissions are read again.
KILLED_AFTER, HEARD_AFTER = (3, 6, 9), 4
SECONDS_MAX = 600.0
#: A worker's script says that it ended before its batch system has cleared up after it.
BOOKS_SECONDS_MAX = 60.0
#: What prun asks before it submits.
AGREED = "y\n" * 5
#: (tag, state, memory_mb) of a worker in the log.
LoggedWorker = tuple[str, str, int]
ALIVE = frozenset({"intended", "submitted", "pending", "held", "running"})
ENDED = ("done", "finished", "failed", "broken", "aborted", "exhausted")


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes through each system: how many jobs, in a queue of which mode, with Culm's pilot or pilot3."""

    count: int
    mode: str = PULL
    pilot: str = CULM

    @property
    def memories_mb(self) -> tuple[int, ...]:
        """Of the tasks: the largest where the jobs are fewer than the sizes."""
        every = PUSHED_MB if self.mode == PUSH else MEMORIES_MB
        return every[-min(len(every), self.count) :]

    @property
    def workers_max(self) -> int:
        """So many may be started: one a job, one more that got none, and one of each class. More are waste."""
        return 2 * self.count + len(CLASSES)


def run(name: str, plan: Plan, stack: Stack, say: Callable[[str], None] = say) -> Tally:
    """The jobs of the plan through the real system `name`; none where it runs no programs."""
    module: Any = importlib.import_module(f"tests.systems.real_{name.replace('-', '_')}")
    if reason := getattr(module, "RUNS_NO_PROGRAM", ""):
        say(f"{name}: no jobs: {reason}")
        return Tally(0, 0)
    return on_real_system(name, lambda adapter, folder: _through(name, adapter, plan, stack, folder, say), say)


def _through(name: str, adapter: Any, plan: Plan, stack: Stack, folder: Path, say: Callable[[str], None]) -> Tally:
    queue = f"SITES_{name.upper()}_{uuid4().hex[:6]}"
    memories = plan.memories_mb
    # Where the nodes are not this host, the adapter gives them what a site's shared file system has.
    getattr(adapter, "lend", lambda _: None)(stack.config.home)
    environment = _harvester(name, adapter, queue, stack, plan, folder)
    user = a_client(stack, folder)
    with _harvesting(environment, folder / "harvester.log") as harvester:
        if Fault.SUBMIT_DIES_AFTER_ACCEPTING not in adapter.lacks:
            adapter.inject(Fault.SUBMIT_DIES_AFTER_ACCEPTING)
        began, tasks = time.monotonic(), []
        for task in _submitted(user, queue, plan):
            tasks.append(task)
            if len(tasks) in KILLED_AFTER:
                harvester.kill_and_start_again()
            if len(tasks) == HEARD_AFTER:
                adapter.heal()
        adapter.heal()
        states = _states(user, tasks)
        while not all(state in ENDED for state in states) and time.monotonic() - began < SECONDS_MAX:
            time.sleep(0.5)
            states = _states(user, tasks)
        ended = time.monotonic()
        _wait_for_ends(stack, queue, ended + SECONDS_MAX)
        if name == LOCAL:  # its only books are beside the harvester
            adapter.spool = folder / "home" / "work"
        # While the harvester lives: a host has no other books than those it keeps.
        until = time.monotonic() + BOOKS_SECONDS_MAX
        workers, tally = tally_once_cleared(adapter.books, lambda: workers_in_log(stack, queue), until)
    ends = dict(Counter(state for _, state, _ in workers))
    say(
        f"{name} ({plan.mode}{f', {plan.pilot}' if plan.pilot != CULM else ''}): {plan.count} jobs in {len(tasks)} tasks, "
        f"{dict(Counter(states))} after {ended - began:.0f} s, "
        f"through {len(workers)} workers {ends}; {harvester.kills} kills of the harvester; "
        f"from its intent to its first payload a worker took {_first_payload(stack, queue)}; "
        f"orphans {tally.orphans}, doubles {tally.doubles}"
    )
    pushed = _of_pushed(stack, queue, dict(zip(tasks, memories, strict=True))) if plan.mode == PUSH else ()
    wasted = wasted_workers(len(workers), plan)
    for difference in (*tally.differences, *pushed, *wasted):
        say(f"{name}: {difference}")
    not_done = tuple(f"task {task} is {state}" for task, state in zip(tasks, states, strict=True) if state != "done")
    return Tally(tally.orphans, tally.doubles, (*tally.differences, *pushed, *wasted, *not_done))


def wasted_workers(number: int, plan: Plan) -> tuple[str, ...]:
    """What is to be said of so many workers, in the log and however they ended: nothing up to the plan's limit."""
    if number <= plan.workers_max:
        return ()
    return (f"{number} workers were started for {plan.count} jobs, expected {plan.workers_max} at most",)


def _harvester(name: str, adapter: Any, queue: str, stack: Stack, plan: Plan, folder: Path) -> dict[str, str]:
    """The environment of a harvester for a new queue of this system, with a code to enrol."""
    classes = [
        {"name": one, "memory_mb": memory, "cores": 1, "walltime_seconds": 3600, "standby_min": 0, "pilots_max": 40}
        for one, memory in CLASSES
    ]
    settings = {
        "name": queue, "site": "SITES", "cloud": "LOCAL", "core_count": 1, "rss_mb_max": CLASSES[-1][1], "workdir_mb_max": 20_000,
        "storage": "LOCAL_DISK", "pilots_max": 120, "allow_no_pilot": True, "classes": classes,
    }  # fmt: skip
    if plan.mode == PUSH:
        settings |= {"mode": "PUSH", "rss_mb_max": 220_000, "start_seconds_max": 600, "classes": []}
    api, home = stack.config.addresses.health, stack.config.home
    body = {"aggregate_id": f"queue.{queue}", "settings": settings}
    operator_command(api, home, "ConfigureQueue", body, "the queue is refused")
    code, key, offer = local_offer(queue)
    operator_command(api, home, "OfferEnrolment", {"aggregate_id": key, **offer}, "there is no enrolment code")
    (folder / "code").write_text(code)
    pilot = f'pilot = "{pilot3_program.program(stack, folder, queue)}"\n' if plan.pilot == PILOT3 else ""
    head = f'[queues.{queue}]\nsystem = "{name}"\npilots_max = 120\n{pilot}'
    (folder / "site.toml").write_text(
        f"{head}\n[queues.{queue}.settings]\n{_lines(adapter.queue_settings)}\n"
        f"[systems.{name}]\n{_lines(adapter.settings)}"
    )
    return {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root"), "CULM_API": stack.config.api,
        "CULM_HOME": str(folder / "home"), "CULM_HARVESTER_CONFIG": str(folder / "site.toml"), "CULM_STACK_ID": adapter.stack,
        "CULM_ENROLMENT_FILE": str(folder / "code"), "CULM_QUEUE": queue, "CULM_PILOT_IDLE_SECONDS": "5",
    }  # fmt: skip


def _lines(settings: dict[str, str]) -> str:
    return "".join(f"{key} = '{value}'\n" for key, value in settings.items())


class _Harvesting:
    """A harvester that can be killed and started again."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment, self._log, self.kills = environment, log, 0
        self._process = self._started()

    def kill_and_start_again(self) -> None:
        """SIGKILL, and another one with the same home."""
        self.kills += 1
        self._process.kill()
        self._process.wait()
        self._process = self._started()

    def end(self) -> None:
        """In order; its workers elsewhere go on."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(60)
        self._process.kill()
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", "agents.harvester"], env=self._environment, stdout=log, stderr=log)


@contextmanager
def _harvesting(environment: dict[str, str], log: Path) -> Iterator[_Harvesting]:
    harvester = _Harvesting(environment, log)
    try:
        yield harvester
    finally:
        harvester.end()


def _submitted(user: Client, queue: str, plan: Plan) -> Iterator[int]:
    """A task for each memory, with as many jobs as the plan has together."""
    memories, wrapper = plan.memories_mb, pilot3_program.PRUN if plan.pilot == PILOT3 else ()
    for place, memory in enumerate(memories):
        jobs = plan.count // len(memories) + (len(memories) - place <= plan.count % len(memories))
        name = f"user.jdoe.sites.{uuid4().hex[:8]}"
        options = ("--exec", "sleep 1; echo 1 > out.txt", "--outDS", name, "--noBuild", "--vo", "wlcg", "--outputs", "out.txt")
        said = user.run("prun", *options, *wrapper, "--nJobs", str(jobs), "--site", queue, "--memory", str(memory), text=AGREED)
        yield said.task_id


def _states(user: Client, tasks: Sequence[int]) -> list[str]:
    return [str(user.task(task)["status"]) for task in tasks]


def workers_in_log(stack: Stack, queue: str) -> list[LoggedWorker]:
    """Each worker that there ever was, as the projection has it now."""
    with psycopg2.connect(stack.config.postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tag, state, memory_mb FROM worker WHERE queue = %s", (queue,))
        return cursor.fetchall()


def _wait_for_ends(stack: Stack, queue: str, until: float) -> None:
    """Return once no worker lives in the log, or the time is over."""
    while any(state in ALIVE for _, state, _ in workers_in_log(stack, queue)) and time.monotonic() < until:
        time.sleep(1.0)


def tally_once_cleared(
    books: Callable[[], Sequence[tuple[str, int, NativeState]]], logged: Callable[[], list[LoggedWorker]], until: float
) -> tuple[list[LoggedWorker], Tally]:
    """The log's workers and what the books say of them, once they agree or the time (monotonic) is over.

    A pilot says that it ended before its batch system does, and a worker may be started for demand that is about to fall: so both
    are read again, the books first, since each worker is in the log before it is there.
    """
    while True:
        found = books()
        workers = logged()
        tally = compared_with_log(workers, found)
        if time.monotonic() > until or not (tally.orphans or tally.doubles or tally.differences):
            return workers, tally
        time.sleep(0.5)


def _first_payload(stack: Stack, queue: str) -> str:
    """Seconds from the intent of a worker to the start of its first payload, by the log: half and nine tenths took no longer."""
    question = (
        "SELECT percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY first.at - w.intended_at) FROM worker w"
        " JOIN (SELECT worker_id, min(started_at) AS at FROM job WHERE queue = %(queue)s GROUP BY worker_id) first"
        " USING (worker_id) WHERE w.queue = %(queue)s AND first.at IS NOT NULL"
    )
    with psycopg2.connect(stack.config.postgres) as connection, connection.cursor() as cursor:
        cursor.execute(question, {"queue": queue})
        ((found,),) = cursor.fetchall()
    if not found or found[0] is None:
        return "an unknown time"
    return f"{found[0] / MICROSECONDS:.1f} s (p50), {found[1] / MICROSECONDS:.1f} s (p90)"


def _of_pushed(stack: Stack, queue: str, asked_mb: dict[int, int]) -> tuple[str, ...]:
    """Workers without a job, or with another memory than it asked for, and jobs that more than one worker ran to its end."""
    question = (
        "SELECT w.tag, w.memory_mb, w.job_id, j.task_id, w.state FROM worker w LEFT JOIN job j ON j.job_id = w.job_id"
        " WHERE w.queue = %s"
    )
    with psycopg2.connect(stack.config.postgres) as connection, connection.cursor() as cursor:
        cursor.execute(question, (queue,))
        rows = cursor.fetchall()
    found = [f"{tag} has no job" for tag, _, job, _, _ in rows if job is None]
    for tag, memory, job, task, _ in rows:
        if job is not None and memory != asked_mb.get(task):
            found.append(f"{tag} is of {memory} MB, its job {job} asked for {asked_mb.get(task)}")
    ran = Counter(job for _, _, job, _, state in rows if job is not None and state == "finished")
    return (*found, *(f"{number} workers ran job {job} to its end" for job, number in ran.items() if number > 1))


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="tests.systems.through_culm")
    parser.add_argument("--systems", default="slurm", help="names, with commas between them")
    parser.add_argument("--mode", choices=(PULL, PUSH), default=PULL, help="of the queue")
    parser.add_argument("--jobs", type=int, default=200, help="on each system")
    parser.add_argument("--pilot", choices=(CULM, PILOT3), default=CULM, help="what workers run; pilot3 on slurm and local alone")
    options = parser.parse_args(arguments)
    stack, names = Stack.running(), options.systems.split(",")
    plan = Plan(options.jobs, options.mode, options.pilot)
    with ThreadPoolExecutor(len(names)) as at_once:
        return verdict(list(at_once.map(lambda name: run(name, plan, stack), names)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
