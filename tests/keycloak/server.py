"""A real Keycloak for tests, on loopback, with realms that are made by its own API.

Guards: it lives in a folder of the test's, listens on one free port and ends with the test.
"""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.config import CHECKOUT
from deploy.fetch import Part, fetch
from deploy.java import find_java
from process.authorities import believed

KEYCLOAK = Part("keycloak", "dependency:unpack", Path(__file__).resolve().parent.parent)
ADMIN, PASSWORD = "admin", "for-tests-only"
UP_SECONDS_MAX = 420.0


@dataclass
class Keycloak:
    """A running server; `address` without a slash at its end."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def stop(self) -> None:
        """End the server and wait until it has."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def administrator(self) -> httpx.Client:
        """A client of the administration API."""
        answer = httpx.post(
            f"{self.address}/realms/master/protocol/openid-connect/token",
            data={"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": PASSWORD},
            timeout=60,
        )
        answer.raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return httpx.Client(base_url=f"{self.address}/admin/realms", headers=headers, timeout=60)


def start_keycloak(folder: Path, port: int) -> Keycloak:
    """A server without realms of ours, in `folder`; raises TimeoutError with its last words."""
    lib = Path(os.environ.get("CULM_LIB") or CHECKOUT / ".culm" / "lib")
    (distribution,) = fetch(lib.absolute(), os.environ, (KEYCLOAK,))
    (unpacked,) = [path for path in distribution.iterdir() if path.name.startswith("keycloak-")]
    home = folder / "keycloak"
    # Its own copy: the server writes what it builds into its folder.
    shutil.copytree(unpacked, home, copy_function=_linked_or_copied)
    address, log = f"http://127.0.0.1:{port}", folder / "keycloak.log"
    environ = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        "JAVA_OPTS_APPEND": "-Xms64m -Xmx512m",
        "JAVA_HOME": os.environ.get("JAVA_HOME") or str(Path(find_java(os.environ)).resolve().parent.parent),
    }
    command = ["bash", str(home / "bin" / "kc.sh"), "start-dev", "--http-host=127.0.0.1", f"--http-port={port}"]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environ, start_new_session=True)
    server = Keycloak(address, process, log)
    end = time.monotonic() + UP_SECONDS_MAX
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{address}/realms/master", timeout=5, verify=believed()).status_code == 200:
                return server
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    server.stop()
    raise TimeoutError(f"Keycloak did not answer at {address}: {log.read_text(errors='replace')[-1000:]}")


def _linked_or_copied(source: str, target: str) -> str:
    """Jars are linked, which is quick; everything that the server may write to is copied."""
    if source.endswith(".jar") and "/lib/lib/" in source:
        try:
            os.link(source, target)
            return target
        except OSError:
            pass
    return shutil.copy2(source, target)
