"""Whom a chain of certificates proves, and every kind that proves no one."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from api.edge.facts import facts_of
from identity.x509.chains import CertificateFacts, ProvenPerson, ProxyPolicy, person_of
from identity.x509.errors import CertificateRefused
from identity.x509.names import Attribute
from tests.edge.grid import (
    AUTHORITY_DN,
    DAY,
    JANE,
    JANE_DN,
    SECOND_PROXY_KEY,
    Credential,
    Making,
    authority,
    name_of,
    person,
    proxy,
)

CA = authority()
PERSON = person(CA)


def chain_of(credential: Credential) -> list[CertificateFacts]:
    return [facts_of(one.public_bytes(Encoding.DER)) for one in credential.chain]


def proven(credential: Credential) -> ProvenPerson:
    return person_of(chain_of(credential), time.time())


def second(of: Credential, **changes: object) -> Credential:
    """A proxy of a proxy."""
    return proxy(of, key=SECOND_PROXY_KEY, **changes)  # type: ignore[arg-type]  # what `proxy` takes


@pytest.mark.parametrize(
    ("credential", "proxies", "is_limited"),
    [
        (PERSON, 0, False),
        (proxy(PERSON), 1, False),
        (second(proxy(PERSON)), 2, False),
        (proxy(PERSON, path_length=0), 1, False),
        (second(proxy(PERSON, path_length=1)), 2, False),
        (proxy(PERSON, ProxyPolicy.LIMITED), 1, True),
        (second(proxy(PERSON, ProxyPolicy.LIMITED)), 2, True),
    ],
)
def test_a_certificate_and_what_was_made_of_it_prove_the_same_person(
    credential: Credential, proxies: int, is_limited: bool
) -> None:
    found = proven(credential)

    assert (found.dn, found.authority, found.proxies, found.is_limited) == (JANE_DN, AUTHORITY_DN, proxies, is_limited)
    assert found.ends == min(one.ends for one in chain_of(credential))


OTHER = name_of((NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, "John Roe"), (NameOID.COMMON_NAME, "1"))
TWO_MORE = x509.Name([*JANE, x509.NameAttribute(NameOID.COMMON_NAME, "1"), x509.NameAttribute(NameOID.COMMON_NAME, "2")])
UNIT_MORE = x509.Name([*JANE, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "1")])
BROKEN = {
    "expired person": (person(CA, making=Making(life=timedelta(seconds=-1), begins=-DAY)), "time"),
    "person of tomorrow": (person(CA, making=Making(begins=DAY / 2)), "time"),
    "expired proxy": (proxy(PERSON, making=Making(life=timedelta(seconds=-5), begins=-timedelta(hours=1))), "time"),
    "proxy of an expired person": (proxy(person(CA, making=Making(life=-timedelta(hours=1), begins=-DAY))), "time"),
    "proxy that outlives its person": (proxy(PERSON, making=Making(life=11 * DAY)), "lifetime"),
    "proxy that outlives its proxy": (second(proxy(PERSON), making=Making(life=2 * DAY)), "lifetime"),
    "proxy older than its person": (proxy(PERSON, making=Making(begins=-DAY)), "lifetime"),
    "beyond a path of none": (second(proxy(PERSON, path_length=0)), "path"),
    "beyond a path of one": (proxy(second(proxy(PERSON, path_length=1))), "path"),
    "proxy by another name": (proxy(PERSON, name=OTHER), "subject"),
    "proxy by the name of its person": (proxy(PERSON, name=JANE), "subject"),
    "proxy with two names more": (proxy(PERSON, name=TWO_MORE), "subject"),
    "proxy with a unit more": (proxy(PERSON, name=UNIT_MORE), "subject"),
    "independent proxy": (proxy(PERSON, ProxyPolicy.INDEPENDENT), "policy"),
    "proxy of a policy of its own": (proxy(PERSON, "1.2.3.4"), "policy"),
    "proxy that is not said critically": (proxy(PERSON, critical=False), "proxy"),
    "legacy proxy": (proxy(PERSON, legacy=True), "chain"),
    "proxy of a legacy proxy": (second(proxy(PERSON, legacy=True)), "chain"),
    "person signed by a person": (person(PERSON, key=SECOND_PROXY_KEY), "chain"),
    "person signed by a proxy": (person(proxy(PERSON), key=SECOND_PROXY_KEY), "chain"),
    "proxy of an authority": (proxy(CA), "chain"),
    "authority alone": (CA, "chain"),
    "proxy that is an authority": (
        proxy(PERSON, making=Making(extensions=((x509.BasicConstraints(ca=True, path_length=None), True),))),
        "proxy",
    ),
    "slash in the name": (person(CA, name_of((NameOID.COMMON_NAME, "Jane/CN=admin"))), "name"),
    "line break in the name": (person(CA, name_of((NameOID.COMMON_NAME, "Jane\n/CN=admin"))), "name"),
    "NUL in the name": (person(CA, name_of((NameOID.COMMON_NAME, "Jane\0Doe"))), "name"),
    "text that turns its direction": (person(CA, name_of((NameOID.COMMON_NAME, "Jane\u202eeoD"))), "name"),
    "no name": (person(CA, x509.Name([])), "name"),
    "legacy by its name alone": (person(CA, name_of((NameOID.COMMON_NAME, "limited proxy"))), "legacy"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_chain_proves_no_one(kind: str) -> None:
    credential, rule = BROKEN[kind]

    with pytest.raises(CertificateRefused) as refused:
        proven(credential)

    assert refused.value.rule == rule


MADE = chain_of(proxy(PERSON))
#: Which no handshake gives: facts of certificates in an order, or of a number, that no library would verify.
UNVERIFIED = {
    "no chain": ([], "chain"),
    "a proxy alone": (MADE[:1], "chain"),
    "no authority": (MADE[:2], "chain"),
    "no person": ([MADE[0], MADE[2]], "chain"),
    "a chain in a chain": (MADE * 2, "chain"),
    "too many certificates": (MADE[:2] + MADE[2:] * 19, "chain"),
    "too many proxies": (MADE[:1] * 11 + MADE[1:], "path"),
    "an authority as a person": ([replace(MADE[2], subject=MADE[1].subject), MADE[2]], "chain"),
    "a name without end": ([replace(MADE[1], subject=(*MADE[1].subject, Attribute("2.5.4.3", "x" * 1000))), MADE[2]], "name"),
    "another's authority": ([*MADE[:2], replace(MADE[2], subject=MADE[1].subject)], "chain"),
}


@pytest.mark.parametrize("kind", UNVERIFIED)
def test_a_chain_that_no_library_would_give_proves_no_one(kind: str) -> None:
    chain, rule = UNVERIFIED[kind]

    with pytest.raises(CertificateRefused) as refused:
        person_of(chain, time.time())

    assert refused.value.rule == rule


def test_what_was_proven_ends_with_the_first_certificate_to_end() -> None:
    chain = chain_of(proxy(PERSON))
    ends = chain[0].ends

    assert person_of(chain, ends - 1).ends == ends
    with pytest.raises(CertificateRefused, match="expired 0 s ago"):
        person_of(chain, ends)


@pytest.mark.parametrize("der", [b"", b"\x30\x03\x02\x01\x01", b"x" * 5000])
def test_bytes_that_are_no_certificate_are_refused(der: bytes) -> None:
    with pytest.raises(CertificateRefused) as refused:
        facts_of(der)

    assert refused.value.rule == "form"


@pytest.mark.parametrize("content", [b"", b"\x05\x00", b"\x30\x00", b"\x30\x05\x02\x01\xff\x30\x00"])
def test_a_proxy_whose_extension_is_nonsense_is_refused(content: bytes) -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14"), content)
    made = proxy(PERSON, legacy=True, making=Making(extensions=((odd, True),)))

    with pytest.raises(CertificateRefused) as refused:
        proven(made)

    assert refused.value.rule == "form"
