"""What input is grouped and ordered by beside its name. Pure. Source: docs/reference/jedi.md, "Boundaries"."""

from schemas.types import DatasetFile, SplitRules

BOUNDARY_ID, LUMI_BLOCK = "boundary_id", "lumi_block"


def number_of(file: DatasetFile, what: str) -> int | None:
    """The group or the luminosity block of a file; None where it has none, or nothing is asked for."""
    match what:
        case "boundary_id":
            return file.boundary_id
        case "lumi_block":
            return file.lumi_block
        case _:
            return None


def looked_at(rules: SplitRules) -> str:
    """What the rules look at: the boundary, else the order; empty where they look at neither."""
    return rules.boundary or rules.ordered_by
