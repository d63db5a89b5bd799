"""The memory that a pilot offers is what it may really use."""

from pathlib import Path

import pytest

from agents.pilot.slot import memory_mb_of_slot

NO_LIMIT = str((1 << 63) - 4096)


@pytest.mark.parametrize(
    ("own", "file", "limit", "given_mb", "expected_mb"),
    [
        ("0::/slurm/job_7\n", "slurm/job_7/memory.max", str(8_000 << 20), 0, 8_000),
        ("4:memory:/htcondor/slot1\n", "memory/htcondor/slot1/memory.limit_in_bytes", str(4_096 << 20), 0, 4_096),
        ("0::/\n", "memory.max", str(4_000 << 20), 0, 4_000),
        ("0::/job\n", "job/memory.max", "max", 0, 64_000),
        ("4:memory:/\n", "memory/memory.limit_in_bytes", NO_LIMIT, 0, 64_000),
        ("0::/job\n", "job/memory.max", "max", 12_000, 12_000),
        ("0::/job\n", "job/memory.max", str(8_000 << 20), 12_000, 8_000),
        ("0::/../../etc\n", "other", "1", 0, 64_000),
        ("odd", "other", "1", 0, 64_000),
    ],
)
def test_the_least_limit_is_offered(
    tmp_path: Path, own: str, file: str, limit: str, given_mb: int, expected_mb: int
) -> None:
    group_file, groups = tmp_path / "own", tmp_path / "groups"
    group_file.write_text(own, encoding="utf-8")
    (groups / file).parent.mkdir(parents=True)
    (groups / file).write_text(limit, encoding="ascii")

    assert memory_mb_of_slot(64_000, given_mb, group_file, groups) == expected_mb
