"""Structured log lines of the agents on standard error, one JSON object a line."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog


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


def configure_logs(keep: Callable[[str], None] | None = None) -> None:
    """Set structlog up for this process; call once, before the first line. `keep` gets every finished line as well."""

    def kept(_: object, __: str, line: MutableMapping[str, Any] | str) -> str:
        assert isinstance(line, str), "comes after the renderer"
        if keep is not None:
            keep(line)
        return line

    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
            kept,
        ],
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, Unbroken())),
        cache_logger_on_first_use=True,
    )
