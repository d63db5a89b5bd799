"""No core files: what a process holds in memory (keys, tokens, passwords) is not written to disk when it dies by a signal."""

import resource

#: Bytes. Too small for a core file, and the one limit at which the kernel gives no core to a program either: where
#: `/proc/sys/kernel/core_pattern` begins with `|`, a limit of 0 does not hold (core(5); Linux, fs/coredump.c).
CORE_BYTES_MAX = 1


def leave_no_core_file() -> None:
    """From now on, also of the processes that this one starts, until one of them asks for more, as its hard limit allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    soft = CORE_BYTES_MAX if hard == resource.RLIM_INFINITY else min(CORE_BYTES_MAX, hard)
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
