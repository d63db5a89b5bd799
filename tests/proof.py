"""`python -m tests.proof`: writes `docs/proof.md` of laws, planted bugs and what commands left in `out/`.

Nothing in it is written by hand. A section of which no command left figures in `out/` stays as it is in the page: its figures
are of another day or machine.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from check.report import laws_of_the_log
from check.rows import views
from deploy.config import CHECKOUT
from tests.bench.large_task import table as table_of_a_large_task
from tests.bench.life_records import table as table_of_a_life
from tests.bench.report import full_queue, memory_growth, of_each, open_pages
from tests.bench.restart import markdown as restarts
from tests.chaos.__main__ import table
from tests.chaos.campaign import Outcome, Report
from tests.check.breaks import BREAKS
from tests.hostile.report import markdown
from tests.sim.planted import PLANTS
from tests.sim.sites.planted import PLANTS as PLANTS_OF_SITES

PAGE = CHECKOUT / "docs" / "proof.md"
OUT = CHECKOUT / "out"
#: Sections in the order of the page.
HEADS = (
    "# Proof",
    "## The laws",
    "## Simulation",
    "## Simulated sites",
    "## Faults on the real stack",
    "## Input that hurts only its sender",
    "## Figures",
    "## What a life costs the decider",
    "## A large task",
    "## A restart",
    "## Beside peers",
    "## Batch systems",
)
RUN_OF_SEEDS = re.compile(r"^Last run: .*$", re.MULTILINE)
HEAD = """# Proof

Made by `python -m tests.proof` from the laws in `check/`, the planted bugs in `tests/sim/planted.py`, and what the commands
named here left in `out/`. Change those, not this page.

## The laws

`culm check` reads the whole log with a stock consumer and the rows with plain SQL, and proves each of these; it ends with 1
and the first offence of each kind otherwise.
`tests/check/` breaks a log in {breaks} ways and sees each named; `make sim` and `make chaos` end with the same laws.
"""
SIMULATION = """
## Simulation

`make sim` (SEEDS, STEPS): the real decider loop, states, listeners, reactions and projections on a log in memory, a virtual
clock, users and pilots that misbehave, and faults by seed; then all work honestly until nothing moves, and the laws are
asked, together with "everything comes to its end". A failing seed prints the command that replays it; that command shrinks it
and tells its story.
These bugs are planted one by one by `tests/sim/test_simulation.py`, and each is found:
"""

SIMULATED_SITES = """## Simulated sites

`make sim` runs `tests/sim/sites/` too: two real harvesters (claims, intents, files of workers, journal on disk, listings) and
the real deciders, on a batch system in memory that accepts and does not answer, accepts twice, swallows, refuses, gives ids
out again, shows listings that are cut, old or empty, and holds, requeues, preempts and loses workers. Harvesters are killed at
named points, stand still while their claim runs out, lose calls, answers, the network and their journal. The laws: a worker is
intended before the batch system has it, is submitted once, is nowhere when it is given up, ends in the log as in the batch
system; a payload begins once; nothing foreign is touched; in the end orphans 0, doubles 0, and every worker has its end.
These bugs are planted one by one by `tests/sim/sites/test_sites.py`, and each is found:
"""

HOSTILE = """## Input that hurts only its sender

`make hostile`: messages of every kind that users, pilots, harvesters and operators can send, and records written to the command
and heartbeat topics directly, made by `tests/hostile/` from the Avro schemas, the table of routes and a dictionary of values,
while a bystander submits and finishes jobs. `tests/hostile/test_dose.py` is a dose of it.

"""

LIFE_RECORDS = """## What a life costs the decider

`python -m tests.bench.life_records --old CHECKOUT`: lease, running and end of jobs with an output and a log, with what makes
them, in memory, by the decider's own code; both checkouts in turn, of each the least of its rounds. "before" is Culm before data
was carried once (fbd7058). `yardstick` is what a fixed loop cost meanwhile.

"""
LARGE_TASK = """## A large task

`python -m tests.bench.large_task`: one task is fed, ordered, made into jobs of one unit each and finished, in memory, by the
decider's own code, records encoded as for the log, ends told in twenties. CPU time; the columns come from one run.

"""


RESTART = """## A restart

`python -m tests.bench.restart`: one decider from its start to its first decision, with Kafka on the same machine of 2 cores; its
load is in the table. "With the rows" begins on a node that has nothing, and fetches the closed rows beside deciding; "after a
release" has its copy of them.

"""
RESTART_BEYOND = """
Of the same log, before closed rows were fetched behind the start and before readers fetched on as soon as their queue had room:
86.2 s and 43.7 CPU s on another node, 55.6 s and 33.6 CPU s on the same one (2026-11-30, load 1.1).
What is not in the table follows from it: events before the marker of the last round are not read, so their number does not count.
10^8 events of jobs leave 2 * 10^7 closed rows; on a node that has no copy they cost about 6 us of CPU each, while it decides.

