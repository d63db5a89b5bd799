"""`python -m tests.bench.workflow_graph [--nodes N] [--edges E]`: a large graph in the aggregate, and batches of 200 ends.

The shape is that of a survey: works of as many jobs each, of which each waits for a few of the work before. Prints the memory of
the graph, what its arrival costs, CPU milliseconds of a batch of 200 ends (decided and folded), of the slices that prune all the
rest, and of the rows of the whole. Writes `out/bench/workflow_graph.json`.
"""

import argparse
import json
import random
import resource
import sys
import time
from pathlib import Path
from statistics import median, quantiles

from commands.workflow.snapshot import SNAPSHOT
from schemas.types import UnitRange, WorkDefinition, WorkEnd
from schemas.workflow import (
    AddEdges,
    AddWorks,
    AdvanceWorkflow,
    RecordUnitEnds,
    RecordWorkEnd,
    SealWorkflow,
    SubmitWorkflow,
)
from tests.commands.workflow_scenes import REQUEST, Alone, task_of

FILE = Path(__file__).parent.parent.parent / "out" / "bench" / "workflow_graph.json"
WORKS, BATCH, BATCHES = 10, 200, 100
CHUNK = 5_000


def main(nodes: int, edges: int) -> int:
    """Exit code 0 after printing the figures."""
    of_work = nodes // WORKS
    parents = round(edges / (nodes - of_work))
    bench = Alone(is_kept=False)
    before, began = _megabytes(), time.process_time()
    count = _arrive(bench, of_work, parents)
    arrived = time.process_time()
    graph = bench.workflow.graph
    columns = (graph.states, graph.outstanding, graph.depths, graph.offsets, graph.children)
    held = sum(len(one) * (1 if one is graph.states else 4) for one in columns)
    figures: dict[str, float] = {
        "nodes": len(graph), "edges": count, "bytes_a_node": round(held / len(graph), 1),
        "graph_megabytes": round(held / 1e6, 1), "process_megabytes": _megabytes() - before,
        "arrival_cpu_seconds": round(arrived - began, 2),
    }  # fmt: skip
    bench.start()
    bench.go_on()
    figures |= _ends(bench, of_work)
    began = time.process_time()
    rows = sum(1 for _ in SNAPSHOT.rows(bench.workflow, list(SNAPSHOT.names(bench.workflow))))
    figures |= {"rows": rows, "rows_cpu_seconds": round(time.process_time() - began, 2), "peak_megabytes": _megabytes()}
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


def _arrive(bench: Alone, of_work: int, parents: int) -> int:
    """Submit, chunk by chunk, and seal; gives the number of edges. A job waits for `parents` neighbours in the work before."""
    nodes, edges = of_work * WORKS, parents * of_work * (WORKS - 1)
    works = tuple(WorkDefinition(internal_id=f"w{one}", name=f"w{one}", nodes=of_work) for one in range(WORKS))
    bench.send(SubmitWorkflow(request_id=int(REQUEST), works=WORKS, nodes=nodes, edges=edges))
    bench.send(AddWorks(chunk=0, works=works))
    chunk = 1
    for first in range(0, nodes, CHUNK):
        depths = tuple(node // of_work for node in range(first, min(first + CHUNK, nodes)))
        bench.send(AddWorks(chunk=chunk, works=(), depths=depths))
        chunk += 1
    for first in range(0, nodes - of_work, CHUNK):
        mine = [_children(node, of_work, parents) for node in range(first, min(first + CHUNK, nodes - of_work))]
        counts, children = tuple(map(len, mine)), tuple(child for some in mine for child in some)
        refusal = bench.send(AddEdges(chunk=chunk, first_parent=first, counts=counts, children=children)).refusal
        assert refusal is None, refusal
        chunk += 1
    refusal = bench.send(SealWorkflow(works=WORKS, nodes=nodes, edges=edges)).refusal
    assert refusal is None, refusal
    return edges


def _children(node: int, of_work: int, parents: int) -> list[int]:
    base = (node // of_work + 1) * of_work
    return sorted(base + (node % of_work + 7_919 * number) % of_work for number in range(parents))


def _ends(bench: Alone, of_work: int) -> dict[str, float]:
    """Batches of the first work in random order, all well; then its task fails, and all the rest is given up and pruned."""
    units = list(range(1, of_work + 1))
    random.Random(1).shuffle(units)
    spent = []
    for number in range(min(BATCHES, of_work // BATCH - 1)):
        some = sorted(units[number * BATCH : (number + 1) * BATCH])
        began = time.process_time()
        bench.send(RecordUnitEnds(task_id=task_of(0), finished=tuple(UnitRange(first=one, last=one) for one in some)))
        spent.append(1e3 * (time.process_time() - began))
    bench.send(RecordWorkEnd(task_id=task_of(0), end=WorkEnd.FAILED))
    longest, events, began_all = 0.0, len(bench.statuses), time.process_time()
    while bench.slices:
        began = time.process_time()
        bench.slices -= 1
        bench.send(AdvanceWorkflow())
        longest = max(longest, 1e3 * (time.process_time() - began))
    return {
        "batch_cpu_ms_p50": round(median(spent), 2), "batch_cpu_ms_p99": round(quantiles(spent, n=100)[98], 2),
        "slices": len(bench.statuses) - events, "slice_cpu_ms_max": round(longest, 1),
        "pruning_cpu_seconds": round(time.process_time() - began_all, 2),
    }  # fmt: skip


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=3_000_000)
    given = parser.parse_args()
    sys.exit(main(given.nodes, given.edges))
