"""Settings from the environment: typed, bounded, and named in every complaint; and what of them may be printed.

In: the environment, read once at the start of a process, and only here and in `__main__` modules. Out: plain values for a
frozen dataclass. A variable that is empty counts as not set. Guards: no password reaches a log line or an error.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PORT_MAX = 65_535
SHOWN_MAX = 80
T = TypeVar("T", int, float)
#: Passwords outside the usual place of an address: `password=...` of libpq, as words or in a query.
WORD = re.compile(r"(?i)(password|passwd|secret|token)=[^&\s]+")


class SettingRefused(ValueError):
    """A variable is missing or holds what cannot be; the message names it, its value and what was expected."""


class Settings:
    """Reads variables of one environment.

    Every reader takes the variable's name and the value to use when it is not set; without one the variable must be set.
    Raises SettingRefused.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str | None = None, *, expected: str = "a text") -> str:
        """The text as it stands. expected: what the complaint asks for."""
        found = self._environ.get(name) or default
        if found is None:
            raise SettingRefused(f"{name} is not set, expected {expected}")
        return found

    def address(self, name: str, default: str | None = None) -> str:
        """A base address without the slash at its end."""
        return self.text(name, default, expected="an address such as http://127.0.0.1:25080").rstrip("/")

    def path(self, name: str, default: Path | None = None) -> Path:
        """An absolute path; `~` is the user's home."""
        found = self.text(name, None if default is None else str(default), expected="a path")
        return Path(found).expanduser().absolute()

    def whole(self, name: str, default: int | None = None, *, lowest: int = 0, highest: int = 10**9) -> int:
        """A whole number from `lowest` to `highest`."""
        text = self.text(name, None if default is None else str(default), expected=_range(lowest, highest))
        return self._bounded(name, text, int, lowest, highest)

    def number(self, name: str, default: float | None = None, *, lowest: float = 0.0, highest: float = 1e9) -> float:
        """A finite number from `lowest` to `highest`."""
        text = self.text(name, None if default is None else str(default), expected=_range(lowest, highest))
        return self._bounded(name, text, float, lowest, highest)

    def port(self, name: str, default: int) -> int:
        """A port number."""
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdecimal() and 0 < int(text[:10]) <= PORT_MAX):
            raise SettingRefused(f"{name} must be a port number between 1 and {PORT_MAX}, found {_shown(text)}")
        return int(text)

    def words(self, name: str, default: str = "") -> tuple[str, ...]:
        """Words between commas and blanks."""
        return tuple(self.text(name, default, expected="words").replace(",", " ").split())

    def is_set(self, name: str) -> bool:
        """True for `1`; False when it is not set or `0`."""
        text = self.text(name, "0")
        if text not in ("0", "1"):
            raise SettingRefused(f"{name} is {_shown(text)}, expected 0 or 1")
        return text == "1"

    def _bounded(self, name: str, text: str, kind: type[T], lowest: T, highest: T) -> T:
        try:
            found = kind(text)
        except ValueError:
            pass
        else:
            if lowest <= found <= highest:
                return found
        raise SettingRefused(f"{name} is {_shown(text)}, expected {_range(lowest, highest)}")


def mask(address: str) -> str:
    """`address` with every password replaced by stars; only stars when it cannot be taken apart."""
    try:
        password = urlsplit(address).password if "://" in address else None
    except ValueError:
        return "***"
    shown = address.replace(f":{password}@", ":***@", 1) if password else address
    return WORD.sub(r"\1=***", shown)


def masked(config: "DataclassInstance") -> dict[str, str]:
    """The fields of a configuration as they may be printed."""
    return {field.name: mask(str(getattr(config, field.name))) for field in fields(config)}


def _range(lowest: float, highest: float) -> str:
    kind = "a whole number" if isinstance(lowest, int) else "a number"
    return f"{kind} from {lowest:,} to {highest:,}"


def _shown(text: str) -> str:
    return repr(mask(text[:SHOWN_MAX]))
