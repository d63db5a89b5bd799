"""The operator's list of people whom a certificate alone gives something, and of the VOs of authorities.

In: a JSON file, `{"persons": [{"authority": NAME, "name": NAME, "groups": ["wlcg", "wlcg/pilot"]}], "authorities": [{"name":
NAME, "vos": ["wlcg"]}]}`, names in the slash form or that of RFC 4514. Out: `CertificateRows`, or RowsRefused naming the row.
"""

import re
from pathlib import Path
from typing import Any

import orjson

from identity.x509.names import dn_from_text
from identity.x509.rights import CertificateRows

FILE_BYTES_MAX = 16 * 1024 * 1024
GROUP = re.compile(r"[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64}){0,8}")


class RowsRefused(Exception):
    """The list cannot be used; a sentence for the operator."""


def load_rows(path: Path | None) -> CertificateRows:
    """What the file `path` says; without one no one has anything without an attribute certificate. Raises RowsRefused."""
    if path is None:
        return CertificateRows()
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ValueError(f"more than {FILE_BYTES_MAX} bytes")
        document = orjson.loads(path.read_bytes())
        if not isinstance(document, dict) or document.keys() - {"persons", "authorities"}:
            raise ValueError("expected an object with persons and authorities, and nothing else")
        return CertificateRows(_persons(document.get("persons", [])), _authorities(document.get("authorities", [])))
    except (OSError, ValueError) as problem:
        raise RowsRefused(f"CULM_X509_ROWS {str(path)!r}: {problem}") from problem


def _persons(rows: Any) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for number, row in enumerate(_list(rows, "persons"), 1):
        where = f"row {number} of persons"
        key = _name(row, "authority", where), _name(row, "name", where)
        if key in found:
            raise ValueError(f"{where}: {key[1]} of {key[0]} stands there twice")
        found[key] = _groups(row, "groups", where)
    return found


def _authorities(rows: Any) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for number, row in enumerate(_list(rows, "authorities"), 1):
        where = f"row {number} of authorities"
        name = _name(row, "name", where)
        if name in found:
            raise ValueError(f"{where}: {name} stands there twice")
        found[name] = frozenset(_groups(row, "vos", where))
    return found


def _list(rows: Any, name: str) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError(f"{name}: expected a list of objects")
    return rows


def _name(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{where}: {key} is {str(value)[:80]!r}, expected a distinguished name")
    try:
        return dn_from_text(value)
    except ValueError as problem:
        raise ValueError(f"{where}: {problem}") from problem


def _groups(row: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    values = row.get(key)
    if not isinstance(values, list) or not values or not all(isinstance(one, str) and GROUP.fullmatch(one) for one in values):
        raise ValueError(f"{where}: {key} is {str(values)[:80]}, expected a list of names such as wlcg or wlcg/pilot")
    return tuple(values)
