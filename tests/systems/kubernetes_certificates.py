"""Certificates of a cluster for tests: its authority, its server, and one for each who speaks to it."""

import datetime
import ipaddress
import json
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Name of the files -> common name, organisation.
USERS = {
    "apiserver": ("kube-apiserver", ""),
    "admin": ("admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "node": ("system:node:vm1", "system:nodes"),
    "stranger": ("stranger", ""),
    "accounts": ("accounts", ""),
}


@dataclass(frozen=True)
class Certificates:
    """A folder of PEM files."""

    folder: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.pem"

    def certificate(self, user: str) -> Path:
        """Of one user."""
        return self.folder / f"{user}.pem"

    def key(self, user: str) -> Path:
        """Of one user."""
        return self.folder / f"{user}.key"

    def context(self, user: str) -> ssl.SSLContext:
        """Trusts the authority and shows the user's certificate."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.certificate(user), self.key(user))
        return context

    def kubeconfig(self, user: str, address: str) -> Path:
        """The settings file that Kubernetes' own programs read."""
        path = self.folder / f"{user}.kubeconfig"
        server = {"server": address, "certificate-authority": str(self.ca)}
        credentials = {"client-certificate": str(self.certificate(user)), "client-key": str(self.key(user))}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "one", "cluster": server}],
            "users": [{"name": user, "user": credentials}],
            "contexts": [{"name": "one", "context": {"cluster": "one", "user": user}}],
            "current-context": "one",
        }
        path.write_text(json.dumps(config))
        return path

    @classmethod
    def make(cls, folder: Path) -> "Certificates":
        """New ones for all USERS, valid for a day."""
        folder.mkdir(parents=True)
        made = cls(folder)
        authority = ec.generate_private_key(ec.SECP256R1())
        name = _name("culm test authority", "")
        usage = x509.BasicConstraints(ca=True, path_length=None)
        certificate = _builder(name, name, authority).add_extension(usage, critical=True).sign(authority, hashes.SHA256())
        made.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        for user, (common, organisation) in USERS.items():
            key = ec.generate_private_key(ec.SECP256R1())
            addresses = x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost"), x509.DNSName("kubernetes.default")]
            )
            purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
            builder = _builder(_name(common, organisation), name, key).add_extension(addresses, critical=False)
            signed = builder.add_extension(purposes, critical=False).sign(authority, hashes.SHA256())
            made.certificate(user).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
            pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
            made.key(user).write_bytes(key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, plain))
        return made


def _name(common: str, organisation: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)] if organisation else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
