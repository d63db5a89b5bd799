"""Survey archives: gzip'ed tar files of surveyed tiles, and of what was made of them together.

    tiles/<name>.png    the tile
    tiles/<name>.csv    its sources
    products/...        catalogue and pictures, once merged

Merging archives gives an archive again, so that merging in several steps gives the same as merging at once.
"""

import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .source import Source, read_sources, write_sources
from .tile import Tile, read_tile, write_tile


@dataclass(frozen=True, slots=True)
class SurveyedTile:
    """A tile and the sources found in it."""

    tile: Tile
    sources: Sequence[Source]


def write_archive(surveyed: Iterable[SurveyedTile], path: Path, products: Sequence[Path] = ()) -> None:
    """Write a survey archive of `surveyed` tiles and `products`, files that are packed under their own names."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(path, "w:gz") as archive:
        for entry in surveyed:
            picture, catalogue = Path(folder, f"{entry.tile.name}.png"), Path(folder, f"{entry.tile.name}.csv")
            write_tile(entry.tile, picture)
            write_sources(entry.sources, catalogue)
            for file in (picture, catalogue):
                archive.add(file, arcname=f"tiles/{file.name}")
        for product in products:
            archive.add(product, arcname=f"products/{product.name}")


def read_archives(paths: Iterable[Path]) -> list[SurveyedTile]:
    """The surveyed tiles of all archives, ordered by name; a tile that is in several is taken once."""
    surveyed: dict[str, SurveyedTile] = {}
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
            for picture in Path(folder, "tiles").glob("*.png"):
                tile = read_tile(picture)
                surveyed[tile.name] = SurveyedTile(tile, read_sources(picture.with_suffix(".csv")))
    return [surveyed[name] for name in sorted(surveyed)]


def unpack_products(path: Path, folder: Path) -> list[Path]:
    """Put the products of a merged archive into `folder`; returns the files written, by name."""
    written = []
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            if member.isfile() and member.name.startswith("products/"):
                content = archive.extractfile(member)
                assert content is not None, f"{member.name} is a file"
                target = folder / Path(member.name).name
                target.write_bytes(content.read())
                written.append(target)
    return sorted(written)
