"""The analysis without the stack: cut the real picture, search every tile, merge, and compare with the whole."""

import csv
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree

import demo
from demo.cutting import cut, read_picture, write_tiles
from demo.survey.archive import SurveyedTile, read_archives, unpack_products, write_archive
from demo.survey.catalogue import relative_magnitudes
from demo.survey.find_sources import TRIM_PIXELS, find_sources
from demo.survey.merge_catalogue import MATCHING_RADIUS_PIXELS, join_pixels, merge_sources
from demo.survey.source import Source, read_sources, write_sources
from demo.survey.tile import Tile, read_tile


@cache
def surveyed_tiles() -> tuple[SurveyedTile, ...]:
    """The real picture cut as the demo cuts it, with the sources of every tile."""
    return tuple(SurveyedTile(tile, find_sources(tile)) for tile in cut(read_picture()))


@cache
def merged_sources() -> tuple[Source, ...]:
    """What the merge step makes of all tiles."""
    return tuple(merge_sources(entry.sources for entry in surveyed_tiles()))


@cache
def whole_sources() -> tuple[Source, ...]:
    """The sources of the picture searched in one piece."""
    picture = read_picture()
    return tuple(merge_sources([find_sources(Tile("whole", 0, 0, picture.shape[1], picture.shape[0], picture))]))


