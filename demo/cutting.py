"""Cuts the picture of the sky into overlapping tiles, the input files of the survey."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.data import hubble_deep_field

from demo.survey.tile import Tile, write_tile

COLUMNS = 6
ROWS = 4

MARGIN_PIXELS = 64
"""How far a tile reaches into its neighbours: farther than the largest galaxy, so that each is whole in one tile."""


def read_picture() -> NDArray[np.uint8]:
    """The Hubble eXtreme Deep Field as it ships with scikit-image: 872 rows, 1,000 columns, red-green-blue."""
    return np.asarray(hubble_deep_field(), dtype=np.uint8)  # type: ignore[no-untyped-call]


def cut(picture: NDArray[np.uint8], columns: int = COLUMNS, rows: int = ROWS) -> list[Tile]:
    """`picture` as `columns` times `rows` tiles that overlap by twice the margin, row by row."""
    height, width = picture.shape[:2]
    tiles = []
    for row in range(rows):
        top = max(0, height * row // rows - MARGIN_PIXELS)
        bottom = min(height, height * (row + 1) // rows + MARGIN_PIXELS)
        for column in range(columns):
            left = max(0, width * column // columns - MARGIN_PIXELS)
            right = min(width, width * (column + 1) // columns + MARGIN_PIXELS)
            pixels = np.ascontiguousarray(picture[top:bottom, left:right])
            tiles.append(Tile(f"r{row}c{column}", left, top, width, height, pixels))
    return tiles


def write_tiles(tiles: list[Tile], folder: Path, prefix: str) -> list[Path]:
    """Write each tile to `<folder>/<prefix>.<name>.png`; returns the files in order."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for tile in tiles:
        file = folder / f"{prefix}.{tile.name}.png"
        write_tile(tile, file)
        files.append(file)
    return files
