"""Sources and the catalogue file they travel in, one source a line of comma-separated values."""

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """One star or galaxy as measured in one tile; positions and lengths in pixels of the whole picture.

    `flux` is the light above the background inside the Kron ellipse, summed over the mean of the three colours; the
    unit is the 8-bit count of the picture, which was stretched for the eye: compare sources, do not calibrate.
    `major`, `minor` are root mean squares along the axes, `angle` is in degrees from the x axis towards the y axis.
    `distance_to_cut` says how far the tile's nearest cut edge was when the source was measured.
    """

    x: float
    y: float
    flux: float
    flux_error: float
    flux_red: float
    flux_green: float
    flux_blue: float
    half_light_radius: float
    major: float
    minor: float
    angle: float
    tile: str
    distance_to_cut: float


def write_sources(sources: Iterable[Source], path: Path) -> None:
    """Write `sources` with a header line."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=[field.name for field in fields(Source)])
        writer.writeheader()
        for source in sources:
            writer.writerow(asdict(source))


def read_sources(path: Path) -> list[Source]:
    """The sources of a file that `write_sources` wrote, exactly."""
    with path.open(newline="") as file:
        return [Source(**{k: v if k == "tile" else float(v) for k, v in row.items()}) for row in csv.DictReader(file)]  # type: ignore[arg-type]