def positions(sources: Sequence[Source]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Where the sources are, one row each."""
    return np.array([(source.x, source.y) for source in sources])


def share_found_in(sources: Sequence[Source], others: Sequence[Source]) -> float:
    """The share of `sources` that have one of `others` within the matching radius."""
    distances, _ = cKDTree(positions(others)).query(positions(sources))
    return float(np.mean(distances < MATCHING_RADIUS_PIXELS))


def a_source(x: float = 10.0, y: float = 10.0, **changes: object) -> Source:
    """A source with plausible numbers."""
    source = Source(x, y, 1000.0, 5.0, 1100.0, 1000.0, 900.0, 2.0, 1.5, 1.0, 30.0, "r0c0", float("inf"))
    return replace(source, **changes)  # type: ignore[arg-type]


@pytest.mark.slow  # a whole picture is measured
def test_the_tiles_cover_the_picture_and_keep_every_pixel() -> None:
    assert len(surveyed_tiles()) == 24
    np.testing.assert_array_equal(join_pixels(surveyed_tiles()), read_picture())


def test_a_tile_survives_its_file_under_any_name(tmp_path: Path) -> None:
    tile = surveyed_tiles()[7].tile
    (file,) = write_tiles([tile], tmp_path, "some.run")
    renamed = file.rename(tmp_path / "panda.um.anything")

    back = read_tile(renamed)

    assert file.name == "some.run.r1c1.png"
    assert (back.name, back.x, back.y) == (tile.name, tile.x, tile.y) == ("r1c1", 102, 154)
    assert (back.picture_width, back.picture_height) == (1000, 872)
    np.testing.assert_array_equal(back.pixels, tile.pixels)


def test_an_ordinary_picture_is_refused_as_a_tile(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "holiday.png")

    with pytest.raises(ValueError, match="is no tile of a survey"):
        read_tile(tmp_path / "holiday.png")


def test_only_edges_where_the_tile_was_cut_count_as_cut() -> None:
    corner = Tile("r0c0", 0, 0, 1000, 872, np.zeros((300, 200, 3), dtype=np.uint8))

    assert corner.distance_to_cut(0, 0) == 199
    assert corner.distance_to_cut(190, 100) == 9
    assert Tile("whole", 0, 0, 200, 300, corner.pixels).distance_to_cut(5, 5) == float("inf")


def test_the_merged_tiles_hold_the_sources_of_the_whole_picture() -> None:
    """At least 98 % in both directions, and every bright one: faint sources at the threshold come and go with the
    background, which each tile estimates from its own pixels."""
    merged, whole = merged_sources(), whole_sources()
    bright = [source for source in whole if source.flux > 5000]

    assert len(whole) > 1200
    assert abs(len(merged) - len(whole)) < 0.01 * len(whole)
    assert share_found_in(whole, merged) > 0.98
    assert share_found_in(merged, whole) > 0.98
    assert len(bright) > 200
    assert share_found_in(bright, merged) == 1.0


def test_the_merged_tiles_measure_what_the_whole_picture_measures() -> None:
    merged, whole = merged_sources(), whole_sources()
    distances, nearest = cKDTree(positions(whole)).query(positions(merged))
    both = [(m, whole[n]) for m, n, d in zip(merged, nearest, distances, strict=True) if d < MATCHING_RADIUS_PIXELS]
    flux_ratios = np.array([m.flux / w.flux for m, w in both])

    assert np.percentile([d for d in distances if d < MATCHING_RADIUS_PIXELS], 95) < 0.1
    assert np.percentile(np.abs(flux_ratios - 1), 90) < 0.1


def test_no_two_merged_sources_are_nearer_than_the_matching_radius() -> None:
    assert not cKDTree(positions(merged_sources())).query_pairs(MATCHING_RADIUS_PIXELS)


def test_overlapping_tiles_see_many_sources_twice_before_the_merge() -> None:
    detections = sum(len(entry.sources) for entry in surveyed_tiles())

    assert detections > 1.5 * len(merged_sources())


def test_no_source_is_kept_from_the_rim_of_a_tile() -> None:
    assert all(s.distance_to_cut >= TRIM_PIXELS for entry in surveyed_tiles() for s in entry.sources)


def test_of_two_detections_the_one_farther_from_a_cut_stays() -> None:
    near, far = a_source(x=10, tile="a", distance_to_cut=40.0, flux=1010.0), a_source(x=11, tile="b")

    assert merge_sources([[near], [far]]) == [far]


def test_sources_beyond_the_matching_radius_both_stay_brightest_first() -> None:
    faint, bright = a_source(x=10, flux=10.0), a_source(x=10 + MATCHING_RADIUS_PIXELS + 0.1, flux=20.0)

    assert merge_sources([[faint], [bright]]) == [bright, faint]


def test_a_catalogue_survives_its_file_exactly(tmp_path: Path) -> None:
    sources = list(surveyed_tiles()[0].sources)
    write_sources(sources, tmp_path / "c.csv")

    assert read_sources(tmp_path / "c.csv") == sources


@pytest.mark.slow  # a whole picture is measured twice
def test_merging_in_two_steps_is_merging_at_once(tmp_path: Path) -> None:
    tiles = surveyed_tiles()
    write_archive(tiles[:10], tmp_path / "first.tgz")
    write_archive(tiles[8:], tmp_path / "second.tgz")

    surveyed = read_archives([tmp_path / "first.tgz", tmp_path / "second.tgz"])

    assert tuple(merge_sources(entry.sources for entry in surveyed)) == merged_sources()


def test_a_hundredth_of_the_light_is_five_magnitudes() -> None:
    assert relative_magnitudes([a_source(flux=500.0), a_source(flux=5.0)]) == [0.0, pytest.approx(5.0)]


@pytest.mark.slow
def test_the_scripts_run_in_a_sandbox_as_the_jobs_run_them(tmp_path: Path) -> None:
    """`python3 -m survey...` from a folder that holds nothing but the package, one tile a job, then the merge."""
    files = write_tiles([entry.tile for entry in surveyed_tiles()[:2]], tmp_path / "input", "run")
    (tmp_path / "survey").symlink_to(Path(demo.__path__[0]) / "survey")

    def run(module: str, *arguments: str) -> str:
        command = [sys.executable, "-B", "-m", f"survey.{module}", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    for number, file in enumerate(files):
        run("find_sources", "--tiles", str(file), "--output", f"{number}.tgz")
    said = run("merge_catalogue", "--archives", "0.tgz,1.tgz", "--output", "merged.tgz")
    products = unpack_products(tmp_path / "merged.tgz", tmp_path)

    assert said.startswith("2 tiles, ")
    assert [product.name for product in products] == ["catalogue.csv", "number_counts.png", "sources.png"]
    with products[0].open(newline="") as catalogue:
        rows = list(csv.DictReader(catalogue))
    assert len(rows) > 100
    assert (rows[0]["number"], rows[0]["magnitude"]) == ("1", "0.000")
    for picture in products[1:]:
        with Image.open(picture) as image:
            assert image.width > 1000
