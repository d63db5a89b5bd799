"""Whom a verified chain of certificates proves. Pure: the time is given.

In: what stands in the certificates, leaf first, as the TLS library verified them (signatures, critical extensions, revocation),
and now. Out: the person, or `CertificateRefused` with the rule that was broken. The library's verdict is not enough: OpenSSL
takes a limited proxy, and one that outlives its user's certificate. What it does refuse is judged here again, so that no setting
of a library and no front end decides it alone. Sources: RFC 5280, RFC 3820.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from identity.x509.errors import CertificateRefused
from identity.x509.names import Attribute, dn_of

CHAIN_LENGTH_MAX = 20
PROXIES_MAX = 10
#: Proxies are made to be valid a little earlier than they are made, because clocks of a grid differ.
BACKDATED_SECONDS_MAX = 3600
_COMMON_NAME = "2.5.4.3"
_LEGACY_NAMES = frozenset({"proxy", "limited proxy"})


class ProxyPolicy(StrEnum):
    """What the owner of a proxy gave it."""

    ALL = "1.3.6.1.5.5.7.21.1"
    INDEPENDENT = "1.3.6.1.5.5.7.21.2"
    LIMITED = "1.3.6.1.4.1.3536.1.1.1.9"


@dataclass(frozen=True, slots=True)
class ProxyInfo:
    """What the extension ProxyCertInfo says.

    path_length: how many proxies may be made of this one, one after the other; None: any number. policy: as object identifier.
    """

    path_length: int | None
    policy: str
    is_critical: bool = True


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What stands in one certificate. begins, ends: seconds since 1970. proxy: None where there is no ProxyCertInfo."""

    subject: tuple[Attribute, ...]
    issuer: tuple[Attribute, ...]
    serial: int
    begins: float
    ends: float
    is_authority: bool = False
    proxy: ProxyInfo | None = None


@dataclass(frozen=True, slots=True)
class ProvenPerson:
    """Who owns the key of a connection.

    dn: of the person's own certificate. authority: the name of the authority that signed it. ends: until when the chain holds,
    seconds since 1970. proxies: how many there are. is_limited: one of them was made for running jobs, not for submitting them.
    """

    dn: str
    authority: str
    ends: float
    proxies: int = 0
    is_limited: bool = False


def person_of(chain: Sequence[CertificateFacts], now: float) -> ProvenPerson:
    """Whom `chain`, leaf first, proves at `now`; raises CertificateRefused."""
    if not chain:
        raise CertificateRefused("the connection has no verified certificate", "chain")
    if len(chain) > CHAIN_LENGTH_MAX:
        raise CertificateRefused(f"the chain has {len(chain)} certificates, expected at most {CHAIN_LENGTH_MAX}", "chain")
    count = next((at for at, one in enumerate(chain) if one.proxy is None), len(chain))
    if count > PROXIES_MAX:
        raise CertificateRefused(f"the chain has {count} proxies, expected at most {PROXIES_MAX}", "path")
    proxies, others = chain[:count], chain[count:]
    if len(others) < 2:
        raise CertificateRefused("the chain has no certificate of a person below one of an authority", "chain")
    person, authorities = others[0], others[1:]
    _check_order(person, authorities)
    _check_times(chain, now)
    for below, above in itertools.pairwise(chain):
        if below.issuer != above.subject:
            raise CertificateRefused("a certificate was not issued by the next one of the chain", "chain")
    for at, proxy in enumerate(proxies):
        _check_proxy(proxy, chain[at + 1], at)
    return ProvenPerson(
        dn=dn_of(person.subject),
        authority=dn_of(person.issuer),
        ends=min(one.ends for one in chain),
        proxies=count,
        is_limited=any(one.proxy is not None and one.proxy.policy == ProxyPolicy.LIMITED for one in proxies),
    )


def _check_order(person: CertificateFacts, authorities: Sequence[CertificateFacts]) -> None:
    """Proxies, then one person, then authorities."""
    if person.is_authority:
        raise CertificateRefused("the certificate is an authority's, expected a person's", "chain")
    if any(one.proxy is not None or not one.is_authority for one in authorities):
        raise CertificateRefused("a certificate above the person's is no authority's", "chain")
    last = person.subject[-1] if person.subject else Attribute("", "")
    if last.oid == _COMMON_NAME and last.value.lower() in _LEGACY_NAMES:
        raise CertificateRefused("the proxy is of the kind before RFC 3820, expected one with ProxyCertInfo", "legacy")


def _check_times(chain: Sequence[CertificateFacts], now: float) -> None:
    for one in chain:
        if now < one.begins:
            raise CertificateRefused(f"a certificate of the chain is valid only in {one.begins - now:.0f} s", "time")
        if now >= one.ends:
            raise CertificateRefused(f"a certificate of the chain expired {now - one.ends:.0f} s ago", "time")


def _check_proxy(proxy: CertificateFacts, maker: CertificateFacts, below: int) -> None:
    """`maker`: whose key signed it, a proxy or a person. below: how many proxies were made of it in this chain."""
    assert proxy.proxy is not None, "the caller found it"
    if proxy.is_authority:
        raise CertificateRefused("a proxy says that it is an authority", "proxy")
    if not proxy.proxy.is_critical:
        raise CertificateRefused("ProxyCertInfo is not critical", "proxy")
    if proxy.subject[:-1] != maker.subject or not proxy.subject or proxy.subject[-1].oid != _COMMON_NAME:
        raise CertificateRefused("the name of a proxy is not that of its maker and one CN more", "subject")
    if proxy.proxy.path_length is not None and below > proxy.proxy.path_length:
        raise CertificateRefused(f"{below} proxies below one that allows {proxy.proxy.path_length}", "path")
    if proxy.proxy.policy not in (ProxyPolicy.ALL, ProxyPolicy.LIMITED):
        raise CertificateRefused("the policy of a proxy is neither that of a full nor that of a limited proxy", "policy")
    if proxy.ends > maker.ends:
        raise CertificateRefused(f"a proxy outlives what it was made of by {proxy.ends - maker.ends:.0f} s", "lifetime")
    if proxy.begins < maker.begins - BACKDATED_SECONDS_MAX:
        raise CertificateRefused("a proxy begins before what it was made of", "lifetime")
