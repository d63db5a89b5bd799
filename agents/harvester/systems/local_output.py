"""What a worker on this host left in its folder: its exit code and its output. All of it may be hostile."""

from pathlib import Path

from agents.plain_files import beginning_of, end_of

EXIT_CODE, EXIT_CODE_BYTES_MAX = "exit_code", 16
OUTPUT, LAST_WORDS_BYTES = "pilot.log", 8192


def exit_code_left(folder: Path) -> int | None:
    """The exit code that a pilot wrote down at an orderly end, for one whose parent was gone."""
    try:
        code = int(beginning_of(folder / EXIT_CODE, EXIT_CODE_BYTES_MAX))
    except (OSError, ValueError):
        return None
    return code if 0 <= code <= 255 else None


def end_of_output(folder: Path) -> str:
    """The end of its output, at most 8 KB; empty where there is none."""
    try:
        return end_of(folder / OUTPUT, LAST_WORDS_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
