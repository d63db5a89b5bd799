"""Which authorities the edge believes: the hashed directory of the grid, and what changes in it.

In: a directory with `HASH.0` (authorities), `HASH.r0` (revocation lists), `HASH.signing_policy` or `HASH.namespaces`. Out: a
`Trust`: a TLS context that verifies people's chains with proxies and revocation lists, what each authority may sign, who is
revoked. Guards: an authority whose files cannot be read is left out and named in `problems`; one without a list that is in force
is refused by the TLS library; one without a policy signs for no one; a directory that holds no authority is refused as a whole.
"""

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from api.edge.config import EdgeConfig
from api.edge.facts import attributes_of, facts
from identity.x509.chains import CertificateFacts
from identity.x509.errors import CertificateRefused
from identity.x509.names import dn_of
from identity.x509.signing_policies import SigningPolicy, from_namespaces, from_signing_policy

FILES_MAX = 10_000
FILE_BYTES_MAX = 64 * 1024 * 1024
_AUTHORITY = re.compile(r"[0-9a-f]{8}\.[0-9]")
_REVOCATION = re.compile(r"[0-9a-f]{8}\.r[0-9]")
Stamp = tuple[tuple[str, int, int], ...]


class TrustRefused(Exception):
    """The directory of authorities, or the edge's own certificate, cannot be used; a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the edge believes since its files were last read.

    policies, revoked, lists_end: by the name of the authority. problems: what is wrong with single files. stamp: of the files.
    """

    context: ssl.SSLContext
    policies: Mapping[str, SigningPolicy]
    revoked: Mapping[str, frozenset[int]]
    lists_end: Mapping[str, float]
    problems: tuple[str, ...] = ()
    stamp: Stamp = ()

    def check(self, chain: tuple[CertificateFacts, ...]) -> None:
        """Raises CertificateRefused when an authority of `chain` may not sign what it signed, or took it back.

        The handshake has looked for the second; a connection may be older than the list.
        """
        for one in chain:
            if one.proxy is not None:
                continue
            subject, issuer = dn_of(one.subject), dn_of(one.issuer)
            if subject == issuer:
                continue
            policy = self.policies.get(issuer)
            if policy is None or not policy.permits(subject):
                raise CertificateRefused("the authority may not sign for this name", "signing policy")
            if one.serial in self.revoked.get(issuer, frozenset()):
                raise CertificateRefused("a certificate of the chain was revoked", "revoked")

    def alarms(self, now: float) -> tuple[str, ...]:
        """What an operator must repair: problems of files, authorities whose revocation list is missing or out of date."""
        refused = "; the people it signed for are refused"
        missing = [f"authority {name}: no revocation list{refused}" for name in self.policies if name not in self.lists_end]
        late = [
            f"authority {name}: its revocation list has expired{refused}" for name, end in self.lists_end.items() if end <= now
        ]
        return (*self.problems, *missing, *late)


@dataclass(slots=True)
class _Reading:
    context: ssl.SSLContext
    authorities: dict[str, x509.Certificate] = field(default_factory=dict)
    policies: dict[str, SigningPolicy] = field(default_factory=dict)
    revoked: dict[str, frozenset[int]] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def stamp_of(config: EdgeConfig) -> Stamp:
    """Names, times and sizes of all files that make a Trust; raises TrustRefused."""
    try:
        files = sorted(path for path in config.authorities.iterdir() if path.suffix)
        own = [path for path in (config.certificate, config.key) if path is not None]
        found = [(str(path), (state := path.stat()).st_mtime_ns, state.st_size) for path in (*files, *own)]
    except OSError as problem:
        raise TrustRefused(
            f"CULM_X509_CERT_DIR {str(config.authorities)!r}: {problem.strerror}, expected a directory"
        ) from problem
    if len(found) > FILES_MAX:
        raise TrustRefused(f"CULM_X509_CERT_DIR has {len(found)} files, expected at most {FILES_MAX}")
    return tuple(found)


def load_trust(config: EdgeConfig) -> Trust:
    """What the files say now; raises TrustRefused when no one could be believed or the edge has no certificate."""
    stamp = stamp_of(config)
    reading = _Reading(_context(config))
    names = [Path(name) for name, _, _ in stamp]
    for path in names:
        if _AUTHORITY.fullmatch(path.name):
            _guarded(reading, path, _take_authority)
    for path in names:
        if _REVOCATION.fullmatch(path.name):
            _guarded(reading, path, _take_list)
    if not reading.policies:
        why = "; ".join(reading.problems[:3]) or "no file is named HASH.0"
        raise TrustRefused(f"CULM_X509_CERT_DIR {str(config.authorities)!r} has no authority that could be used: {why}")
    return Trust(reading.context, reading.policies, reading.revoked, reading.ends, tuple(reading.problems), stamp)


def _context(config: EdgeConfig) -> ssl.SSLContext:
    """TLS 1.3 only and without tickets: a session that is resumed would skip the verification."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags.VERIFY_ALLOW_PROXY_CERTS | ssl.VerifyFlags.VERIFY_CRL_CHECK_CHAIN
    try:
        context.load_cert_chain(config.certificate, config.key)
    except (OSError, ssl.SSLError) as problem:
        raise TrustRefused(
            f"CULM_X509_CERTIFICATE {str(config.certificate)!r} cannot be used with its key: {problem}"
        ) from problem
    return context


def _guarded(reading: _Reading, path: Path, take: Callable[[_Reading, Path], None]) -> None:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise ValueError(f"more than {FILE_BYTES_MAX} bytes")
        take(reading, path)
    except (ValueError, OSError, CertificateRefused, InvalidSignature) as problem:
        reading.problems.append(f"{path.name} is left out: {str(problem)[:200] or type(problem).__name__}")


def _take_authority(reading: _Reading, path: Path) -> None:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    known = facts(certificate)
    name = dn_of(known.subject)
    if not known.is_authority:
        raise ValueError(f"{name} is no authority")
    policy = _policy(path, name)
    reading.context.load_verify_locations(cafile=path)
    reading.authorities[name], reading.policies[name] = certificate, policy


def _policy(path: Path, name: str) -> SigningPolicy:
    for suffix, read in ((".namespaces", from_namespaces), (".signing_policy", from_signing_policy)):
        file = path.with_suffix(suffix)
        if file.exists():
            try:
                return read(file.read_text(encoding="utf-8"), name)
            except ValueError as problem:
                raise ValueError(f"{file.name}: {problem}") from problem
    raise ValueError(f"neither {path.stem}.namespaces nor {path.stem}.signing_policy is there")


def _take_list(reading: _Reading, path: Path) -> None:
    found = x509.load_pem_x509_crl(path.read_bytes())
    name = dn_of(attributes_of(found.issuer))
    authority = reading.authorities.get(name)
    if authority is None:
        raise ValueError(f"its authority {name} is not there")
    if not found.is_signature_valid(authority.public_key()):  # type: ignore[arg-type]  # any key that can sign
        raise ValueError(f"it was not signed by {name}")
    if found.next_update_utc is None:
        raise ValueError("it does not say until when it holds")
    reading.context.load_verify_locations(cafile=path)
    serials = frozenset(one.serial_number for one in found)
    reading.revoked[name] = reading.revoked.get(name, frozenset()) | serials
    reading.ends[name] = max(reading.ends.get(name, 0.0), found.next_update_utc.timestamp())
