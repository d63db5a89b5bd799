"""Log lines: one JSON object a line, the same for every process; the only place that configures structlog.

In: where lines go. Out: lines of Culm and, as `library_said`, warnings of libraries that use the standard library's logging.
"""

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast

import structlog

#: Variable that names the file for the lines of processes that a command starts; a process of a stack has a log of its own.
LOG_FILE = "CULM_LOG_FILE"
TEXT_MAX = 2_000


class Unbroken:
    """Standard error that never fails: what cannot be written, because the disk is full for example, is dropped."""

    def write(self, text: str) -> int:
        """Write, or drop."""
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        with suppress(OSError):
            sys.stderr.flush()


class IntoStructlog(logging.Handler):
    """Lines of libraries, as structured lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        text, failure = record.getMessage()[:TEXT_MAX], record.exc_info or None
        structlog.get_logger().log(record.levelno, "library_said", logger=record.name, text=text, exc_info=failure)


def configure_logs(target: TextIO | None = None, *, keep: Callable[[str], None] | None = None) -> None:
    """Set logging up for this process; call once, before the first line.

    target: where lines go, standard error if None. keep: gets every finished line as well.
    """

    def kept(_: object, __: str, line: MutableMapping[str, Any] | str) -> str:
        assert isinstance(line, str), "comes after the renderer"
        if keep is not None:
            keep(line)
        return line

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
            kept,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(target or cast(TextIO, Unbroken())),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[IntoStructlog()], force=True)


def named_target(environ: Mapping[str, str]) -> TextIO | None:
    """The file that CULM_LOG_FILE names, open for the life of the process; None without one."""
    name = environ.get(LOG_FILE)
    return Path(name).open("a", encoding="utf-8", buffering=1) if name else None
