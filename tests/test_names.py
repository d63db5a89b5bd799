"""One name, one thing: no two public classes of the product share a name.

In: the classes of every production folder. Out: names that stand for two things. Guards: a reader who
searches for a name finds the one place where it is explained.
"""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = (
    "agents", "api", "audit", "check", "cli", "commands", "demo", "deploy", "eventlog", "identity", "process", "projections",
    "schemas", "streams",
)  # fmt: skip
WRAPPERS = ("api/pilots/wrappers/build_gen.py", "api/pilots/wrappers/run_gen.py", "api/pilots/wrappers/run_merge.py")
#: At the top level of a module; nothing else begins a line of ours so.
CLASS = re.compile(r"^class ([A-Za-z]\w*)", re.MULTILINE)
#: Names that may stand in several files: which, and why.
EXCEPTIONS = {
    # Each wrapper is sent to a job as one file, so it has its own copy of what all three need.
    "AcceptedOption": WRAPPERS,
    "Options": WRAPPERS,
    "Stop": WRAPPERS,
    "Terminated": WRAPPERS,
    # The same thing on two sides that import nothing of each other: a value that says why not.
    "Refused": ("agents/harvester/systems/contract.py", "api/http/errors.py"),
    "Refusal": ("commands/decision.py", "streams/jedi/task_parameters.py"),
}


def public_classes() -> dict[str, list[str]]:
    """Name of a class -> files that define one of this name at their top level; private names left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for name in CLASS.findall(path.read_text(encoding="utf-8")):
                found[name].append(path.relative_to(ROOT).as_posix())
    return found


def test_no_two_public_classes_have_one_name() -> None:
    shared = {name: tuple(files) for name, files in public_classes().items() if len(files) > 1}

    assert shared == EXCEPTIONS
