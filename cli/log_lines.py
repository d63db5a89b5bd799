"""Log lines of `culm` go to a file: what its parts log is for operators who look for a cause, not for the terminal."""

import os
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path

from process.logs import LOG_FILE, configure_logs
from process.servers import home_of
from process.settings import Settings


def keep_log_lines(environ: Mapping[str, str]) -> None:
    """Send every log line of this process, and of those it starts, to `logs/culm.log` under CULM_HOME.

    Nothing is written, and nothing appears on the terminal, where that folder cannot be used.
    """
    target = _appending(home_of(Settings(environ)) / "logs" / "culm.log")
    os.environ[LOG_FILE] = target.name
    configure_logs(target)


def _appending(path: Path) -> TextIOWrapper:
    if path.parent.is_dir():
        try:
            return path.open("a", encoding="utf-8", buffering=1)
        except OSError:
            pass
    return Path(os.devnull).open("a", encoding="utf-8")
