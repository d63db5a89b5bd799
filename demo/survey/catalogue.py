"""The catalogue of the whole picture as its readers get it: numbered, with magnitudes relative to the brightest."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from .source import Source

COLUMNS = (
    "number", "x", "y", "magnitude", "magnitude_error", "colour", "half_light_radius", "major", "minor", "angle",
    "tile",
)  # fmt: skip


def relative_magnitudes(sources: Sequence[Source]) -> list[float]:
    """The magnitude of each source, 0 for the brightest; 5 magnitudes more mean a hundredth of the light."""
    brightest = max((source.flux for source in sources), default=1.0)
    return [2.5 * math.log10(brightest / source.flux) for source in sources]


def colour_of(source: Source) -> float | None:
    """Blue minus red in magnitudes, larger for redder sources; None if one of the two colours shows no light."""
    if source.flux_blue <= 0 or source.flux_red <= 0:
        return None
    return -2.5 * math.log10(source.flux_blue / source.flux_red)


def write_catalogue(sources: Sequence[Source], path: Path) -> None:
    """Write one line a source under a header; lengths in pixels, angles in degrees, an unknown colour left empty."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, (source, magnitude) in enumerate(zip(sources, relative_magnitudes(sources), strict=True), start=1):
            colour = colour_of(source)
            writer.writerow(
                (
                    number,
                    f"{source.x:.2f}",
                    f"{source.y:.2f}",
                    f"{magnitude:.3f}",
                    f"{2.5 / math.log(10) * source.flux_error / source.flux:.3f}",
                    "" if colour is None else f"{colour:.3f}",
                    f"{source.half_light_radius:.2f}",
                    f"{source.major:.2f}",
                    f"{source.minor:.2f}",
                    f"{source.angle:.1f}",
                    source.tile,
                )
            )
