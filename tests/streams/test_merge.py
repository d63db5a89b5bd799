"""Unmerged jobs packed into merge jobs."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.types import SplitRules
from streams.jedi.merge import GIGABYTE, merge
from tests.streams.builders import SEED, candidates, unmerged


def merged(count: int, *queues: str, size: int = 10, **rules: Any) -> list[tuple[str, list[int]]]:
    """Queue and serials of each merge job."""
    jobs = unmerged(count, queues=queues or ("Q1",), size_bytes=size)
    return [(plan.queue, list(plan.unit_ids)) for plan in merge(jobs, SplitRules(**rules), candidates("Q1", "Q2"), SEED)]


def test_what_fits_into_one_job_is_merged_by_one_where_most_of_it_lies() -> None:
    assert merged(5, "Q2", "Q1", "Q2") == [("Q2", [1, 2, 3, 4, 5])]


def test_more_is_merged_queue_by_queue() -> None:
    assert merged(5, "Q2", "Q1", files_per_merge_job=2) == [("Q1", [2, 4]), ("Q2", [1, 3]), ("Q2", [5])]


def test_fifty_jobs_are_merged_at_once_unless_said_otherwise() -> None:
    assert [len(serials) for _, serials in merged(120)] == [50, 50, 20]


def test_merge_jobs_are_limited_by_size() -> None:
    assert [serials for _, serials in merged(4, size=GIGABYTE, gigabytes_per_merge_job=2)] == [[1, 2], [3, 4]]
    assert [serials for _, serials in merged(4, size=2 * GIGABYTE)] == [[1, 2], [3, 4]]


def test_each_output_is_weighed_twice_at_most_however_many_are_merged_by_one_job(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = unmerged(400, queues=("Q1", "Q2"), size_bytes=1)
    weighed: list[int] = []

    def counting(sizes: Iterable[int]) -> int:
        weighed.extend(sizes)
        return len(weighed)

    monkeypatch.setattr("streams.jedi.merge.sum", counting, raising=False)
    plans = merge(jobs, SplitRules(files_per_merge_job=300), candidates("Q1", "Q2"), SEED)

    assert [len(plan.unit_ids) for plan in plans] == [200, 200]
    assert len(weighed) == 2 * sum(len(job.outputs) for job in jobs)


def test_a_queue_is_drawn_when_that_of_the_outputs_is_no_candidate() -> None:
    assert merged(2, "GONE")[0][0] in ("Q1", "Q2")
    assert merged(2, "GONE") == merged(2, "GONE")


@given(count=st.integers(1, 130), limit=st.integers(1, 60), queues=st.lists(st.sampled_from(["Q1", "Q2", "Q3"]), min_size=1))
def test_every_unmerged_job_is_in_exactly_one_plan(count: int, limit: int, queues: list[str]) -> None:
    plans = merged(count, *queues, files_per_merge_job=limit)

    assert sorted(serial for _, serials in plans for serial in serials) == list(range(1, count + 1))
    assert all(len(serials) <= limit for _, serials in plans)
