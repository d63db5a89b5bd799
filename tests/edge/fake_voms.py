"""Proxies with attribute certificates of VOMS, made by Debian's `voms-proxy-fake` without a VOMS server."""

import os
import subprocess
from pathlib import Path

from api.edge.voms import Voms
from tests.edge.grid import AUTHORITY_DN, Credential

HOST_DN = "/O=Grid/CN=voms.example.org"


def lsc(vomsdir: Path, vo: str = "wlcg", host: str = HOST_DN, authority_dn: str = AUTHORITY_DN) -> None:
    """Say that `host`, for which an authority signed, signs for `vo`."""
    folder = vomsdir / vo
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "voms.example.org.lsc").write_text(f"{host}\n{authority_dn}\n")


def voms_proxy(folder: Path, authorities: Path, person: Credential, host: Credential, *more: str, vo: str = "wlcg") -> bytes:
    """A proxy file with an attribute certificate of `vo`, signed by `host`; more: options such as -fqan."""
    files = {"person": person, "host": host}
    for name, credential in files.items():
        certificate, key = _parts(credential.pem())
        (folder / f"{name}cert.pem").write_bytes(certificate)
        (folder / f"{name}key.pem").write_bytes(key)
        (folder / f"{name}key.pem").chmod(0o400)
    out = folder / "proxy.pem"
    out.unlink(missing_ok=True)
    command = ["voms-proxy-fake", "-rfc", "-quiet", "-cert", f"{folder}/personcert.pem", "-key", f"{folder}/personkey.pem"]
    command += ["-hostcert", f"{folder}/hostcert.pem", "-hostkey", f"{folder}/hostkey.pem", "-certdir", str(authorities)]
    command += ["-voms", vo, "-uri", "voms.example.org:15000", "-out", str(out), "-hours", "6", *more]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "X509_CERT_DIR": str(authorities)}
    (folder / ".rnd").touch()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)
    assert out.exists(), f"voms-proxy-fake made nothing: {done.stdout}{done.stderr}"
    for name in files:
        (folder / f"{name}key.pem").unlink()
    return out.read_bytes()


def _parts(pem: bytes) -> tuple[bytes, bytes]:
    """The certificate and the key of a credential's file."""
    end = b"-----END CERTIFICATE-----\n"
    at = pem.index(end) + len(end)
    key_end = b"-----END RSA PRIVATE KEY-----\n"
    return pem[:at], pem[at : pem.index(key_end) + len(key_end)]


class WithoutLibrary(Voms):
    """As on a machine where the library is not installed."""

    @property
    def is_there(self) -> bool:
        return False
