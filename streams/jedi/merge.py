"""Unmerged jobs packed into merge jobs.

In: jobs whose outputs wait, rules, candidate queues. Out: plans whose `unit_ids` are serials of unmerged jobs.
Invariant: every unmerged job is in exactly one plan. Merging where the outputs were made is
preferred. Source: docs/reference/jedi.md, "Merging".
"""

from collections.abc import Sequence

from schemas.types import JobPlan, SplitRules, UnmergedJob
from streams.jedi.candidates import Candidate
from streams.jedi.draw import draw

FILES_PER_MERGE_JOB = 50
#: nGBPerMergeJob when absent: the cap on the output of a merge job.
GIGABYTES_PER_MERGE_JOB = 5.0
GIGABYTE = 1024**3


def merge(unmerged: Sequence[UnmergedJob], rules: SplitRules, candidates: Sequence[Candidate], seed: str) -> tuple[JobPlan, ...]:
    """One plan when everything fits into one; else plans for each queue, that jobs merge what lies near them."""
    assert candidates, "nothing can be merged without a candidate queue"
    rows = sorted(unmerged, key=lambda job: job.serial)
    if len(_chunks(rows, rules)) <= 1:
        return (_plan(rows, candidates, seed),)
    by_queue: dict[str, list[UnmergedJob]] = {}
    for job in rows:
        by_queue.setdefault(job.queue, []).append(job)
    return tuple(_plan(chunk, candidates, seed) for _, jobs in sorted(by_queue.items()) for chunk in _chunks(jobs, rules))


def _chunks(jobs: Sequence[UnmergedJob], rules: SplitRules) -> list[list[UnmergedJob]]:
    """Jobs in their order, as many as fit into one merge job each time, one at least; each job is looked at once.

    A job counts as one file, as its log does where logs lead the merge input.
    """
    count_max = rules.files_per_merge_job or FILES_PER_MERGE_JOB
    bytes_max = (rules.gigabytes_per_merge_job or GIGABYTES_PER_MERGE_JOB) * GIGABYTE
    chunks: list[list[UnmergedJob]] = [[]]
    size = 0
    for job in jobs:
        more = sum(file.size_bytes for file in job.outputs)
        if chunks[-1] and (len(chunks[-1]) >= count_max or size + more > bytes_max):
            chunks.append([])
            size = 0
        chunks[-1].append(job)
        size += more
    return chunks


def _plan(jobs: Sequence[UnmergedJob], candidates: Sequence[Candidate], seed: str) -> JobPlan:
    """The queue that made most of the outputs, when it is a candidate; else one drawn by weight."""
    counts: dict[str, int] = {}
    for job in jobs:
        counts[job.queue] = counts.get(job.queue, 0) + 1
    names = {candidate.queue for candidate in candidates}
    near = sorted((queue for queue in counts if queue in names), key=lambda queue: (-counts[queue], queue))
    weights = {candidate.queue: candidate.weight for candidate in candidates}
    queue = near[0] if near else draw(weights, seed, "merge", jobs[0].serial)
    return JobPlan(unit_ids=tuple(job.serial for job in jobs), queue=queue)
