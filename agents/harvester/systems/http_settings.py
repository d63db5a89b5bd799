"""Settings that plugins which speak HTTP have alike: an address that shows nothing to the network, files that may be absent."""

from pathlib import Path
from urllib.parse import urlsplit

from process.settings import SettingRefused, Settings


def safe_address(read: Settings, name: str, example: str) -> str:
    """The address under `name`; raises SettingRefused.

    Only this host may be spoken to in clear: everything else would show credentials and files to the network.
    """
    address = read.address(name)
    parts = urlsplit(address)
    is_here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.username or parts.query or not (parts.scheme == "https" or (parts.scheme == "http" and is_here)):
        raise SettingRefused(f"{name} is not an address such as {example} (http only for this host)")
    return address


def path_or_none(read: Settings, name: str) -> Path | None:
    """The path under `name`, None where it is not set."""
    return read.path(name) if read.text(name, "") else None
