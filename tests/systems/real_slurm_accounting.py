"""A real Slurm with slurmdbd and MariaDB behind it, which forgets ended jobs as soon as it may: their ends come from `sacct`.

Debian's `slurmdbd`, `slurm-wlm-mysql-plugin` and `mariadb-server` beside those of tests/systems/real_slurm.py, as root. The
database lies in the folder of the run and ends with it. Slurm purges ended jobs once a minute, so that the cases in which a
worker is forgotten take about a minute each: `make sites SYSTEMS=slurm-accounting` runs them, `.ci/run` does not.
"""

import itertools
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from agents.harvester.systems.contract import NativeState
from tests.lane import LANE
from tests.systems import real_slurm, slurm_books
from tests.systems.kit import Ability, MakeAdapter
from tests.systems.real_slurm import STARTS_PROCESSES, RealSlurm, RealSlurmAdapter, until

__all__ = ["STARTS_PROCESSES", "missing", "serve"]
DATABASE_PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb", "slurmdbd", "sacctmgr", "sacct")
FORGOTTEN_SECONDS_MAX = 180.0


def missing() -> str:
    """Why it cannot run here; empty if it can."""
    absent = [name for name in DATABASE_PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not found; install slurmdbd, slurm-wlm-mysql-plugin and mariadb-server"
    return real_slurm.missing()


class AccountedSlurm(RealSlurm):
    """The servers. All in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.accounting_port, self.database = real_slurm.PORT + 500 + LANE.offset % 30_000, folder / "database"
        self.password = secrets.token_hex(16)
        super().__init__(folder)
        self.database.mkdir(mode=0o700)
        accounting = folder / "slurmdbd.conf"
        accounting.touch(mode=0o600)
        accounting.write_text(f"""AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={self.accounting_port}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={self.accounting_port + 1}
StorageUser=slurm
StoragePass={self.password}
StorageLoc=slurm_accounting
LogFile={folder}/log/slurmdbd.log
PidFile={folder}/run/slurmdbd.pid
""")
        self._server: subprocess.Popen[bytes] | None = None

    def configuration(self) -> str:
        text = super().configuration().replace("MinJobAge=300", "MinJobAge=2")
        return f"""{text}AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={self.accounting_port}
AccountingStoragePass={self.folder}/munge/socket
"""

    def before_controller(self) -> None:
        """Database and slurmdbd answer, and know the cluster."""
        data, socket = self.database / "data", self.database / "socket"
        self.run(
            "mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}", "--auth-root-authentication-method=normal"
        )
        command = [
            "mariadbd", "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={socket}", "--bind-address=127.0.0.1",
            f"--port={self.accounting_port + 1}", "--innodb-lock-wait-timeout=900", "--innodb-flush-log-at-trx-commit=2",
        ]  # fmt: skip
        with (self.folder / "log" / "mariadbd.log").open("wb") as log:
            self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        ask = ("mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "-e")
        until(lambda: "1" in self.run(*ask, "select 1", check=False), "the database does not answer")
        self.run(
            *ask,
            f"create database slurm_accounting; create user slurm@'127.0.0.1' identified by '{self.password}'; "
            f"create user slurm@localhost identified by '{self.password}'; "
            "grant all on slurm_accounting.* to slurm@'127.0.0.1'; grant all on slurm_accounting.* to slurm@localhost;",
        )
        self.run("slurmdbd")
        until(lambda: "kit" in self.run("sacctmgr", "-i", "add", "cluster", "kit", check=False) or self._knows(), "no slurmdbd")

    def _knows(self) -> bool:
        return "kit" in self.run("sacctmgr", "-n", "-P", "list", "cluster", "format=cluster", check=False)

    def down(self) -> None:
        """End all jobs and servers."""
        super().down()
        self.stop("slurmdbd")
        if self._server is not None:
            self._server.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(timeout=real_slurm.SECONDS_MAX)


class AccountedSlurmAdapter(RealSlurmAdapter):
    """One case on it: without jobcomp, with `sacct`."""

    def __init__(self, slurm: RealSlurm, folder: Path, stack: str) -> None:
        super().__init__(slurm, folder, stack)
        del self.settings["jobcomp_file"]
        self.settings["sacct"] = "yes"
        forgets: set[StrEnum] = {Ability.FORGET}
        self.lacks = {what: why for what, why in self.lacks.items() if what not in forgets}

    def forget(self, tag: str) -> None:
        """Return once `squeue` does not know it any more."""
        known = ("squeue", "-h", "-t", "all", "-n", tag, "-o", "%i")
        until(lambda: not self.slurm.run(*known), f"{tag} is not forgotten", FORGOTTEN_SECONDS_MAX)

    def books(self) -> list[tuple[str, int, NativeState]]:
        """(tag, memory, state) of each job of this stack, as `sacct` says after `squeue` forgot it."""
        found = []
        fields = "--format=JobName%80,ReqMem,State"
        for line in self.slurm.run("sacct", "-n", "-X", "-P", "--starttime=now-1day", fields).splitlines():
            tag, memory, state = line.split("|")
            if tag.startswith(f"{self.stack}-"):
                found.append((tag, slurm_books.megabytes(memory), slurm_books.state_of(state)))
        return found


@contextmanager
def serve(folder: Path) -> Iterator[MakeAdapter]:
    """One Slurm for all cases."""
    slurm, numbers, run = AccountedSlurm(folder), itertools.count(1), os.getpid()

    def make(case: Path) -> AbstractContextManager[RealSlurmAdapter]:
        return closing(AccountedSlurmAdapter(slurm, case, f"kit{run}x{next(numbers)}"))

    try:
        slurm.up()
        yield make
    finally:
        slurm.down()
