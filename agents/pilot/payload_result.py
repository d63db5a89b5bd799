"""How a payload ended, by its exit code and what it left in its directory (docs/reference/pilot.md, "Error codes").

In: an exit code, and the directory that the payload wrote in. Out: `PayloadResult`, and the job report as text. Guards: files
of the payload are hostile: a bounded number of bytes is read, and what is sent on is valid text and a 32-bit code.
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.pilot.errors import PAYLOAD_FAILED, JobTrouble
from agents.pilot.payload import STDERR
from agents.plain_files import beginning_of, end_of, size_of

ERROR_REPORT, JOB_REPORT = "payload_error_report.json", "jobReport.json"
METADATA_BYTES_MAX = 1 << 20
LOOKED_AT_BYTES = 1 << 20
TEXT_MAX = 500
CODE_MAX, UNREADABLE = (1 << 31) - 1, 1
ERROR_LINE = re.compile(r"\b(?:ERROR|Error|error): *(.+)")


@dataclass(frozen=True, slots=True)
class PayloadResult:
    """`trouble` is None for success; `error_code` and `error_text` are the payload's own words."""

    trouble: JobTrouble | None = None
    error_code: int = 0
    error_text: str = ""


def payload_result_of(exit_code: int, folder: Path) -> PayloadResult:
    """How the payload ended; one that says it failed has failed, also with exit code 0."""
    error_code, error_text = _error_report(folder)
    if exit_code == 0 and error_code == 0:
        return PayloadResult()
    why = _first_error(folder) or _last_line(folder)
    plain = f"payload ended with exit code {exit_code}{': ' if why else ''}{why}"
    return PayloadResult(JobTrouble(PAYLOAD_FAILED, (error_text or plain)[:TEXT_MAX]), error_code, error_text)


def shell_exit_code(code: int) -> int:
    """`code` as a shell has it: 128 + n for a payload that signal n ended."""
    return 128 - code if code < 0 else code


def metadata_in(folder: Path) -> str | None:
    """The job report that the payload wrote, whole; a word on what is left out when it is too large, None for none.

    Bytes that are no UTF-8 are replaced; the server judges what is JSON.
    """
    path = folder / JOB_REPORT
    try:
        content = beginning_of(path, METADATA_BYTES_MAX + 1)
        if len(content) <= METADATA_BYTES_MAX:
            return content.decode("utf-8", "replace") or None
        left_out = {"left_out": "metaData", "bytes": size_of(path), "bytes_max": METADATA_BYTES_MAX}
        return json.dumps(left_out)
    except OSError:
        return None


def _error_report(folder: Path) -> tuple[int, str]:
    """Code and text of the payload's own report of an error; 0 and "" when there is none that can be understood."""
    try:
        found = json.loads(beginning_of(folder / ERROR_REPORT, LOOKED_AT_BYTES))
    except (OSError, ValueError, RecursionError):
        return 0, ""
    if not isinstance(found, dict):
        return 0, ""
    code = _code(found.get("error_code"))
    text = found.get("error_diag")
    return code, readable(text)[:TEXT_MAX] if code and isinstance(text, str) else ""


def readable(text: str) -> str:
    """`text` with halves of surrogate pairs and NUL replaced, so that it can be sent and stored."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _code(given: Any) -> int:
    """The error code that a payload gave, within 32 bits; UNREADABLE for a number that is none."""
    try:
        number = float(given or 0)
    except (TypeError, ValueError, OverflowError):
        return 0
    if not math.isfinite(number):
        return UNREADABLE
    return max(-CODE_MAX, min(int(number), CODE_MAX))


def _first_error(folder: Path) -> str:
    found = ERROR_LINE.search(_stderr(folder, 0))
    return found[1].strip() if found else ""


def _last_line(folder: Path) -> str:
    lines = [line for line in _stderr(folder, -LOOKED_AT_BYTES).splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""


def _stderr(folder: Path, start: int) -> str:
    """Some of what the payload wrote to stderr: its beginning, or its end when `start` is negative."""
    path = folder / STDERR
    try:
        content = beginning_of(path, LOOKED_AT_BYTES) if start >= 0 else end_of(path, LOOKED_AT_BYTES)
    except OSError:
        return ""
    return readable(content.decode("utf-8", "replace"))
