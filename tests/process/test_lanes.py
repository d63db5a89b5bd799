"""What stays together when tests run on several workers."""

import pytest

from tests.side_by_side import group_of


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
