"""Which read models no projector brings up to date, because their tables are of another version of Culm.

A projector leaves such a one out (`projections/engine/holding.py`); its rows stand still, and questions of this version may ask
for columns that its tables do not have.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from projections.catalogue import PROJECTIONS

#: The live version of each.
LIVE = "select projection, version from projection_live"


def left_out(live: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """A sentence for each that is left out, with the remedy. live: rows of `LIVE`; empty before the first start made any."""
    versions = {row["projection"]: row["version"] for row in live}
    if not versions:
        return ()
    found = []
    for name, projection in sorted(PROJECTIONS.items()):
        version = versions.get(name)
        if version != projection.version:
            has = "has no tables" if version is None else f"is at version {version}"
            found.append(f"Read model {name} {has}, Culm at {projection.version}: it stands still until `culm rebuild {name}`.")
    return tuple(found)
