"""A whole Culm on one machine: up, down, status, reset. Used by `culm`, by the demo and by the tests.

In: a `StackConfig`. Out: servers and processes under one supervisor. Bringing up what is up changes nothing; each step names what
it waits for and shows the log of what did not answer.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from deploy import fetch, lag, local_queue
from deploy.config import CHECKOUT, StackConfig, mask, saved
from deploy.errors import AlreadyUp, NotUp, StepFailed
from deploy.java import find_java
from deploy.kafka import node
from deploy.ports import check_ports
from deploy.postgres import server as postgres
from deploy.processes import Process, basic_environment, culm_processes, log_file, servers
from deploy.supervision import Supervisor
from deploy.waiting import api_answers, kafka_answers, postgres_answers, registry_answers, wait_until

Say = Callable[[str], None]
PILOT_TOKEN_HOURS = 24.0 * 365


def _silent(_: str) -> None:
    return


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack. `environ` is what its processes may read settings from."""

    config: StackConfig
    environ: Mapping[str, str]

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> "Stack":
        """The stack that `environ` names; the addresses of the running one when there is one."""
        config = StackConfig.from_environ(environ)
        running = saved(config.home)
        return cls(running if running and Supervisor(running).is_up() else config, environ)

    @property
    def supervisor(self) -> Supervisor:
        """Its supervisor, running or not."""
        return Supervisor(self.config)

    def up(self, *, only_servers: bool = False, say: Say = _silent) -> None:
        """Bring everything up and wait until it answers; raises StackError with what to do."""
        wished = StackConfig.from_environ(self.environ, home=self.config.home)
        if self.supervisor.is_up():
            if wished.masked() != self.config.masked():
                raise AlreadyUp(f"a stack with other addresses runs under {self.config.home}; stop it with `culm down`")
        else:
            self._launch(say)
        self._start_servers(say)
        if only_servers:
            return
        self._start_culm(say)

    def down(self, say: Say = _silent) -> None:
        """Stop Culm's processes, then the servers; raises NotUp when nothing runs."""
        if not self.supervisor.is_up():
            raise NotUp(f"no stack runs under {self.config.home}")
        states = [state.name for state in self.supervisor.states()]
        ours = [name for name in states if name not in ("kafka", "registry", "postgres")]
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: Supervisor(self.config).stop(name), ours))
        say("stopped " + ", ".join(ours))
        self.supervisor.shut_down()
        say("stopped the servers")

    def reset(self, say: Say = _silent) -> None:
        """Stop everything and delete all state; what was fetched stays."""
        if self.supervisor.is_up():
            self.down(say)
        for name in ("kafka", "postgres", "run", "logs", "identity", "tokens", "decider", "cache", "storage", "work", "client"):
            shutil.rmtree(self.config.home / name, ignore_errors=True)
        outside = postgres.foreign_folder(self.config)
        if outside is not None:
            shutil.rmtree(outside, ignore_errors=True)
        say(f"deleted the state under {self.config.home}")

    def status(self) -> dict[str, Any]:
        """Addresses, and per process: name, pid, health, restarts, seconds up, lag in records."""
        document: dict[str, Any] = {
            "up": False,
            "home": str(self.config.home),
            "addresses": {
                "api": self.config.api,
                "kafka": self.config.kafka,
                "registry": self.config.registry,
                "postgres": mask(self.config.postgres),
            },
            "processes": [],
        }
        if not self.supervisor.is_up():
            return document
        behind = lag.lags(self.config)
        alive = api_answers(self.config.api)
        for state in self.supervisor.states():
            health = state.state if state.name != "api" or alive else f"{state.state}, not answering"
            row = asdict(state) | {"health": health, "lag": behind.get(state.name)}
            document["processes"].append(row)
        document["up"] = all(row["state"] == "running" for row in document["processes"])
        return document

    def process_pid(self, name: str) -> int:
        """Process id of a running process; raises NotUp."""
        for state in self.supervisor.states():
            if state.name == name and state.pid is not None:
                return state.pid
        raise NotUp(f"{name} does not run")

    def _launch(self, say: Say) -> None:
        java = find_java(self.environ)
        began = time.monotonic()
        fetch.fetch(self.config.lib, self.environ)
        check_ports(self.config)
        self.config.home.mkdir(parents=True, exist_ok=True)
        self.config.run.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor() as pool:
            database = pool.submit(postgres.prepared, self.config)
            if "kafka" not in self.config.external:
                node.prepare(self.config, java)
            prepared = database.result()
        processes = (*servers(self.config, java, prepared), *culm_processes(self.config, self.environ))
        self.supervisor.launch(processes, basic_environment(self.environ))
        self.config.save()
        say(f"prepared in {time.monotonic() - began:.1f} s")

    def _start_servers(self, say: Say) -> None:
        supervisor = self.supervisor
        for name in ("kafka", "postgres", "registry"):
            if name not in self.config.external:
                supervisor.start(name)
        checks: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("kafka", lambda: kafka_answers(self.config.kafka)),
            ("postgres", lambda: postgres_answers(self.config.postgres)),
            ("registry", lambda: registry_answers(self.config.registry)),
        )
        with ThreadPoolExecutor() as pool:
            waits = {
                name: pool.submit(wait_until, check, name, log_file(self.config, name), seconds=90)
                for name, check in checks
            }
            for name, wait in waits.items():
                say(f"{name} answers after {wait.result():.1f} s")
        postgres.create_database(self.config.postgres)

    def _start_culm(self, say: Say) -> None:
        began = time.monotonic()
        environment = {**os.environ, **self._addresses(), "PYTHONWARNINGS": "ignore"}
        with ThreadPoolExecutor() as pool:
            steps = (("schemas", "apply"), ("projections", "migrate"))
            for said in pool.map(lambda step: _run_step(step, environment), steps):
                say(said)
        self._write_tokens()
        supervisor = self.supervisor
        for process in culm_processes(self.config, self.environ):
            if process.name != "harvester":
                supervisor.start(process.name)
        wait_until(lambda: api_answers(self.config.api), "api", log_file(self.config, "api"), seconds=60)
        local_queue.configure(self.config.api, self.config.home, local_queue.LocalQueue())
        supervisor.start("harvester")
        say(f"Culm answers after {time.monotonic() - began:.1f} s at {self.config.api}")

    def _addresses(self) -> dict[str, str]:
        return {
            "CULM_KAFKA": self.config.kafka,
            "CULM_REGISTRY": self.config.registry,
            "CULM_POSTGRES": self.config.postgres,
            "CULM_HOME": str(self.config.home),
            "CULM_API": self.config.api,
        }

    def _write_tokens(self) -> None:
        """A token for the local agents, readable by its owner alone."""
        from api.identity.issuer import make_token

        folder = self.config.home / "tokens"
        folder.mkdir(mode=0o700, exist_ok=True)
        groups = [local_queue.VO, f"{local_queue.VO}/pilot"]
        token = make_token(self.config.home, user="pilot", name="Local Pilot", groups=groups, audience_hours=PILOT_TOKEN_HOURS)
        path = folder / "pilot"
        path.touch(mode=0o600)
        path.write_text(token, encoding="utf-8")


def _run_step(step: tuple[str, str], environment: Mapping[str, str]) -> str:
    """What `python -m MODULE WORD` printed last; raises StepFailed with all of it."""
    module, word = step
    command = [sys.executable, "-m", module, word]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(environment), cwd=CHECKOUT)
    if done.returncode != 0:
        raise StepFailed(f"python -m {module} {word} failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else f"{module} {word}: done"


def home_for_tests(name: str) -> Path:
    """Folder for a stack that tests use, apart from the one a user plays with."""
    return CHECKOUT / "out" / "test" / name


__all__ = ["Process", "Stack", "home_for_tests"]
