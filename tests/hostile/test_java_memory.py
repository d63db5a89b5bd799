"""What a JVM needs is its live objects and what lies outside its heap: a leak in either is seen, garbage is not."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.java import find_java
from tests.hostile import java_memory, verdict
from tests.hostile.java_memory import Heap, heap_in, needed_bytes
from tests.starting import starts_processes

MIB = 1 << 20
LOW, HIGH = 0xE0000000, 0x100000000
G1 = """32010:
 garbage-first heap   total 262144K, used 164841K [0x00000000e0000000, 0x0000000100000000)
  region size 1024K, 120 young (122880K), 1 survivors (1024K)
 Metaspace       used 47724K, committed 48768K, reserved 1114112K
  class space    used 5713K, committed 6208K, reserved 1048576K
"""
SERIAL = """32012:
 def new generation   total 22016K, used 8782K [0x00000000f0000000, 0x00000000f17e0000, 0x00000000f5550000)
  eden space 19584K,  38% used [0x00000000f0000000, 0x00000000f076e460, 0x00000000f1320000)
  from space 2432K,  48% used [0x00000000f1320000, 0x00000000f1445408, 0x00000000f1580000)
 tenured generation   total 48800K, used 32816K [0x00000000f5550000, 0x00000000f84f8000, 0x0000000100000000)
   the space 48800K,  67% used [0x00000000f5550000, 0x00000000f755c378, 0x00000000f755c400, 0x00000000f84f8000)
 Metaspace       used 64432K, committed 65024K, reserved 1114112K
"""
#: 20 MB of objects that are held, then 150 MB of which none is, then it says that it is ready and waits to be ended.
HOLDER = """
public class Holder {
    static Object held;
    public static void main(String[] arguments) throws Exception {
        held = new byte[20 << 20];
        for (int piece = 0; piece < 150; piece++) { byte[] garbage = new byte[1 << 20]; garbage[0] = (byte) piece; }
        System.out.println("ready");
        System.in.read();
    }
}
"""


@pytest.mark.parametrize(
    ("text", "live_kib", "places"),
    [
        (G1, 164841, ((0xE0000000, 0x100000000),)),
        (SERIAL, 8782 + 32816, ((0xF0000000, 0xF5550000), (0xF5550000, 0x100000000))),
    ],
)
def test_the_heap_is_read_of_either_collector(text: str, live_kib: int, places: tuple[tuple[int, int], ...]) -> None:
    found = heap_in(text)

    assert found == Heap(live_kib * 1024, places)


def test_an_answer_without_a_heap_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(ValueError, match="no heap in what jcmd said: '7:"):
        heap_in("7:\nUnable to open socket file")


def grown(live_mb: int, heap_pages_mb: int, outside_mb: int) -> list[str]:
    """What the verdict says of a broker that was at 60 MB live, 256 MB of pages of heap and 100 MB outside, and is now so."""

    def needed(live: int, pages: int, outside: int) -> int:
        mappings = [(LOW, pages * MIB // 2), (LOW + MIB, pages * MIB // 2), (0x7F0000000000, outside * MIB)]
        return needed_bytes(Heap(live * MIB, ((LOW, HIGH),)), mappings) // MIB

    return verdict.grown({"kafka": needed(60, 256, 100)}, {"kafka": needed(live_mb, heap_pages_mb, outside_mb)})


def test_a_heap_that_fills_with_garbage_is_no_leak() -> None:
    assert grown(live_mb=65, heap_pages_mb=512, outside_mb=110) == []


def test_objects_that_stay_are_a_leak_though_the_process_keeps_its_size() -> None:
    assert grown(live_mb=200, heap_pages_mb=256, outside_mb=100) == ["kafka from 160 to 300 MB"]


def test_memory_outside_the_heap_is_a_leak() -> None:
    assert grown(live_mb=60, heap_pages_mb=256, outside_mb=240) == ["kafka from 160 to 300 MB"]


@pytest.fixture
@starts_processes
def holder(tmp_path: Path) -> Iterator[psutil.Process]:
    """A JVM that holds 20 MB and has let go of 150, with so much room that none of it was collected."""
    java = find_java(os.environ)
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True, timeout=120, check=True).stdout
    if "jdk.compiler" not in modules:
        pytest.skip("this Java cannot compile")
    source = tmp_path / "Holder.java"
    source.write_text(HOLDER, encoding="utf-8")
    command = [java, "-XX:+UseSerialGC", "-Xms500m", "-Xmx500m", "-Xmn400m", str(source)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None, "it was asked for"
        assert running.stdout.readline() == "ready\n"
        yield psutil.Process(running.pid)
        running.kill()


def test_a_running_jvm_is_asked_what_it_holds(holder: psutil.Process) -> None:
    before = holder.memory_full_info().uss

    needed = java_memory.needed_by(holder)

    assert java_memory.is_java(holder)
    assert 20 * MIB < needed < before - 100 * MIB
