"""The demo's user: the environment in which panda-client speaks to the running stack, taken from `culm env`."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from demo.errors import DemoFailed


@dataclass(frozen=True, slots=True)
class Account:
    """Who submits, where, and with what environment."""

    api: str
    token: str
    vo: str
    environment: Mapping[str, str]
    """Everything that prun needs, for a process of its own."""


def read_account(culm: Path, environ: Mapping[str, str]) -> Account:
    """The account that `culm env` makes; raises DemoFailed if it cannot or if panda-client is not installed."""
    given = stack_environment(culm, environ)
    client = Path(given["PANDA_SYS"])
    if not (client / "bin" / "prun").exists():
        raise DemoFailed(f"panda-client is not installed in {client}; `make setup` does it")
    address = urlsplit(given["PANDA_URL_SSL"])
    # a virtual environment that is active here would win over the client's own
    environment = {name: value for name, value in environ.items() if name != "VIRTUAL_ENV"} | given
    return Account(
        api=f"{address.scheme}://{address.netloc}",
        token=given["PANDA_AUTH_ID_TOKEN"],
        vo=given["PANDA_AUTH_VO"].partition(":")[0],
        environment=environment,
    )


def stack_environment(culm: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that `culm env` sets."""
    try:
        done = subprocess.run([str(culm), "env", "--json"], env=dict(environ), capture_output=True, text=True)
    except FileNotFoundError as problem:
        raise DemoFailed(f"{culm} is not there; `make setup` puts it there") from problem
    if done.returncode != 0:
        raise DemoFailed(f"culm env failed: {done.stderr.strip()}\nIs the stack up? `culm up`")
    return {str(name): str(value) for name, value in json.loads(done.stdout).items()}
