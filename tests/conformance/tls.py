"""An API of the running stack that speaks TLS, with a certificate of its own."""

import contextlib
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.config import CHECKOUT
from deploy.processes import basic_environment, culm_processes
from deploy.stack import Stack
from process.servers import EDGE_SOCKET
from tests.held_ports import held_ports

LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 60.0


def make_certificate(folder: Path) -> Path:
    """A self-signed certificate for the loopback address with its key, in one PEM file; and a hashed CA folder `ca`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Culm test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(LOOPBACK))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.touch(mode=0o600)
    path.write_bytes(private + public)
    authorities = folder / "ca"
    authorities.mkdir()
    (authorities / "culm.pem").write_bytes(public)
    subprocess.run(["openssl", "rehash", str(authorities)], check=True)
    return path


@contextlib.contextmanager
def https_api(stack: Stack, certificate: Path) -> Iterator[str]:
    """The address of a second API of the stack that speaks TLS, while the context lasts."""
    with held_ports(1) as (port,):
        yield from _served(stack, certificate, f"https://{LOOPBACK}:{port}")


def _served(stack: Stack, certificate: Path, address: str) -> Iterator[str]:
    (plain,) = (one for one in culm_processes(stack.config, {}) if one.name == "api")
    environment = {
        **basic_environment(stack.config),
        **{name: value for name, value in plain.environment.items() if name != EDGE_SOCKET},
        "CULM_API": address,
        "CULM_TLS_CERTIFICATE": str(certificate),
    }
    process = subprocess.Popen(plain.command, env=environment, cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    try:
        wait_for(address, certificate.parent / "ca" / "culm.pem", process)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def wait_for(address: str, authority: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when the API at `address` answers; fails when it ended or never does."""
    end = time.monotonic() + PATIENCE_SECONDS
    context = ssl.create_default_context(cafile=str(authority))
    with httpx.Client(verify=context, trust_env=False) as http:
        while True:
            with contextlib.suppress(httpx.TransportError):
                http.get(f"{address}/v1/health")
                return
            assert process.poll() is None, f"the API ended with {process.returncode}"
            assert time.monotonic() < end, f"{address} does not answer"
            time.sleep(0.1)
