"""Distinguished names of X.509 in the one form that the grid writes: `/DC=org/O=Example/CN=Jane Doe`. Pure.

In: attributes as they stand in a certificate, or the text of an operator in the slash form or that of RFC 4514. Out: one text by
which names are compared, character by character. Guards: a name in which another name could be hidden (a slash, NUL, line breaks,
characters that do not print) has no such text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from identity.x509.errors import CertificateRefused

DN_LENGTH_MAX = 1_000
ATTRIBUTES_MAX = 50
#: Names of attributes as OpenSSL and Globus write them, by object identifier.
SHORT_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "GN",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
#: Other spellings that tools and operators use for the same attributes.
SPELLINGS = {
    "email": "emailAddress",
    "e": "emailAddress",
    "emailaddress": "emailAddress",
    "userid": "UID",
    "uid": "UID",
    "s": "ST",
    **{name.lower(): name for name in SHORT_NAMES.values()},
}
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}|[0-9]+(\.[0-9]+){1,20}")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a name. oid: its kind, as digits and dots. value: the text, not yet judged."""

    oid: str
    value: str


def dn_of(name: Sequence[Attribute]) -> str:
    """The text of `name`; raises CertificateRefused for a name that has none."""
    if not 0 < len(name) <= ATTRIBUTES_MAX:
        raise CertificateRefused(f"a name of {len(name)} parts, expected 1 to {ATTRIBUTES_MAX}", "name")
    text = "".join(f"/{SHORT_NAMES.get(part.oid, part.oid)}={_plain(part.value)}" for part in name)
    if len(text) > DN_LENGTH_MAX:
        raise CertificateRefused(f"a name of {len(text)} characters, expected at most {DN_LENGTH_MAX}", "name")
    return text


def dn_from_text(text: str) -> str:
    """What `text`, in the slash form or that of RFC 4514, is in the one form; raises ValueError naming what does not fit."""
    text = text.strip(" ")
    pairs = re.split(r"/(?=[A-Za-z0-9.-]+=)", text[1:]) if text.startswith("/") else _of_rfc4514(text)
    found = []
    for pair in pairs or [""]:
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not _KEY.fullmatch(key):
            raise ValueError(f"{text[:100]!r} is no distinguished name, expected /DC=org/O=Example/CN=Jane Doe")
        try:
            found.append(f"/{SPELLINGS.get(key.lower(), SHORT_NAMES.get(key, key))}={_plain(value)}")
        except CertificateRefused as problem:
            raise ValueError(f"{text[:100]!r} is no distinguished name: {problem.detail}") from problem
    return "".join(found)


def last_common_name(dn: str) -> str:
    """The last CN of `dn` that is not a number alone; empty without one."""
    names = [part.partition("=")[2] for part in dn.split("/") if part.startswith("CN=")]
    return next((name for name in reversed(names) if not name.isdecimal()), "")


def _plain(value: str) -> str:
    if not value or not value.isprintable():
        raise CertificateRefused("a name with an empty part, or one that does not print, expected printable text", "name")
    if "/" in value:
        raise CertificateRefused("a name with a slash within a part: another name could hide in it", "name")
    return value


def _of_rfc4514(text: str) -> list[str]:
    """The pairs of `CN=Jane Doe,O=Example,DC=org`, in the order of a certificate."""
    pairs = re.findall(r"(?:[^,\\]|\\.)+", text)
    return [re.sub(r"\\(.)", r"\1", pair).strip() for pair in reversed(pairs)]
