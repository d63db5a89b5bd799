"""Addresses of pages: parameters, names as parts of paths, and texts as filters that they alone fit. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode


def link(path: str, parameters: Mapping[str, Any] | None = None, /, **more: Any) -> str:
    """A URL of ours with parameters; those that are None are left out. Names that came with a request stand in `parameters`."""
    given = {name: value for name, value in {**(parameters or {}), **more}.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def exactly(text: str | None) -> str | None:
    """A text as the value of a filter that it alone fits; None when signs in it would mean something there."""
    return None if not text or text.startswith("!") or text != text.strip() or any(sign in text for sign in "*|") else text


def path_word(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe="")