`python -m tests.bench.finished_jobs`: after 100,000 and after 1,000,000 finished jobs the decider's code has 5,050 aggregates in
memory and 65 MB (2026-11-29), beside 115 MB of closed rows on disk. The longest slice of rows is 401 rows, for any history:
about 20 ms of CPU, measured on a busy machine.

With `--tasks` the jobs come in tasks of 100 and register an output and a log each (2026-11-30, both by the same bench):

| finished jobs | aggregates in memory | peak MB | aggregates before datasets rested on disk | peak MB |
|---:|---:|---:|---:|---:|
| 10,000 | 3,482 | 73 | 3,614 | 75 |
| 50,000 | 3,482 | 74 | 4,414 | 100 |
| 80,000 | 3,482 | 74 | 5,014 | 119 |
| 100,000 | 3,482 | 74 | 5,414 | 131 |

So what grew by 0.6 kB a job (630 MB a million) is flat; beside it are 38 MB of closed rows on disk for 100,000 jobs. A dataset of
100,000 files that rested is read again in 0.32 s of CPU; its rows moved in 58 slices of at most 8 ms.

"""

SITES = """## Batch systems

`make sites`: the conformance kit with its faults before the real systems; what they cannot show is skipped with its reason, and
runs on the emulated ones. Then workers of 1 to 11 GB through each plugin, a tenth of the submissions without an answer after they
were accepted; the plugin's words against the system's own books (`scontrol show jobs`, queue and history of HTCondor, Jobs of the
API server; a host keeps none of ended processes but the plugin's). `kubernetes-api` is a control plane without nodes, for which a
stand-in ends the pods; `kubernetes` has a kubelet and containerd that run them. Then the whole way through all systems at once,
in queues that pull and in queues that push: tasks of the unmodified `prun`, Culm, its harvester, which is killed three times, the
batch system, Culm's pilot; the log against the system's books, worker by worker.

"""


def page() -> str:
    """The whole page."""
    head = HEAD.replace("{breaks}", str(len(BREAKS)))
    parts = [head, *laws(), SIMULATION, *_plants(PLANTS), "", _run_of_seeds("latest"), *simulated_sites()]
    parts += [*chaos(), *hostile(), *bench(), *life_records(), *large_task(), *restart(), *peers(), *sites()]
    return "\n".join(parts).rstrip() + "\n"


def laws() -> Iterator[str]:
    """A line per law."""
    for law in laws_of_the_log({}):
        yield f"- **{law.name}**: {_first_line(type(law))}"
    tables = ", ".join(f"`{view.table}` ({', '.join(view.columns)})" for view in views())
    yield f"- **rows equal the events**: row by row at the position stored with them, for {tables}."


def simulated_sites() -> Iterator[str]:
    """The section about sites in memory."""
    yield from (SIMULATED_SITES, *_plants(PLANTS_OF_SITES), "", _run_of_seeds("sites"))


def _plants(plants: Mapping[str, Any]) -> Iterator[str]:
    return (f"- `{name}`: {_first_line(plant)}" for name, plant in plants.items())


def _run_of_seeds(name: str) -> str:
    found = _read(f"sim/{name}.json")
    if not found:
        return ""
    return f"Last run: {found['seeds']} seeds of {found['steps']} steps in {found['seconds']} s, {found['failed']} broke a law.\n"


def chaos() -> Iterator[str]:
    """The tables of the fault campaigns."""
    for name in ("brokers-1", "brokers-3"):
        found = _read(f"chaos/{name}.json")
        if found:
            setup = found.pop("setup")
            outcomes = tuple(Outcome(**one) for one in found.pop("outcomes"))
            rest: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}
            yield "## Faults on the real stack\n" if name == "brokers-1" else "### On three Kafka nodes\n"
            yield "`make chaos`: " + "\n".join(table(Report(outcomes=outcomes, **rest), setup)) + "\n"


def hostile() -> Iterator[str]:
    """The last run of hostile messages."""
    found = _read("hostile/latest.json")
    if found:
        yield HOSTILE + "\n".join(markdown(found)) + "\n"


def bench() -> Iterator[str]:
    """The figures of the benchmark."""
    found = _read("bench/latest.json")
    if not found:
        return
    yield "## Figures\n\n`make bench`, on: " + ", ".join(f"{key} {value}" for key, value in found["set_up"].items()) + ".\n"
    days = found.get("measured_on", {})
    if days:
        told = (f"{', '.join(sorted(part for part in days if days[part] == day))} on {day}" for day in sorted(set(days.values())))
        yield f"Parts {'; '.join(told)}. `yardstick_ms` is what a fixed loop cost on the machine then: compare runs by it.\n"
    yield "| figure | value |\n|---|---:|"
    yield from (f"| `{name}` | {value:,} |" for name, value in found.items() if isinstance(value, (int, float)))
    for one in found.get("latency", ()):
        rate = f"{one['jobs_per_second']:.0f} jobs/s"
        waits = f"{one['submit_to_dispatchable_p50_ms']} / {one['submit_to_dispatchable_p99_ms']}"
        yield f"| submit to dispatchable at {rate}, p50 / p99 ms | {waits} |"
        yield f"| getJob at {rate}, p50 / p99 ms | {one['get_job_p50_ms']} / {one['get_job_p99_ms']} |"
    yield from (f"| `{name}` | {value:,.0f} |" for name, value in found.get("alone", {}).items())
    if "life_cycles" in found:
        yield "\nWhat a life cycle costs, and so what bounds the rate on these cores:\n"
        yield "| process | CPU us per finished job | cores used | resident MB | idle % |\n|---|---:|---:|---:|---:|"
        cycles, memory, idle = found["life_cycles"], found.get("resident_mb", {}), found.get("idle_percent_by_process", {})
        for name, cost in cycles["costs"].items():
            yield f"| {name} | {cost} | {cycles['cores'][name]} | {memory.get(name, '')} | {idle.get(name, '')} |"
        total = sum(cycles["costs"].values())
        yield f"| sum | {total} | {round(sum(cycles['cores'].values()), 2)} | | |"
        cores = found["set_up"]["cores"]
        yield f"\n{cores} cores have {1_000_000 * cores / total:.0f} times the sum in a second.\n"
        yield from of_each(found.get("with_instances", ()))
        yield from memory_growth(found.get("resident_mb_by_finished_jobs", {}))
        yield from open_pages(found.get("pages", {}))
    yield from full_queue(found)


def large_task() -> Iterator[str]:
    """What a task of very many input units costs a decider."""
    path = OUT / "bench" / "large_task.json"
    if path.exists():
        columns = json.loads(path.read_text(encoding="utf-8"))
        yield LARGE_TASK + "\n".join(table_of_a_large_task(columns)) + "\n"


def life_records() -> Iterator[str]:
    """Records, bytes and CPU time of a life, before and now."""
    path = OUT / "bench" / "life_records.json"
    if path.exists():
        yield LIFE_RECORDS + "\n".join(table_of_a_life(json.loads(path.read_text(encoding="utf-8")))) + "\n"


def restart() -> Iterator[str]:
    """How soon a decider is back."""
    found = _read("bench/restart.json")
    if found:
        yield RESTART + "\n".join(restarts(found)) + RESTART_BEYOND


def peers() -> Iterator[str]:
    """The comparison."""
    found = _read("bench/peers.json")
    if found:
        rates = f"{found['procrastinate']['per_second']} jobs/s, Culm {found['culm_per_second']} life cycles/s"
        yield "## Beside peers\n"
        yield f"`make bench-peers`, {found['measured_on']}, one run, the same Postgres:"
        yield f"Procrastinate finished {rates}: ratio {found['ratio']}."
        if "htcondor" in found:
            pool = found["htcondor"]
            rate = f"{pool['per_second']} jobs/s: ratio {found['htcondor_ratio']}"
            yield f"HTCondor {pool['version']} on the same cores finished {rate}."
            yield "Its jobs are real processes (`/bin/true`), each with a shadow and a starter; the load's pilots run nothing.\n"
        yield "A job of Procrastinate is rows in one table; a life cycle of Culm: three calls, files, an audited log, rows.\n"


def sites() -> Iterator[str]:
    """What the last run of `make sites` said."""
    path = OUT / "sites.txt"
    if path.exists():
        yield SITES + "".join(f"    {line}\n" for line in path.read_text(encoding="utf-8").splitlines())


def with_sections(text: str, made: str) -> str:
    """The page `text` with the sections of `made` for its own; the line of a run of seeds stays where `made` has none."""
    kept, fresh = sections_of(text), sections_of(made)
    for head, section in fresh.items():
        run = RUN_OF_SEEDS.search(kept.get(head, ""))
        if run and not RUN_OF_SEEDS.search(section):
            fresh[head] = f"{section}\n\n{run[0]}"
    sections = {**kept, **fresh}
    return "\n\n".join(sections[head] for head in HEADS if head in sections) + "\n"


def sections_of(text: str) -> dict[str, str]:
    """Head to whole section, blank lines around it taken off."""
    found = (section.strip() for section in re.split(r"^(?=##? )", text, flags=re.MULTILINE))
    return {section.splitlines()[0]: section for section in found if section}


def _first_line(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").splitlines()[0]


def _read(name: str) -> dict[str, Any]:
    path = OUT / name
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def main() -> int:
    """0 after the page is written."""
    PAGE.write_text(with_sections(PAGE.read_text(encoding="utf-8"), page()), encoding="utf-8")
    print(f"written {PAGE.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
