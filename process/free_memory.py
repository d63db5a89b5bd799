"""Memory that a process has freed goes back to the system, instead of lying about in pieces.

glibc's allocator gives threads heaps of their own, eight for each core, and puts what is freed into the heap it came from. In a
server each request is met by another of some forty threads (the event loop, pools, those of librdkafka), so every heap grows to
the largest requests it has ever met, little by little and for as long as requests come. And after a large piece was freed, pieces
up to its size (32 MB at most) are no longer mapped on their own, and twice as much is kept at the end of each heap.
Both are bounded here: two heaps, and constant sizes. What lies free between pieces in use goes back when `trim_heaps` is called.
Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD; malloc_trim(3).
Standard library only.
"""

import ctypes

HEAPS_MAX = 2
#: A larger piece is mapped on its own, and unmapped when it is freed; glibc's default before it adapts.
MAPPED_BYTES_MIN = 128 * 1024
#: So much that is free is kept at the end of a heap; glibc's default before it adapts.
KEPT_BYTES_MAX = 128 * 1024
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def give_freed_memory_back() -> bool:
    """Of this process, from now on; call before there are other threads. False where the C library has no such settings."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    has_heaps = mallopt(_M_ARENA_MAX, HEAPS_MAX)
    has_sizes = mallopt(_M_MMAP_THRESHOLD, MAPPED_BYTES_MIN) and mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES_MAX)
    return bool(has_heaps and has_sizes)


def trim_heaps() -> bool:
    """Give back every page that holds nothing in use; some milliseconds for 50 MB. True when there was one."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and bool(trim(0))
