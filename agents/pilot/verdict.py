"""How a payload ended, by its exit code and what it left in its directory (docs/reference/pilot.md, "Error codes")."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from agents.pilot.errors import PAYLOAD_FAILED, JobTrouble
from agents.pilot.payload import STDERR

ERROR_REPORT, JOB_REPORT = "payload_error_report.json", "jobReport.json"
METADATA_BYTES_MAX = 1 << 20
LOOKED_AT_BYTES = 1 << 20
TEXT_MAX = 500
ERROR_LINE = re.compile(r"\b(?:ERROR|Error|error): *(.+)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`trouble` is None for success; `error_code` and `error_text` are the payload's own words."""

    trouble: JobTrouble | None = None
    error_code: int = 0
    error_text: str = ""


def verdict_on(exit_code: int, folder: Path) -> Verdict:
    """How the payload ended; one that says it failed has failed, also with exit code 0."""
    error_code, error_text = _error_report(folder)
    if exit_code == 0 and error_code == 0:
        return Verdict()
    why = _first_error(folder) or _last_line(folder)
    plain = f"payload ended with exit code {exit_code}{': ' if why else ''}{why}"
    return Verdict(JobTrouble(PAYLOAD_FAILED, (error_text or plain)[:TEXT_MAX]), error_code, error_text)


def shell_exit_code(code: int) -> int:
    """`code` as a shell has it: 128 + n for a payload that signal n ended."""
    return 128 - code if code < 0 else code


def metadata_in(folder: Path) -> str | None:
    """The job report that the payload wrote, if it wrote one that can be sent."""
    path = folder / JOB_REPORT
    try:
        return path.read_text(encoding="utf-8") if 0 < path.stat().st_size <= METADATA_BYTES_MAX else None
    except (OSError, UnicodeDecodeError):
        return None


def _error_report(folder: Path) -> tuple[int, str]:
    try:
        found = json.loads((folder / ERROR_REPORT).read_bytes()[:LOOKED_AT_BYTES])
        code = int(found.get("error_code") or 0)
        return code, str(found.get("error_diag") or "")[:TEXT_MAX] if code else ""
    except (OSError, ValueError, TypeError, AttributeError):
        return 0, ""


def _first_error(folder: Path) -> str:
    found = ERROR_LINE.search(_stderr(folder, 0))
    return found[1].strip() if found else ""


def _last_line(folder: Path) -> str:
    lines = [line for line in _stderr(folder, -LOOKED_AT_BYTES).splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _stderr(folder: Path, start: int) -> str:
    """Some of what the payload wrote to stderr, from `start`, or from its end when negative."""
    path = folder / STDERR
    try:
        with path.open("rb") as file:
            file.seek(start if start >= 0 else max(0, path.stat().st_size + start))
            return file.read(LOOKED_AT_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
