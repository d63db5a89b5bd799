"""What a proven person may be, as the operator's list and attribute certificates say. Pure.

In: the person, the rows of the list, attribute certificates that were verified. Out: groups as tokens have them and until when.
A name without an attribute certificate has what a row gives it; one without a row has what a link to a login gives it, until that
ends; and nothing else. A limited proxy was made to run jobs with, so it keeps the role `pilot` and gives no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid5

from identity.ruling import PILOT
from identity.x509.chains import ProvenPerson
from identity.x509.errors import CertificateRefused
from identity.x509.fqans import groups_of_fqans, role_of_first
from schemas.ids import CULM

LINK_ENDED = (
    "what the linked login gave this certificate has ended: use that login once (culm login, then culm whoami), "
    "and the certificate has access again within seconds"
)
PERSONS: UUID = uuid5(CULM, "persons with certificates")


@dataclass(frozen=True, slots=True)
class Attributes:
    """A verified attribute certificate: its VO, its FQANs in order, until when (seconds since 1970)."""

    vo: str
    fqans: tuple[str, ...]
    ends: float


@dataclass(frozen=True, slots=True)
class LinkedGroups:
    """What a link gives an id: groups, and until when (seconds since 1970)."""

    groups: tuple[str, ...]
    ends: float


@dataclass(frozen=True, slots=True)
class CertificateRows:
    """What the operator wrote down, and what people linked.

    persons: groups by (name of the authority, name of the person). authorities: for which VOs an authority's members count; one
    that is not named counts for none, unless none is named at all. linked: by actor.
    """

    persons: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    authorities: Mapping[str, frozenset[str]] = field(default_factory=dict)
    linked: Mapping[str, LinkedGroups] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CertifiedMember:
    """Who a person is to Culm.

    subject: opaque, of authority and name. groups: `vo`, `vo/name`. fqans: as they were proven. wanted: the `Origin` that the
    first FQAN asks for, when the client says nothing; empty without one. ends: until when all of it holds.
    """

    subject: str
    groups: tuple[str, ...]
    fqans: tuple[str, ...]
    wanted: str
    ends: float


def subject_of_person(person: ProvenPerson) -> str:
    """The actor of `person`: the same name of two authorities is two actors."""
    return str(uuid5(PERSONS, f"{person.authority}|{person.dn}"))


def member_of(person: ProvenPerson, attributes: Sequence[Attributes], rows: CertificateRows, now: float) -> CertifiedMember:
    """The member that `person` is at `now`, seconds since 1970; raises CertificateRefused when nothing says so."""
    ends = [person.ends, *(one.ends for one in attributes)]
    groups = list(rows.persons.get((person.authority, person.dn), ()))
    for one in attributes:
        groups += groups_of_fqans(one.vo, one.fqans)
    if not groups and not attributes:
        linked = _linked(person, rows, now)
        groups, ends = list(linked.groups), [*ends, linked.ends]
    groups = _counting(person, groups, rows)
    if person.is_limited:
        pilots = {group.partition("/")[0] for group in groups if group.partition("/")[2] == PILOT}
        groups = [group for group in groups if group.partition("/")[0] in pilots and group.partition("/")[2] in ("", PILOT)]
        if not groups:
            raise CertificateRefused("a limited proxy is for running jobs, and its owner is no pilot", "limited")
    if not groups:
        raise CertificateRefused("its authority counts for none of the organisations of its owner's groups", "rights")
    wanted = ""
    if attributes:
        role = PILOT if person.is_limited else role_of_first(attributes[0].vo, attributes[0].fqans)
        wanted = f"{attributes[0].vo}:{role}" if role else attributes[0].vo
    return CertifiedMember(
        subject=subject_of_person(person),
        groups=tuple(dict.fromkeys(groups)),
        fqans=tuple(fqan for one in attributes for fqan in one.fqans),
        wanted=wanted,
        ends=min(ends),
    )


def member_who_links(person: ProvenPerson, rows: CertificateRows) -> CertifiedMember:
    """`person`, whom nothing gives anything yet, as one who may link the certificate with a login and do nothing else.

    Raises CertificateRefused for a limited proxy, which a site may hold, and where the authority counts for no organisation.
    """
    if person.is_limited:
        raise CertificateRefused("a limited proxy links nothing", "limited")
    if rows.authorities and not rows.authorities.get(person.authority):
        raise CertificateRefused("its authority counts for no organisation", "rights")
    return CertifiedMember(subject=subject_of_person(person), groups=(), fqans=(), wanted="", ends=person.ends)


def _linked(person: ProvenPerson, rows: CertificateRows, now: float) -> LinkedGroups:
    """What a link gives `person`, who has nothing else; raises CertificateRefused where that is nothing."""
    found = rows.linked.get(subject_of_person(person))
    if person.is_limited:
        return LinkedGroups((), person.ends)
    if found is None or not found.groups:
        detail = "no attribute certificate, no row of the policy and no link gives the owner anything here"
        raise CertificateRefused(detail, "rights", may_link=True)
    if found.ends <= now:
        ended = f"what a link gave the owner ended {now - found.ends:.0f} s ago"
        raise CertificateRefused(ended, "link", LINK_ENDED, may_link=True)
    return found


def _counting(person: ProvenPerson, groups: list[str], rows: CertificateRows) -> list[str]:
    """Those of `groups` whose organisations the authority of `person` counts for."""
    if not rows.authorities:
        return groups
    counts = rows.authorities.get(person.authority, frozenset())
    return [group for group in groups if group.partition("/")[0] in counts]
