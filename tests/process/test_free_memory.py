"""An allocator with bounds: threads share two heaps, what is large is mapped on its own, what is free can be given back.

Each case runs in a process of its own, as the settings are a process's. Counted is what glibc itself reports.
"""

import ast
import subprocess
import sys

import pytest

from process.servers import CHECKOUT

COUNTS = """
import ctypes, threading

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
libc.free.argtypes = (ctypes.c_void_p,)
libc.open_memstream.restype = ctypes.c_void_p
libc.malloc_info.argtypes = (ctypes.c_int, ctypes.c_void_p)
libc.fclose.argtypes = (ctypes.c_void_p,)


def report() -> str:
    text, size = ctypes.c_char_p(), ctypes.c_size_t()
    file = libc.open_memstream(ctypes.byref(text), ctypes.byref(size))
    libc.malloc_info(0, file)
    libc.fclose(file)
    return text.value.decode()


def heaps() -> int:
    return report().count("<heap ")


def mapped() -> int:
    return int(report().rpartition('type="mmap" count="')[2].partition('"')[0])
"""
BOUNDED = "from process.free_memory import give_freed_memory_back\nassert give_freed_memory_back()\n"
THREADS = """
together = threading.Barrier(30)


def allocate() -> None:
    together.wait()
    libc.free(libc.malloc(1000))
    together.wait()


threads = [threading.Thread(target=allocate) for _ in range(30)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(heaps())
"""
LARGE = """
libc.free(libc.malloc(20 << 20))
before = mapped()
held = [libc.malloc(1 << 20) for _ in range(10)]
print(mapped() - before)
"""
TORN = """
from process.free_memory import trim_heaps

pieces = [libc.malloc(2000) for _ in range(20_000)]
kept, freed = pieces[::100], [piece for number, piece in enumerate(pieces) if number % 100]
for piece in freed:
    libc.free(piece)
print(int(trim_heaps()))
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")


def printed(*code: str) -> int:
    """The number that a Python prints."""
    command = [sys.executable, "-c", "\n".join(code)]
    return int(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)


def test_thirty_threads_share_two_heaps() -> None:
    assert printed(BOUNDED, COUNTS, THREADS) == 2


def test_threads_have_more_heaps_where_nothing_bounds_them() -> None:
    assert printed(COUNTS, THREADS) > 2


def test_what_is_large_is_mapped_on_its_own_after_something_larger_was_freed() -> None:
    assert printed(BOUNDED, COUNTS, LARGE) == 10


def test_what_is_large_stays_in_the_heap_where_nothing_bounds_it() -> None:
    assert printed(COUNTS, LARGE) == 0


def test_pages_between_pieces_in_use_are_given_back() -> None:
    assert printed(BOUNDED, COUNTS, TORN) == 1


@pytest.mark.parametrize("path", ["api/__main__.py", "api/edge/__main__.py"])
def test_servers_that_strangers_reach_begin_so(path: str) -> None:
    tree = ast.parse((CHECKOUT / path).read_text())
    (main,) = [one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "main"]

    begin = [ast.unparse(one) for one in main.body[1:4]]

    assert begin == ["configure_logs()", "leave_no_core_file()", "give_freed_memory_back()"]
