"""A token that a command is given as a file, or on its input."""

import sys
from pathlib import Path

from deploy.errors import StepFailed

TOKEN_LENGTH_MAX = 16_384


def token_in(file: Path) -> str:
    """The text of the file, of standard input for -; raises StepFailed for one that cannot be read."""
    try:
        return (sys.stdin.read(TOKEN_LENGTH_MAX + 1) if str(file) == "-" else file.read_text(encoding="utf-8")).strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise StepFailed(f"the token cannot be read from {file}: {type(problem).__name__}") from problem
