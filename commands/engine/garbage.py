"""The search for garbage, kept away from states: millions of objects that refer to nothing in a circle.

Counting references frees what a decision leaves behind. Python searches for circles beside that, now and then in everything that
there is, which stops a decider with 100,000 live jobs for some 300 ms. Circles come from clients and errors only, so what lives
for long is taken out of the search. How often the rest is searched: `process.collector`.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: With fewer aggregates the search costs too little to matter.
AGGREGATES_MIN = 10_000


def never_search(aggregates: int) -> None:
    """Leave out everything that there is now, of so many aggregates in memory, from every later search."""
    if aggregates >= AGGREGATES_MIN:
        gc.freeze()


@contextmanager
def no_search() -> Iterator[None]:
    """Search nothing meanwhile, for those who make very much that stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
