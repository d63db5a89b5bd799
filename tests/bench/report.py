"""Parts of `out/bench/latest.json` as lines of Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def of_each(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What a life cycle costs with one and with two of each process."""
    if found:
        yield "\nWith one and with two of each kind of process, in turn:\n"
        yield "| of each | life cycles a second | getJob p99 ms | CPU us per finished job |\n|---:|---:|---:|---:|"
        for one in found:
            yield f"| {one['of_each']} | {one['per_second']} | {one['get_job_p99_ms']} | {one['costs']['sum']:,.0f} |"


def full_queue(found: Mapping[str, Any]) -> Iterator[str]:
    """A queue with very many waiting jobs, and others' waits beside a task of very many names."""
    full, beside = found.get("full_queue"), found.get("beside_a_large_task")
    if full:
        jobs = f"{full['waiting_before']:,} waiting jobs of {full['users']:,} users and {full['sizes']} sizes of memory"
        yield f"\nA queue with {jobs},"
        yield f"{full['pilots']:,} pilots, {full['leases_per_second']} leases a second:"
        yield f"getJob p50 {full['get_job_p50_ms']} ms, p99 {full['get_job_p99_ms']} ms (bar: 250 ms)."
    if beside:
        waits = [beside[name] for name in ("alone", "beside")]
        before, during = (f"{one['submit_to_dispatchable_p50_ms']} / {one['submit_to_dispatchable_p99_ms']} ms" for one in waits)
        leases = " and ".join(f"{one['get_job_p99_ms']} ms" for one in waits)
        rate = f"{waits[0]['jobs_per_second']:.0f} jobs/s"
        yield f"\nSubmit to dispatchable at {rate}, p50 / p99: {before} alone, {during} while a task"
        yield f"of {beside['names']:,} names is read, fed and made into jobs; getJob p99 {leases}."


def memory_growth(marks: dict[str, dict[str, int]]) -> Iterator[str]:
    """Resident memory of each process at each number of finished jobs."""
    if not marks:
        return
    yield "\nResident MB after so many finished jobs:\n"
    yield "| process | " + " | ".join(f"{int(mark):,}" for mark in marks) + " |\n|---|" + "---:|" * len(marks)
    for process in next(iter(marks.values())):
        yield f"| {process} | " + " | ".join(str(sizes.get(process, "")) for sizes in marks.values()) + " |"


def open_pages(found: dict[str, Any]) -> Iterator[str]:
    """How fast the monitor is over a million jobs, and what open pages cost."""
    if not found:
        return
    yield f"\nPages of the monitor over {found['jobs']:,} jobs:\n\n| page | p50 ms | p95 ms |\n|---|---:|---:|"
    yield from (f"| `{path}` | {middle} | {slow} |" for path, (middle, slow) in found["milliseconds"].items())
    without, used = found["cores_without_pages"], found["cores_with_pages"]
    yield f"\nThe API uses {without} of a core under load, {used} with 200 pages open.\n"
