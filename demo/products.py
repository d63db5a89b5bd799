"""Fetches what the task made from the storage element, and checks that it is what was registered."""

import csv
import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.errors import DemoFailed
from demo.survey.archive import unpack_products
from demo.task_view import StoredFile


@dataclass(frozen=True, slots=True)
class Products:
    """The results on this machine."""

    catalogue: Path
    picture: Path
    counts: Path
    sources: int


def storage_path(home: Path, scope: str, lfn: str) -> Path:
    """Where the storage element `LOCAL_DISK` keeps a file (docs/architecture.md)."""
    digest = hashlib.md5(f"{scope}:{lfn}".encode(), usedforsecurity=False).hexdigest()
    return home / "storage" / scope.replace(".", "/") / digest[:2] / digest[2:4] / lfn


def fetch_products(home: Path, files: Sequence[StoredFile], folder: Path) -> Products:
    """Unpack the merged survey among `files` into `folder`; raises DemoFailed if it is not there or not whole."""
    if len(files) != 1:
        names = ", ".join(file.lfn for file in files) or "none"
        raise DemoFailed(f"expected one merged file, found {len(files)}: {names}")
    (file,) = files
    path = storage_path(home, file.scope, file.lfn)
    if not path.is_file():
        raise DemoFailed(f"{file.lfn} is registered but not in the storage: {path}")
    check(path, file)
    folder.mkdir(parents=True, exist_ok=True)
    unpacked = {product.name: product for product in unpack_products(path, folder)}
    catalogue = unpacked["catalogue.csv"]
    with catalogue.open(newline="") as rows:
        sources = sum(1 for _ in csv.DictReader(rows))
    return Products(catalogue, unpacked["sources.png"], unpacked["number_counts.png"], sources)


def check(path: Path, file: StoredFile) -> None:
    """Raise DemoFailed unless `path` has the size and the checksum that were registered."""
    size = path.stat().st_size
    if size != file.size_bytes:
        raise DemoFailed(f"{file.lfn} has {size} bytes, {file.size_bytes} were registered")
    kind, _, expected = file.checksum.rpartition(":")
    if kind in ("", "ad", "adler32") and expected:
        found = f"{zlib.adler32(path.read_bytes()):08x}"
        if found != expected.lower().rjust(8, "0"):
            raise DemoFailed(f"{file.lfn} has the Adler-32 checksum {found}, {expected} was registered")
