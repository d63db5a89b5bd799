"""supervisord around the processes of a stack: its configuration file, its start, and the calls to it.

A process that dies is started again, after a pause that grows with every failure in a row. The supervisor listens on a socket
under CULM_HOME/run that its owner alone may use.
"""

import os
import resource
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

from deploy.config import StackConfig
from deploy.errors import DidNotStart, NotUp
from deploy.processes import Program, log_file
from process.core_files import leave_no_core_file
from process.supervised import NotSupervised, SupervisorClient, socket_path

START_SECONDS_MAX = 20.0
OPEN_FILES = 65_536


def configuration(config: StackConfig, processes: tuple[Program, ...], inherited: Mapping[str, str]) -> str:
    """supervisord's configuration file."""
    lines = [
        "[supervisord]",
        f"logfile={config.logs / 'supervisord.log'}",
        "logfile_maxbytes=20MB",
        f"pidfile={config.run / 'supervisord.pid'}",
        f"childlogdir={config.logs}",
        "identifier=culm",
        f"minfds={_open_files()}",
        *(["user=root"] if os.geteuid() == 0 else []),
        "",
        "[unix_http_server]",
        f"file={socket_path(config.home)}",
        "chmod=0600",
        "",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        "",
    ]
    for process in processes:
        lines += _program(config, process, inherited)
    return "\n".join(lines) + "\n"


def _program(config: StackConfig, process: Program, inherited: Mapping[str, str]) -> list[str]:
    variables = {**inherited, **process.environment}
    listed = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(variables.items()))
    return [
        f"[program:{process.name}]",
        "command=" + " ".join(_quoted(part) for part in process.command),
        f"environment={listed}",
        "autostart=false",
        "autorestart=true",
        "startsecs=1",
        "startretries=1000000",
        f"stopsignal={process.stop_signal}",
        f"stopwaitsecs={process.stop_seconds}",
        "stopasgroup=false",
        "killasgroup=true",
        *([f"user={process.user}"] if process.user else []),
        f"directory={'/' if process.user else config.home}",
        f"stdout_logfile={log_file(config, process.name)}",
        "stdout_logfile_maxbytes=50MB",
        "stdout_logfile_backups=1",
        "redirect_stderr=true",
        "",
    ]


def _open_files() -> int:
    """As many open files as this account may have, up to what a broker with many partitions needs."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)


def _escaped(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"').replace("\n", " ")


def _quoted(part: str) -> str:
    return '"' + part.replace("%", "%%").replace('"', '\\"') + '"'


class Supervisor(SupervisorClient):
    """The running supervisor of one stack: what `SupervisorClient` asks, and start and stop. Raises NotUp where none runs."""

    def __init__(self, config: StackConfig) -> None:
        super().__init__(config.home)
        self._config = config

    def launch(self, processes: tuple[Program, ...], inherited: Mapping[str, str]) -> None:
        """Start supervisord in the background with `processes`, none of them started yet; raises DidNotStart."""
        self._config.run.mkdir(parents=True, exist_ok=True)
        self._config.logs.mkdir(parents=True, exist_ok=True)
        path = self._config.run / "supervisord.conf"
        path.touch(mode=0o600)
        path.write_text(configuration(self._config, processes, inherited), encoding="utf-8")
        command = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(path)]
        leave_no_core_file()  # which all that it runs inherits
        # What it runs inherits its environment: the caller's own variables stay with the caller.
        environment = dict(inherited)
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=environment
        )
        if done.returncode != 0:
            raise DidNotStart(f"supervisord did not start:\n{(done.stdout + done.stderr)[-2000:]}")
        end = time.monotonic() + START_SECONDS_MAX
        while not self.is_up():
            if time.monotonic() > end:
                raise DidNotStart(f"supervisord does not answer on {socket_path(self._config.home)}")
            time.sleep(0.05)

    def change(self, added: tuple[Program, ...], removed: Iterable[str], inherited: Mapping[str, str]) -> None:
        """Know other processes from now on: end and forget those in `removed`, add others, not started yet."""
        gone = set(removed)
        for name in gone:
            self.stop(name)
        path = self._config.run / "supervisord.conf"
        head, *sections = path.read_text(encoding="utf-8").split("[program:")
        kept = [section for section in sections if section.partition("]")[0] not in gone]
        lines = [line for program in added for line in _program(self._config, program, inherited)]
        path.write_text("[program:".join([head, *kept]) + "\n".join(lines) + "\n", encoding="utf-8")
        self.call("reloadConfig")
        for name in gone:
            self.call("removeProcessGroup", name)
        for program in added:
            self.call("addProcessGroup", program.name)

    def start(self, name: str) -> None:
        """Start a process without waiting; one that runs is left alone."""
        try:
            self.call("startProcess", name, False)
        except xmlrpc.client.Fault as problem:
            if "ALREADY_STARTED" not in problem.faultString:
                raise DidNotStart(f"{name}: {problem.faultString}") from problem

    def stop(self, name: str) -> None:
        """Stop a process and wait for its end."""
        try:
            self.call("stopProcess", name, True)
        except xmlrpc.client.Fault as problem:
            if "NOT_RUNNING" not in problem.faultString:
                raise

    def shut_down(self, *, wait_seconds: float = 60.0) -> None:
        """End the supervisor and everything below it."""
        pid = int(cast(int, self.call("getPID")))
        self.call("shutdown")
        end = time.monotonic() + wait_seconds
        while time.monotonic() < end and Path(f"/proc/{pid}").exists():
            time.sleep(0.05)

    def call(self, method: str, *arguments: object) -> object:
        """See `SupervisorClient`."""
        try:
            return super().call(method, *arguments)
        except NotSupervised as problem:
            raise NotUp(f"no stack runs under {self._config.home}; start one with `culm up`") from problem
