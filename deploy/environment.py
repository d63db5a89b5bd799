"""Makes a virtual environment and says how far it is: `python3 -m deploy.environment FOLDER LOCK [PIP ARGUMENT ...]`.

The packages of the lock file are installed, then all that the further arguments ask pip for. Standard library only.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SILENT_SECONDS_MAX = 5.0
LINES_SHOWN = 20


def main(arguments: list[str]) -> int:
    """Exit code of the first step that failed, with pip's last lines on standard error; 0 when all is installed."""
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder, lock = Path(arguments[0]), Path(arguments[1])
    began = time.monotonic()
    if not (folder / "bin" / "pip").exists():  # also after an interruption between the two
        print(f"{folder}: making the environment", flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False)
        if made.returncode:
            return made.returncode
    code = _install(folder, ["-r", str(lock)], _packages(lock))
    if not code and arguments[2:]:
        code = _install(folder, arguments[2:], 1)
    if not code:
        print(f"{folder}: ready after {time.monotonic() - began:.0f} s", flush=True)
    return code


def _packages(lock: Path) -> int:
    return sum(1 for line in lock.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith(("#", "-")))


def _install(folder: Path, what: list[str], packages: int) -> int:
    python = str(folder / "bin" / "python")
    command = [python, "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check", *what]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None, "it was asked for"
        said = []
        for line, shown in progress(pip.stdout, packages):
            said.append(line)
            if shown:
                print(f"{folder}: {shown}", flush=True)
    if pip.returncode:
        print("".join(said[-LINES_SHOWN:]), file=sys.stderr, end="")
    return pip.returncode


def progress(lines: Iterator[str], packages: int) -> Iterator[tuple[str, str]]:
    """Each of pip's lines with what a person should see of it: one line in SILENT_SECONDS_MAX and each new step, else ''."""
    collected, shown_at = 0, 0.0
    for line in lines:
        shown = ""
        if line.startswith("Collecting "):
            collected += 1
            if time.monotonic() - shown_at > SILENT_SECONDS_MAX:
                shown = f"package {collected} of {max(packages, collected)}, {line.split()[1]}"
        elif line.startswith("Installing collected packages"):
            shown = f"installing {max(packages, collected)} packages"
        if shown:
            shown_at = time.monotonic()
        yield line, shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
