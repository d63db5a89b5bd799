"""The authorities that HTTPS clients of this process believe: those of httpx, read once, and again when their file has changed.

To read them takes 20 ms of CPU, which a client that is made for one request would pay for each, over plain http as well.
"""

import ssl
from functools import lru_cache
from pathlib import Path

import certifi


def believed() -> ssl.SSLContext:
    """For `verify` of a client of httpx; certificates and names of hosts are checked. Any number of threads may share it."""
    file = Path(certifi.where())
    about = file.stat()
    return _of_file(str(file), about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=1)
def _of_file(file: str, _changed: int, _size: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=file)
