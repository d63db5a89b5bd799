"""Runs a command of a batch system: bounded in time and output, and nothing of it goes on afterwards.

In: arguments, environment, bounds. Out: what it printed and how it ended. Guards: a command that hangs, prints without end or
leaves children behind costs its caller `seconds` and `bytes_max` at most; its whole process group is dead on return.
"""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from agents.harvester.kill_points import reach

CHUNK_BYTES = 1 << 16
ERROR_BYTES_MAX = 1 << 16


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended. exit_code: negative for a signal, None if it was not there or did not end in time; problem: which."""

    exit_code: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    problem: str = ""

    @property
    def error_text(self) -> str:
        """Its error output as text."""
        return self.stderr.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        """Why it did not end well, in one line; empty if it did."""
        if self.problem or self.exit_code == 0:
            return self.problem
        how = f"exit code {self.exit_code}" if (self.exit_code or 0) > 0 else f"signal {-(self.exit_code or 0)}"
        return f"{how}: {one_line(self.error_text)}"


def one_line(text: str, length_max: int = 1000) -> str:
    """`text` in one line of printable characters."""
    cut = text[: 4 * length_max]
    return " ".join("".join(char if char.isprintable() else " " for char in cut).split())[:length_max]


def run_command(argv: Sequence[str], environment: Mapping[str, str], seconds: float, bytes_max: int = 1 << 20) -> Ran:
    """What `argv` said and how it ended; never raises for what the command does."""
    reach("native.before")
    try:
        process = subprocess.Popen(
            argv,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as problem:
        return Ran(None, problem=f"{argv[0]} cannot be started: {problem.strerror}")
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        outputs = (bytearray(), bytearray())
        problem_text = _read((process.stdout, process.stderr), outputs, (bytes_max, ERROR_BYTES_MAX), time.monotonic() + seconds)
        if not problem_text:
            with suppress(subprocess.TimeoutExpired):  # it closed its outputs; it has a moment to end by itself
                process.wait(timeout=1.0)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    reach("native.after")
    if problem_text:
        return Ran(None, bytes(outputs[0]), bytes(outputs[1]), f"{argv[0]} {problem_text.format(seconds=seconds)}")
    return Ran(code, bytes(outputs[0]), bytes(outputs[1]))


def _read(pipes: tuple[IO[bytes], ...], outputs: tuple[bytearray, ...], bytes_max: tuple[int, ...], end: float) -> str:
    """Fill `outputs` until both pipes are closed; why it was given up, or nothing. Errors beyond their bound are dropped."""
    with selectors.DefaultSelector() as selector:
        for number, pipe in enumerate(pipes):
            selector.register(pipe, selectors.EVENT_READ, number)
        while selector.get_map():
            ready = selector.select(max(0.0, end - time.monotonic()))
            if not ready and time.monotonic() >= end:
                return "did not end within {seconds:g} s"
            for key, _ in ready:
                number = key.data
                chunk = os.read(key.fd, CHUNK_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif number == 0 and len(outputs[0]) + len(chunk) > bytes_max[0]:
                    return f"printed more than {bytes_max[0]} bytes"
                else:
                    outputs[number].extend(chunk[: bytes_max[number] - len(outputs[number])])
            if time.monotonic() >= end and selector.get_map():
                return "did not end within {seconds:g} s"
    return ""
