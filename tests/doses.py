"""How much a test does: all of it in `make test`, less in `make fast`.

A dose is for repetitions of one rule, by examples, scenes or seeds: the rule is held in both, in `make fast` at fewer places.
"""

from hypothesis import settings

#: Name of the hypothesis profile of `make fast`.
FAST = "fast"
#: Of every other run.
WHOLE = "whole"


def is_fast() -> bool:
    """True in `make fast`."""
    return settings.get_current_profile_name() == FAST


def dose(whole: int, fast: int) -> int:
    """How often something is repeated. whole: by default. fast: in `make fast`, at least 1."""
    return fast if is_fast() else whole
