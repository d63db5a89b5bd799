"""What stays together when tests run on several workers."""

import pytest

from tests.quiet_worker import STAGES_OF_LANES, STAGES_OF_QUIET, is_quiet
from tests.side_by_side import group_of, next_group


@pytest.mark.parametrize(
    ("nodeid", "systems", "group"),
    [
        ("tests/api/test_stack.py::test_a", (), "tests/api/test_stack.py"),
        ("tests/streams/test_facts.py::test_a[1-2]", (), "servers"),
        ("tests/systems/test_ends.py::test_a[real_slurm]", ("real_slurm",), "real_slurm"),
        ("tests/systems/test_ends.py::test_a[real_slurm-[x]-1]", ("real_slurm", "real_local"), "real_slurm"),
        ("tests/systems/test_ends.py::test_a[real_slurm-1]", ("real_local",), "tests/systems/test_ends.py"),
        ("tests/systems/test_ends.py::test_a[real_slurm-1]", (), "tests/systems/test_ends.py"),
    ],
)
def test_what_shares_servers_and_the_cases_of_one_system_share_a_lane(nodeid: str, systems: tuple[str, ...], group: str) -> None:
    assert group_of(nodeid, systems) == group


@pytest.mark.parametrize(
    ("waiting", "lanes", "quiet"),
    [
        ({"computes": 0, "starts": 1, "alone": 2}, "starts", "computes"),
        ({"alone": 2, "computes": 0, "more": 0}, "computes", "computes"),
        ({"alone": 2}, "alone", None),
        ({"starts": 1, "more": 1}, "starts", None),
        ({}, None, None),
    ],
)
def test_lanes_take_what_starts_processes_first_and_the_quiet_worker_what_starts_nothing(
    waiting: dict[str, int], lanes: str | None, quiet: str | None
) -> None:
    assert next_group(waiting, waiting, STAGES_OF_LANES) == lanes
    assert next_group(waiting, waiting, STAGES_OF_QUIET) == quiet


@pytest.mark.parametrize(
    ("worker", "count", "quiet"), [("gw2", "3", True), ("gw1", "3", False), ("gw0", "1", False), (None, None, False)]
)
def test_the_last_of_several_workers_is_the_quiet_one(worker: str | None, count: str | None, quiet: bool) -> None:
    told = {"PYTEST_XDIST_WORKER": worker, "PYTEST_XDIST_WORKER_COUNT": count}

    assert is_quiet({name: value for name, value in told.items() if value is not None}) == quiet
