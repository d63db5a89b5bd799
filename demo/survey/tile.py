"""Tiles: rectangles cut from a picture of the sky, each a PNG file that knows where it belongs.

A tile's file is an ordinary colour PNG; its place in the whole picture travels inside, as a text chunk. Nothing is read
out of file names, so a tile may be renamed on its way through a storage element.
Pixels are counted from 0 at the upper left; the centre of the first pixel is (0, 0).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

TEXT_CHUNK = "survey-tile"


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the picture: its pixels (rows, columns, red-green-blue) and where its first pixel sits."""

    name: str
    x: int
    y: int
    picture_width: int
    picture_height: int
    pixels: NDArray[np.uint8]

    @property
    def width(self) -> int:
        """Columns of this tile."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows of this tile."""
        return int(self.pixels.shape[0])

    def distance_to_cut(self, x: float, y: float) -> float:
        """How far a point of the whole picture is from the nearest edge where this tile was cut, in pixels.

        Edges that are also edges of the picture do not count: nothing was cut off there. Infinite if all four are.
        """
        distances = [float("inf")]
        if self.x > 0:
            distances.append(x - self.x)
        if self.y > 0:
            distances.append(y - self.y)
        if self.x + self.width < self.picture_width:
            distances.append(self.x + self.width - 1 - x)
        if self.y + self.height < self.picture_height:
            distances.append(self.y + self.height - 1 - y)
        return min(distances)


def write_tile(tile: Tile, path: Path) -> None:
    """Write `tile` as a PNG file with its place inside."""
    chunk = PngInfo()
    place = {
        "name": tile.name,
        "x": tile.x,
        "y": tile.y,
        "picture_width": tile.picture_width,
        "picture_height": tile.picture_height,
    }
    chunk.add_text(TEXT_CHUNK, json.dumps(place))
    Image.fromarray(tile.pixels).save(path, format="PNG", pnginfo=chunk)


def read_tile(path: Path) -> Tile:
    """The tile in a PNG file; raises ValueError if the file does not say where it belongs."""
    with Image.open(path) as image:
        text = image.info.get(TEXT_CHUNK)
        if not isinstance(text, str):
            raise ValueError(f"{path} is no tile of a survey: it has no text chunk {TEXT_CHUNK!r}")
        pixels = np.asarray(image.convert("RGB"))
    place = json.loads(text)
    return Tile(
        name=str(place["name"]),
        x=int(place["x"]),
        y=int(place["y"]),
        picture_width=int(place["picture_width"]),
        picture_height=int(place["picture_height"]),
        pixels=pixels,
    )
