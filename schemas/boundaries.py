"""What input is grouped, ordered and joined by beside its name. Pure. Source: docs/reference/jedi.md, "Boundaries"."""

import re
from hashlib import sha256

from schemas.types import DatasetFile, SplitRules

BOUNDARY_ID, LUMI_BLOCK, RANDOM = "boundary_id", "lumi_block", "random"
#: Of a draw: within what a message can carry, and many more than a dataset has files.
DRAW_BYTES = 4
INDEX = re.compile(r"\._(\d{1,18})(?=[._]|$)")


def number_of(file: DatasetFile, what: str, task_id: int = 0) -> int | None:
    """The group or the luminosity block of a file, or the number drawn for it in a task; None where it has none, or nothing is
    asked for."""
    match what:
        case "boundary_id":
            return file.boundary_id
        case "lumi_block":
            return file.lumi_block
        case "random":
            return int.from_bytes(sha256(f"{task_id}:{file.lfn}".encode()).digest()[:DRAW_BYTES])
        case _:
            return None


def looked_at(rules: SplitRules) -> str:
    """What the rules look at: the boundary, else the order; empty where they look at neither."""
    return rules.boundary or rules.ordered_by


def index_of(lfn: str) -> int | None:
    """The number by which files of several datasets belong together: 123 of `x._000123.root`; None without one."""
    found = INDEX.findall(lfn)
    return int(found[-1]) if found else None
