"""A node's declared cores and memory: what kubelet reads of them, and that the host's files stay as they are."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.systems import declared_capacity


def test_the_files_say_what_is_declared_and_keep_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tmp_path / "meminfo"
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    real.write_text("MemTotal:       24000 kB\nMemFree:         100 kB\n")

    made = dict(declared_capacity.files(tmp_path / "declared", 3, 200_000, real))

    memory, topology = made
    assert memory.read_text() == "MemTotal: 204800000 kB\nMemFree:         100 kB\n"
    assert sorted(path.name for path in topology.iterdir()) == ["node0", "node1", "node2"]
    assert (topology / "node2/cpu0/topology/core_id").read_text() == "0\n"


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes a mount namespace")
def test_a_program_sees_them_and_the_host_does_not(tmp_path: Path) -> None:
    program = ["sh", "-c", "head -n 1 /proc/meminfo; ls /sys/devices/system/node"]

    seen = subprocess.run(
        declared_capacity.command(tmp_path / "declared", 64, 200_000, program), capture_output=True, text=True, check=True
    ).stdout

    assert "MemTotal: 204800000 kB" in seen
    assert "node63" in seen
    assert "MemTotal: 204800000 kB" not in Path("/proc/meminfo").read_text()
