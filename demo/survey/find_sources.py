"""Finds and measures the stars and galaxies of tiles; a job runs it on the tiles that it was given.

    python3 -m survey.find_sources --tiles TILE[,TILE...] --output survey.tgz

Tiles go in, out comes a survey archive that holds the tiles and a catalogue of each. Sources that lie too near to an
edge where the tile was cut are left to the neighbour, which overlaps and sees them whole; what both see is sorted out
when the catalogues are merged.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sep
from numpy.typing import NDArray

from .archive import SurveyedTile, write_archive
from .source import Source
from .tile import Tile, read_tile

DETECTION_THRESHOLD = 4.0
"""In standard deviations of the smoothed background; below about 3 the grain of the JPEG file is found as well."""

DETECTION_PIXELS_MIN = 9
BACKGROUND_MESH_PIXELS = 128
"""Wider than every galaxy's core, so that the background does not follow the galaxies."""

DEBLENDING_LEVELS = 32
DEBLENDING_CONTRAST = 0.005
"""A peak counts as a source of its own from this share of its parent's light on: splits the crowded groups and leaves
spiral arms alone."""

TRIM_PIXELS = 32
"""Detections nearer than this to a cut edge are dropped. Tiles must overlap by more than twice as much."""

KRON_FACTOR = 2.5
KRON_RADIUS_MIN = 1.75
"""Usual Source Extractor values (`PHOT_AUTOPARAMS 2.5, 3.5`, where 3.5 is twice the smallest radius)."""

SMOOTHING = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], dtype=np.float32)


Pixels = NDArray[np.float32]
Numbers = NDArray[np.float64]


def find_sources(tile: Tile) -> list[Source]:
    """The sources of `tile`, brightest first, at their positions in the whole picture."""
    red, green, blue = (np.ascontiguousarray(tile.pixels[:, :, band], dtype=np.float32) for band in range(3))
    light = np.asarray((red + green + blue) / 3, dtype=np.float32)
    background = background_of(light)
    found, segments = sep.extract(
        light - background.back(),
        DETECTION_THRESHOLD,
        err=background.rms(),
        minarea=DETECTION_PIXELS_MIN,
        filter_kernel=SMOOTHING,
        deblend_nthresh=DEBLENDING_LEVELS,
        deblend_cont=DEBLENDING_CONTRAST,
        segmentation_map=True,
    )
    apertures = Apertures.around(found, light - background.back(), segments)
    flux, flux_error = apertures.light_in(light - background.back(), background.globalrms)
    flux_red, flux_green, flux_blue = (
        apertures.light_in(band - background_of(band).back(), 0.0)[0] for band in (red, green, blue)
    )
    half_light = apertures.half_light_radius(light - background.back(), flux)
    sources = []
    for i in np.argsort(-flux):
        x, y = float(found["x"][i]) + tile.x, float(found["y"][i]) + tile.y
        distance_to_cut = tile.distance_to_cut(x, y)
        if distance_to_cut < TRIM_PIXELS or flux[i] <= 0:
            continue
        sources.append(
            Source(
                x=x,
                y=y,
                flux=float(flux[i]),
                flux_error=float(flux_error[i]),
                flux_red=float(flux_red[i]),
                flux_green=float(flux_green[i]),
                flux_blue=float(flux_blue[i]),
                half_light_radius=float(half_light[i]),
                major=float(found["a"][i]),
                minor=float(found["b"][i]),
                angle=float(np.degrees(found["theta"][i])),
                tile=tile.name,
                distance_to_cut=distance_to_cut,
            )
        )
    return sources


def background_of(light: Pixels) -> Any:
    """The smooth light of the empty sky: `back()` its level, `rms()` its noise, pixel by pixel."""
    return sep.Background(light, bw=BACKGROUND_MESH_PIXELS, bh=BACKGROUND_MESH_PIXELS)


@dataclass(frozen=True)
class Apertures:
    """The Kron ellipses of a tile's sources, one entry a source in each column; neighbours' pixels are left out."""

    x: Numbers
    y: Numbers
    major: Numbers
    minor: Numbers
    theta: Numbers
    kron_radius: Numbers
    segments: NDArray[np.int32]

    @classmethod
    def around(cls, found: Any, light: Pixels, segments: NDArray[np.int32]) -> "Apertures":
        """Ellipses that hold nearly all light of each source that `sep.extract` found in `light`."""
        x, y, major, minor = found["x"], found["y"], found["a"], found["b"]
        theta = np.clip(found["theta"], -np.pi / 2, np.pi / 2)
        radius, _ = sep.kron_radius(light, x, y, major, minor, theta, 6.0, segmap=segments, seg_id=cls.numbers(len(x)))
        smallest = KRON_RADIUS_MIN / np.sqrt(major * minor)
        return cls(x, y, major, minor, theta, np.maximum(KRON_FACTOR * np.nan_to_num(radius), smallest), segments)

    @staticmethod
    def numbers(count: int) -> NDArray[np.int32]:
        """The numbers that the segmentation map gives to `count` sources."""
        return np.arange(1, count + 1, dtype=np.int32)

    def light_in(self, light: Pixels, noise: float) -> tuple[Numbers, Numbers]:
        """The light of each source and its error, for pixels that scatter by `noise`."""
        flux, error, _ = sep.sum_ellipse(
            light, self.x, self.y, self.major, self.minor, self.theta, self.kron_radius, err=noise, subpix=5,
            segmap=self.segments, seg_id=self.numbers(len(self.x)),
        )  # fmt: skip
        return flux, error

    def half_light_radius(self, light: Pixels, flux: Numbers) -> Numbers:
        """The radius of the circle around each source that holds half of its `flux`."""
        radius, _ = sep.flux_radius(
            light, self.x, self.y, 6.0 * self.major, 0.5, normflux=flux, subpix=5,
            segmap=self.segments, seg_id=self.numbers(len(self.x)),
        )  # fmt: skip
        return np.asarray(radius, dtype=np.float64)


def main() -> None:
    """Read the tiles, find their sources, write the survey archive."""
    parser = argparse.ArgumentParser(description="Find and measure the sources of tiles.")
    parser.add_argument("--tiles", required=True, help="tile files, separated by commas")
    parser.add_argument("--output", required=True, type=Path, help="survey archive to write")
    options = parser.parse_args()
    surveyed = []
    for name in options.tiles.split(","):
        tile = read_tile(Path(name))
        sources = find_sources(tile)
        print(f"{tile.name}: {len(sources)} sources in {tile.width} x {tile.height} pixels from ({tile.x}, {tile.y})")
        surveyed.append(SurveyedTile(tile, sources))
    write_archive(surveyed, options.output)


if __name__ == "__main__":
    main()
