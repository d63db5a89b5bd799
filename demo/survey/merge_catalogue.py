"""Joins the catalogues of all tiles into one, removes doubles and draws the results; the merge job runs it.

    python3 -m survey.merge_catalogue --archives ARCHIVE[,ARCHIVE...] --output survey.tgz

Survey archives go in, a survey archive comes out: the same tiles, and as products the catalogue of the whole picture
(`catalogue.csv`), the picture with its sources (`sources.png`) and their numbers (`number_counts.png`).
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from .archive import SurveyedTile, read_archives, write_archive
from .catalogue import write_catalogue
from .drawing import draw_number_counts, draw_sources
from .source import Source

MATCHING_RADIUS_PIXELS = 3.0
"""Two detections nearer than this are one source. The picture's own resolution: `find_sources` never splits nearer."""


def merge_sources(catalogues: Iterable[Sequence[Source]]) -> list[Source]:
    """All sources of all `catalogues`, each once, brightest first.

    Of detections within the matching radius the one measured farthest from a cut edge stays (of two in the same tile,
    the brighter). No two sources of the result are nearer to each other than that radius.
    """
    sources = [source for catalogue in catalogues for source in catalogue]
    if not sources:
        return []
    positions = np.array([(source.x, source.y) for source in sources])
    neighbours = cKDTree(positions).query_ball_point(positions, MATCHING_RADIUS_PIXELS)
    best_first = sorted(range(len(sources)), key=lambda i: (-sources[i].distance_to_cut, -sources[i].flux))
    dropped: set[int] = set()
    for i in best_first:
        if i not in dropped:
            dropped.update(j for j in neighbours[i] if j != i)
    return sorted((s for i, s in enumerate(sources) if i not in dropped), key=lambda source: -source.flux)


def join_pixels(surveyed: Sequence[SurveyedTile]) -> NDArray[np.uint8]:
    """The whole picture, put together from its tiles; black where a tile is missing."""
    first = surveyed[0].tile
    picture = np.zeros((first.picture_height, first.picture_width, 3), dtype=np.uint8)
    for entry in surveyed:
        tile = entry.tile
        picture[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] = tile.pixels
    return picture


def main() -> None:
    """Merge the archives, draw, and write the merged archive."""
    parser = argparse.ArgumentParser(description="Merge survey archives.")
    parser.add_argument("--archives", required=True, help="survey archives, separated by commas")
    parser.add_argument("--output", required=True, type=Path, help="merged survey archive to write")
    options = parser.parse_args()
    surveyed = read_archives(Path(name) for name in options.archives.split(","))
    sources = merge_sources(entry.sources for entry in surveyed)
    if not sources:
        raise SystemExit(f"no sources in {options.archives}: nothing to merge")
    detections = sum(len(entry.sources) for entry in surveyed)
    print(f"{len(surveyed)} tiles, {detections} detections, {len(sources)} sources after removing doubles")
    with tempfile.TemporaryDirectory() as folder:
        catalogue, picture, counts = (Path(folder, name) for name in ("catalogue.csv", "sources.png", "number_counts.png"))
        write_catalogue(sources, catalogue)
        draw_sources(join_pixels(surveyed), [entry.tile for entry in surveyed], sources, picture)
        draw_number_counts(sources, counts)
        write_archive(surveyed, options.output, products=(catalogue, picture, counts))


if __name__ == "__main__":
    main()
