"""Log lines of `culm` go to a file: what its parts log is for operators who look for a cause, not for the terminal."""

import os
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path

import structlog

from deploy.config import CHECKOUT
from projections.config import LOG_FILE


def keep_log_lines(environ: Mapping[str, str]) -> None:
    """Send every log line of this process, and of those it starts, to `logs/culm.log` under CULM_HOME.

    Nothing is written, and nothing appears on the terminal, where that folder cannot be used.
    """
    home = Path(environ.get("CULM_HOME") or CHECKOUT / ".culm").expanduser().absolute()
    target = _appending(home / "logs" / "culm.log")
    os.environ[LOG_FILE] = target.name
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(target),
    )


def _appending(path: Path) -> TextIOWrapper:
    if path.parent.is_dir():
        try:
            return path.open("a", encoding="utf-8", buffering=1)
        except OSError:
            pass
    return Path(os.devnull).open("a", encoding="utf-8")
