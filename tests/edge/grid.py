"""A small grid: an authority, people, hosts, proxies of every kind, revocation lists, in a directory as grids keep it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from api.edge.facts import PROXY_CERT_INFO, ProxyCertInfo, ProxyPolicySequence
from identity.x509.chains import ProxyPolicy
from tests.identity.keys import a_private_key

DAY = timedelta(days=1)
Key = rsa.RSAPrivateKey


def a_key() -> Key:
    """A key; few bits more than OpenSSL's own limit, because many are made."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


#: Keys take long to make; who holds which does not matter as long as they differ.
KEYS = tuple(a_private_key(number) for number in range(4))
AUTHORITY_KEY, PERSON_KEY, PROXY_KEY, SECOND_PROXY_KEY = KEYS


def name_of(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


AUTHORITY = name_of((NameOID.DOMAIN_COMPONENT, "org"), (NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, "Test CA"))
AUTHORITY_DN = "/DC=org/O=Grid/CN=Test CA"
JANE = name_of((NameOID.DOMAIN_COMPONENT, "org"), (NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, "Jane Doe"))
JANE_DN = "/DC=org/O=Grid/CN=Jane Doe"


@dataclass(frozen=True)
class Credential:
    """A certificate, its key, and what it was made of, up to the authority's own."""

    certificate: x509.Certificate
    key: Key
    above: "Credential | None" = None

    @property
    def chain(self) -> list[x509.Certificate]:
        return [self.certificate, *(self.above.chain if self.above else [])]

    def pem(self) -> bytes:
        """As a proxy file: certificate, key, and all above but the authority."""
        first, *others = self.chain[:-1] or self.chain
        own = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return b"".join([_pem(first), own, *map(_pem, others)])


@dataclass(frozen=True)
class Making:
    """How a certificate differs from a good one. life, begins: from now."""

    life: timedelta = DAY
    begins: timedelta = -timedelta(hours=1)
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = field(default_factory=tuple)


def authority(
    name: x509.Name = AUTHORITY, key: Key = AUTHORITY_KEY, making: Making = Making(life=100 * DAY, begins=-DAY)
) -> Credential:
    return Credential(_signed(name, key, name, key, making, ca=True), key)


def person(by: Credential, name: x509.Name = JANE, key: Key = PERSON_KEY, making: Making = Making(life=10 * DAY)) -> Credential:
    return Credential(_signed(name, key, by.certificate.subject, by.key, making, ca=False), key, by)


def host(by: Credential, name: str = "localhost") -> Credential:
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    return person(
        by,
        name_of((NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, name)),
        PROXY_KEY,
        Making(extensions=((names, False),)),
    )


def proxy(
    of: Credential,
    policy: str = ProxyPolicy.ALL,
    path_length: int | None = None,
    name: x509.Name | None = None,
    key: Key = PROXY_KEY,
    making: Making = Making(),
    legacy: bool = False,
    critical: bool = True,
) -> Credential:
    """A proxy made of `of`, as RFC 3820 has it; legacy: without ProxyCertInfo and called proxy."""
    own = name or x509.Name([*of.certificate.subject, x509.NameAttribute(NameOID.COMMON_NAME, "proxy" if legacy else "4711")])
    info = ProxyCertInfo(path_length=path_length, policy=ProxyPolicySequence(language=x509.ObjectIdentifier(policy), policy=None))
    extension = x509.UnrecognizedExtension(PROXY_CERT_INFO, asn1.encode_der(info))
    more = () if legacy else ((extension, critical),)
    changed = Making(making.life, making.begins, (*making.extensions, *more))
    return Credential(_signed(own, key, of.certificate.subject, of.key, changed, ca=None), key, of)


def revocation_list(by: Credential, serials: Sequence[int] = (), life: timedelta = DAY) -> x509.CertificateRevocationList:
    now = datetime.now(UTC)
    building = x509.CertificateRevocationListBuilder().issuer_name(by.certificate.subject)
    building = building.last_update(now - 2 * DAY).next_update(now + life)
    for serial in serials:
        building = building.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - DAY).build()
        )
    return building.sign(by.key, hashes.SHA256())


SIGNING_POLICY = """access_id_CA  X509    '{authority}'
pos_rights    globus  CA:sign
cond_subjects globus  '"/DC=org/O=Grid/*" "/O=Grid/*"'
"""


#: What OpenSSL calls the files of an authority, by the subject, which is all that it depends on: asked once, not for each test.
STEMS: dict[x509.Name, str] = {}


def trust(folder: Path, by: Credential, serials: Sequence[int] = (), life: timedelta = DAY, policy: str | None = None) -> Path:
    """Put the authority, its revocation list and its signing policy into `folder`."""
    folder.mkdir(exist_ok=True)
    stem = STEMS.get(by.certificate.subject)
    if stem is None:
        stem = STEMS[by.certificate.subject] = _stem(by)
    (folder / f"{stem}.0").write_bytes(_pem(by.certificate))
    (folder / f"{stem}.r0").write_bytes(revocation_list(by, serials, life).public_bytes(serialization.Encoding.PEM))
    text = SIGNING_POLICY.format(authority=AUTHORITY_DN) if policy is None else policy
    (folder / f"{stem}.signing_policy").write_text(text)
    return folder


def _stem(by: Credential) -> str:
    command = ["openssl", "x509", "-hash", "-noout"]
    return subprocess.run(command, input=_pem(by.certificate), check=True, capture_output=True).stdout.decode().strip()


def _signed(name: x509.Name, key: Key, issuer: x509.Name, issuer_key: Key, making: Making, ca: bool | None) -> x509.Certificate:
    now = datetime.now(UTC)
    building = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    building = building.serial_number(x509.random_serial_number())
    building = building.not_valid_before(now + making.begins).not_valid_after(now + making.life)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
        *making.extensions,
    ]
    if ca is not None:
        extensions.append((x509.BasicConstraints(ca=ca, path_length=None), True))
        usage = {"key_cert_sign": ca, "crl_sign": ca, "digital_signature": True, "key_encipherment": not ca}
        others = dict.fromkeys(
            ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
        )
        extensions.append((x509.KeyUsage(**usage, **others), True))
    for extension, critical in extensions:
        building = building.add_extension(extension, critical)
    return building.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
