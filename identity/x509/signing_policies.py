"""For which names an authority may sign, as the files of the grid say it. Pure.

In: the text of `HASH.namespaces` or `HASH.signing_policy`. Out: patterns of names, or ValueError with line and expectation. An
authority that has neither file signs for no one.
"""

import re
from dataclasses import dataclass

from identity.x509.names import dn_from_text
from schemas.patterns import Pattern, compile_glob, compile_pattern

TEXT_LENGTH_MAX = 100_000


@dataclass(frozen=True, slots=True)
class SigningPolicy:
    """Of one authority. patterns: of whole names in the slash form."""

    authority: str
    patterns: tuple[Pattern, ...]

    def permits(self, dn: str) -> bool:
        """Whether the authority may sign for `dn`."""
        return any(pattern.fullmatch(dn) for pattern in self.patterns)


def from_signing_policy(text: str, authority: str) -> SigningPolicy:
    """What the text of a `.signing_policy` file (Globus' EACL) permits `authority`; raises ValueError."""
    patterns: list[Pattern] = []
    current = ""
    may_sign = False
    for number, line in _lines(text):
        word, _, rest = line.partition(" ")
        match word:
            case "access_id_CA":
                current, may_sign = dn_from_text(_quoted(_after(rest, "X509", number), number)), False
            case "pos_rights":
                may_sign = _after(rest, "globus", number) == "CA:sign"
            case "cond_subjects":
                named = [compile_glob(name) for name in _names(_quoted(_after(rest, "globus", number), number))]
                patterns += named if current == authority and may_sign else []
            case "neg_rights":
                raise ValueError(f"line {number}: neg_rights is not known here, expected pos_rights")
            case _:
                raise ValueError(f"line {number}: {word[:40]!r}, expected access_id_CA, pos_rights or cond_subjects")
    return SigningPolicy(authority, tuple(patterns))


_NAMESPACE = re.compile(r'TO\s+Issuer\s+"(?P<issuer>[^"]+)"\s+PERMIT\s+Subject\s+"(?P<subject>[^"]+)"', re.IGNORECASE)


def from_namespaces(text: str, authority: str) -> SigningPolicy:
    """What the text of a `.namespaces` file permits `authority`; a DENY is not known here. Raises ValueError."""
    joined = " ".join(line for _, line in _lines(text.replace("\\\n", " ")))
    left = _NAMESPACE.sub("", joined).strip()
    if left:
        raise ValueError(f'found {left[:60]!r}, expected TO Issuer "NAME" PERMIT Subject "EXPRESSION"')
    rules = [(dn_from_text(found["issuer"]), found["subject"]) for found in _NAMESPACE.finditer(joined)]
    return SigningPolicy(authority, tuple(compile_pattern(subject) for issuer, subject in rules if issuer == authority))


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines that say something, with their numbers; blanks in a row are one."""
    if len(text) > TEXT_LENGTH_MAX:
        raise ValueError(f"the file has {len(text)} characters, expected at most {TEXT_LENGTH_MAX}")
    found = [(number, " ".join(line.split())) for number, line in enumerate(text.splitlines(), 1)]
    return [(number, line) for number, line in found if line and not line.startswith("#")]


def _after(text: str, word: str, number: int) -> str:
    first, _, rest = text.partition(" ")
    if first != word or not rest:
        raise ValueError(f"line {number}: {first[:40]!r}, expected {word} and a value")
    return rest


def _quoted(text: str, number: int) -> str:
    if len(text) < 2 or text[0] != "'" or text[-1] != "'":
        raise ValueError(f"line {number}: {text[:60]!r}, expected a text in single quotes")
    return text[1:-1]


def _names(text: str) -> list[str]:
    """The names of a list such as `"/DC=org/*" "/O=Other/*"`; a single name may stand without quotes."""
    return re.findall(r'"([^"]+)"', text) or ([text] if text else [])
