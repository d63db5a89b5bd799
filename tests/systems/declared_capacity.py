"""A node that declares more cores and memory than this host has, so that many small workers that ask for much fit on it.

Slurm and HTCondor have settings for that; kubelet reports what it reads in /proc and /sys. In: a folder, cores, memory. Out: the
command that runs a program in a mount namespace where these files say so. The host's own files stay as they are, and what a pod
uses is limited by its own request all the same.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

MEMORY_FILE, TOPOLOGY = Path("/proc/meminfo"), Path("/sys/devices/system/node")
#: $1, $2: what is bound, and over what; the command follows after a "--".
_BIND = 'while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; shift; exec "$@"'


def command(folder: Path, cores: int, memory_mb: int, program: Sequence[str]) -> list[str]:
    """`program` where the files in `folder`, which is made, stand in the place of the kernel's."""
    pairs = [str(path) for pair in files(folder, cores, memory_mb) for path in pair]
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _BIND, "sh", *pairs, "--", *program]


def inside(pid: int, program: Sequence[str]) -> list[str]:
    """`program` in the mount namespace of the process `pid`, so that each sees what the other mounts."""
    return ["nsenter", f"--mount=/proc/{pid}/ns/mnt", *program]


def files(folder: Path, cores: int, memory_mb: int, memory_file: Path = MEMORY_FILE) -> list[tuple[Path, Path]]:
    """Each made file or folder, and the one whose place it takes."""
    folder.mkdir()
    memory, topology = folder / "meminfo", folder / "node"
    total = f"MemTotal: {memory_mb * 1024} kB"
    memory.write_text(re.sub(r"^MemTotal:.*$", total, memory_file.read_text(), flags=re.MULTILINE))
    # kubelet counts the cores of all memory nodes, and lets pods run on the numbers that it found: those of this host, repeated.
    for number in range(cores):
        real = number % (os.cpu_count() or 1)
        core = topology / f"node{number}" / f"cpu{real}" / "topology"
        core.mkdir(parents=True)
        (core / "core_id").write_text(f"{real}\n")
        (core / "physical_package_id").write_text("0\n")
    return [(memory, MEMORY_FILE), (topology, TOPOLOGY)]
