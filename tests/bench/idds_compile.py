"""`python -m tests.bench.idds_compile [--works W] [--jobs J]`: a large graph from the body of its request to integers.

The shape is that of a survey: works of as many jobs each, of which each waits for up to three of the work before; names of 100
characters; graphs zipped as the released client does. Prints CPU seconds and memory of each step, writes
`out/bench/idds_compile.json`.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from streams.idds.compile import CompiledGraph, compile_graph
from streams.idds.compile_tasks import TaskOrigin, task_parameters
from streams.idds.grammar import read_request
from streams.idds.model import WorkflowPlan
from streams.idds.zipped import UnpackingAllowance
from tests.streams.idds_requests import a_job, a_request, a_work

FILE = Path(__file__).parent.parent.parent / "out" / "bench" / "idds_compile.json"
NAME_CHARACTERS, PARENTS = 100, 3


def main(works: int, jobs: int) -> int:
    """Exit code 0 after printing the figures."""
    body = json.dumps(a_request(*(_work(number, jobs) for number in range(works))))
    before = _megabytes()
    began = time.process_time()
    plan = read_request(body, UnpackingAllowance())
    read = time.process_time()
    assert isinstance(plan, WorkflowPlan), plan
    graph = compile_graph(plan, UnpackingAllowance())
    compiled = time.process_time()
    assert isinstance(graph, CompiledGraph), graph
    made = [task_parameters(one, TaskOrigin(1, number)) for number, one in enumerate(graph.works)]
    ended = time.process_time()
    assert all(isinstance(one, dict) for one in made)
    arrays = (graph.first_child, graph.children, graph.parents, graph.depths)
    found: dict[str, Any] = {
        "jobs": graph.nodes,
        "edges": len(graph.children),
        "deepest": max(graph.depths),
        "body_bytes": len(body),
        "read_cpu_s": round(read - began, 2),
        "compile_cpu_s": round(compiled - read, 2),
        "task_parameters_cpu_s": round(ended - compiled, 2),
        "graph_bytes_a_job": round(sum(len(one) * one.itemsize for one in arrays) / graph.nodes, 1),
        "peak_memory_mb": _megabytes(),
        "of_it_before_reading_mb": before,
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(found, indent=2))
    print("\n".join(f"{name}: {value}" for name, value in found.items()))
    return 0


def _work(number: int, jobs: int) -> dict[str, Any]:
    return a_work(f"w{number}", [_job(number, one, jobs) for one in range(jobs)])


def _job(work: int, number: int, jobs: int) -> dict[str, Any]:
    wanted = {(number + step * step) % jobs for step in range(PARENTS)} if work else set()
    return a_job(_name(work, number), *((f"w{work - 1}", _name(work - 1, one)) for one in sorted(wanted)))


def _name(work: int, number: int) -> str:
    return f"{work:03}_{number:07}_".ljust(NAME_CHARACTERS, "q")


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--works", type=int, default=10)
    options.add_argument("--jobs", type=int, default=10_000)
    given = options.parse_args()
    sys.exit(main(given.works, given.jobs))
