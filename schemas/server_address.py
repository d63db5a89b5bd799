"""The server in tasks and jobs: by a name that stays, at any address that it has when a pilot takes the job.

A task keeps `culm://server` in place of the address of the server that accepted it; the address that jobs use at that moment
takes its place when a job leaves to its pilot. A task that names another server, or was accepted before, keeps what it has.
"""

from collections.abc import Collection

SERVER = "culm://server"


def with_name(url: str, own: Collection[str]) -> str:
    """`url` with the name in place of any of `own`, base addresses without a slash at the end; others stay as they are."""
    for address in sorted(own, key=len, reverse=True):
        if address and (url == address or url.startswith(f"{address}/")):
            return SERVER + url[len(address) :]
    return url


def with_address(text: str, address: str) -> str:
    """`text` with `address` wherever it has the name; `address` is a base address without a slash at the end."""
    return text.replace(SERVER, address)
