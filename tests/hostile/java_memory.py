"""What a Java process needs, told apart from garbage that its heap may hold: its live objects, and what lies outside the heap.

A heap with a limit fills before it is collected, so the size of the process says nothing about a leak until the limit is
reached. Here the JVM is made to collect everything first (`jcmd PID GC.run`, which asks the JVM itself and needs no login), then
says how much is left and where its heap lies; pages of that place are taken out of the size of the process and the live bytes are
put in. A leak in the heap or outside it is seen as growth, garbage is not.
"""

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

#: jcmd is a program of the JDK only; its module is in a runtime without it, too.
JCMD = ("-XX:TieredStopAtLevel=1", "-m", "jdk.jcmd/sun.tools.jcmd.JCmd")
ANSWER_SECONDS_MAX = 60.0
#: `garbage-first heap total 262144K, used 3072K [0x00000000e0000000, ...)`; a serial heap has a line for each generation.
GENERATION = re.compile(r" total (\d+)K, used (\d+)K \[0x([0-9a-f]+), (?:0x[0-9a-f]+, )?0x([0-9a-f]+)\)")
KIB = 1024


@dataclass(frozen=True, slots=True)
class Heap:
    """live: bytes in use. places: address ranges of the heap, begin and end."""

    live: int
    places: tuple[tuple[int, int], ...]

    def holds(self, address: int) -> bool:
        """True for an address in the heap."""
        return any(begin <= address < end for begin, end in self.places)


def heap_in(text: str) -> Heap:
    """The heap that `jcmd PID GC.heap_info` describes; raises ValueError for anything else."""
    found = GENERATION.findall(text)
    if not found:
        raise ValueError(f"no heap in what jcmd said: {text[:200]!r}")
    places = tuple((int(begin, 16), int(end, 16)) for _, _, begin, end in found)
    return Heap(sum(int(used) for _, used, _, _ in found) * KIB, places)


def needed_bytes(heap: Heap, mappings: Iterable[tuple[int, int]]) -> int:
    """Bytes that a process needs. mappings: begin and private bytes of each of its mappings."""
    return heap.live + sum(size for begin, size in mappings if not heap.holds(begin))


def needed_by(process: psutil.Process) -> int:
    """Bytes that a running Java process needs, after a collection; raises OSError, SubprocessError, ValueError, psutil.Error."""
    java = process.exe()
    _ask(java, process.pid, "GC.run")
    heap = heap_in(_ask(java, process.pid, "GC.heap_info"))
    return needed_bytes(heap, [_mapping(one) for one in process.memory_maps(grouped=False)])


def is_java(process: psutil.Process) -> bool:
    """True for a process that runs `java`."""
    return process.name() == "java"


def _ask(java: str, pid: int, what: str) -> str:
    command = [java, *JCMD, str(pid), what]
    return subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX, check=True).stdout


def _mapping(one: object) -> tuple[int, int]:
    begin = int(str(one.addr).partition("-")[0], 16)  # type: ignore[attr-defined]  # a named tuple that psutil makes
    return begin, one.private_clean + one.private_dirty  # type: ignore[attr-defined]
