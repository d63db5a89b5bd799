"""Groups of a VO that an attribute certificate names, in the form in which groups of tokens are kept. Pure.

`/vo` makes a member, `/vo/Role=production` and `/vo/production` give the role, as groups of tokens do. Names are compared whole;
a role of a group within the VO is no role of the VO. Source: docs/identity/certificates.md.
"""

import re
from collections.abc import Sequence

from identity.x509.errors import CertificateRefused

FQANS_MAX = 1_000
FQAN_LENGTH_MAX = 255
_FQAN = re.compile(r"(?P<group>(/[A-Za-z0-9._-]+)+)(/Role=(?P<role>[A-Za-z0-9._-]+))?(/Capability=[A-Za-z0-9._-]+)?")
_NONE = "NULL"


def groups_of_fqans(vo: str, fqans: Sequence[str]) -> tuple[str, ...]:
    """The groups that `fqans` of an attribute certificate of `vo` give, in their order: `vo`, `vo/name`.

    Raises CertificateRefused when one is of no known form, or of another VO than its certificate: then none counts.
    """
    if len(fqans) > FQANS_MAX:
        raise CertificateRefused(f"the attribute certificate names {len(fqans)} groups, expected at most {FQANS_MAX}", "voms")
    return tuple(dict.fromkeys(group for fqan in fqans for group in _groups(vo, fqan)))


def role_of_first(vo: str, fqans: Sequence[str]) -> str:
    """The role that the first of `fqans` gives in `vo`, which is how one asks for it; empty without one."""
    found = _FQAN.fullmatch(fqans[0]) if fqans else None
    role = found["role"] if found is not None and found["group"] == f"/{vo}" else None
    return role if role and role != _NONE else ""


def _groups(vo: str, fqan: str) -> tuple[str, ...]:
    found = _FQAN.fullmatch(fqan) if len(fqan) <= FQAN_LENGTH_MAX else None
    if found is None:
        raise CertificateRefused("a group of the attribute certificate has no form that is known", "voms")
    path = found["group"].removeprefix("/")
    if path.partition("/")[0] != vo:
        raise CertificateRefused("the attribute certificate of one VO names a group of another", "voms")
    role = found["role"]
    return (path,) if not role or role == _NONE else (path, f"{path}/{role}")
