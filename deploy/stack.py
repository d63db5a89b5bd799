"""A whole Culm on one machine: up, down, status, reset. Used by `culm`, by the demo and by the tests.

In: a `StackConfig`. Out: servers and processes under one supervisor. Bringing up what is up changes nothing; each step names what
it waits for and shows the log of what did not answer.
"""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from deploy import fetch, local_queue
from deploy.config import EXTERNAL_VARIABLES, StackConfig, counts_in, saved
from deploy.credentials import give_rights, make_login_of_registry, make_secret_keys, offer_enrolment
from deploy.errors import AlreadyUp, NotUp, StepFailed
from deploy.handing_over import await_handing_over
from deploy.java import find_java
from deploy.kafka import node
from deploy.leftovers import end_leftovers
from deploy.ports import check_ports
from deploy.postgres import server as postgres
from deploy.processes import basic_environment, culm_processes, log_file, servers
from deploy.resizing import FEWEST_OF_EACH, resizing
from deploy.supervision import Supervisor
from deploy.waiting import api_answers, api_problems, edge_answers, kafka_answers, postgres_answers, registry_answers, wait_until
from eventlog import lag
from process.instances import SERVERS, process_named, processes_of_a_stack, shown_names
from process.kafka_security import environment_of
from process.servers import CHECKOUT, PORT_VARIABLES, secured
from process.settings import Settings, mask

Say = Callable[[str], None]
SERVER_SECONDS_MAX = 180.0
API_SECONDS_MAX = 180.0
CODE = ("schemas", "eventlog", "process", "identity", "commands", "streams", "projections", "audit", "api", "agents")
#: Files that processes read once, when they start: code, and what is declared beside the schemas.
CODE_SUFFIXES = frozenset({".py", ".avsc", ".json", ".toml"})
#: What a reset deletes under CULM_HOME, and nothing else: the folder may be another's.
STATE = (
    "kafka", "kafka-2", "kafka-3", "registry", "postgres", "run", "logs", "identity", "tokens", "decider", "cache", "shared",
    "edge", "storage", "work", "client", "notary",
    "culm-streams-data",
)  # fmt: skip


def _silent(_: str) -> None:
    return


def changed_at(folders: Iterable[Path]) -> float:
    """When a file that processes read at their start was last changed, in seconds since 1970; 0 when there is none."""
    files = (path for folder in folders for path in folder.rglob("*") if path.suffix in CODE_SUFFIXES)
    return max((path.stat().st_mtime for path in files), default=0.0)


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
        if running is None or not Supervisor(running).is_up():
            return cls(config, environ)
        ours = "kafka" not in running.external
        return cls(running if ours else replace(running, kafka=secured(Settings(environ), running.kafka)), environ)

    @classmethod
    def running(cls, environ: Mapping[str, str] = os.environ) -> "Stack":
        """The stack under the CULM_HOME of `environ`, which must be up: never another one that uses the same ports."""
        one = cls.here(environ)
        if not one.supervisor.is_up():
            raise NotUp(f"no stack runs under {one.config.home}; start one with `culm up`")
        return one

    @property
    def supervisor(self) -> Supervisor:
        """Its supervisor, running or not."""
        return Supervisor(self.config)

    def up(self, *, only_servers: bool = False, say: Say = _silent) -> None:
        """Bring everything up and wait until it answers; raises StackError with what to do."""
        with self._alone():
            one = self
            if counts_in(self.environ).get("edge"):
                self._step("api.edge", "check")
            if self.supervisor.is_up():
                self._same_addresses()
                one = self._resized(say)
            else:
                self._launch(say)
            with ThreadPoolExecutor() as pool:
                database = pool.submit(one._start_database, only_servers, say)
                log = pool.submit(one._start_log, only_servers, say)
                for started in (database, log):
                    started.result()
            if not only_servers:
                one._start_culm(say)

    def down(self, say: Say = _silent) -> None:
        """Stop Culm's processes, then the servers, then all that they left behind; raises NotUp when nothing runs."""
        with self._alone():
            if not self._stop(say):
                raise NotUp(f"no stack runs under {self.config.home}")

    def reset(self, say: Say = _silent) -> None:
        """Stop everything and delete all state; what was fetched stays."""
        with self._alone():
            self._stop(say)
            for name in STATE:
                shutil.rmtree(self.config.home / name, ignore_errors=True)
            outside = postgres.foreign_folder(self.config)
            if outside is not None:
                shutil.rmtree(outside, ignore_errors=True)
            say(f"deleted the state under {self.config.home}")

    def status(self) -> dict[str, Any]:
        """Addresses, what is wrong in sentences, and per process: name, kind, instance (`decider-1`), pid, health, restarts,
        seconds up, lag of its kind in records.

        `name` is that of the kind while one instance of it runs, and `decider-1`, `decider-2` where there are more.
        `health` is `running` when the process runs and, as far as it can be asked, answers. `condition` is `ok` or `degraded`,
        as the API's health says; `problems` are its reasons.
        """
        document: dict[str, Any] = {
            "up": False,
            "home": str(self.config.home),
            "addresses": {
                "api": self.config.api,
                "kafka": mask(self.config.kafka),
                "registry": mask(self.config.registry),
                "postgres": mask(self.config.postgres),
                **({"edge": self.config.edge} if self.config.edge else {}),
            },
            "processes": [],
            "condition": "degraded",
            "problems": ["Nothing runs."],
        }
        if not self.supervisor.is_up():
            return document
        with ThreadPoolExecutor() as pool:
            behind = pool.submit(lag.lags, self.config.kafka, self.config.postgres)
            problems = pool.submit(api_problems, self.config.addresses.health)
            asked = {name: pool.submit(answers) for name, answers in self._checks().items()}
            answering = {name: answer.result() for name, answer in asked.items()}
        states = self.supervisor.states()
        shown = shown_names(state.name for state in states)
        for state in states:
            silent = state.state == "running" and not answering.get(state.name, True)
            health = "running, not answering" if silent else state.state
            process = process_named(state.name)
            of_kind = {"kind": process.kind.name if process else "server", "instance": process.name if process else state.name}
            document["processes"].append(
                asdict(state)
                | of_kind
                | {"name": shown[state.name], "health": health, "lag": behind.result().get(of_kind["kind"])}
            )
        document["up"] = all(row["health"] == "running" for row in document["processes"])
        fine = ("running", "starting")
        silent_ones = [f"{row['name']} is {row['health']}." for row in document["processes"] if row["health"] not in fine]
        document["problems"] = [*silent_ones, *problems.result()]
        document["condition"] = "degraded" if document["problems"] else "ok"
        return document

    def process_pid(self, name: str) -> int:
        """Process id of a running process, by the name it is shown with or its kind's; raises NotUp."""
        process = process_named(name)
        program = process.program if process else name
        for state in self.supervisor.states():
            if state.name == program and state.pid is not None:
                return state.pid
        raise NotUp(f"{name} does not run")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One change to a stack at a time, also across processes."""
        self.config.home.mkdir(parents=True, exist_ok=True)
        with (self.config.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _same_addresses(self) -> None:
        """Raises AlreadyUp when the environment asks for other addresses than the running stack has."""
        named = {*EXTERNAL_VARIABLES.values(), *(variable for variable, _ in PORT_VARIABLES.values())}
        if named.isdisjoint(self.environ):
            return
        asked_for = StackConfig.from_environ(self.environ, home=self.config.home)
        if asked_for.with_counts(FEWEST_OF_EACH).masked() != self.config.with_counts(FEWEST_OF_EACH).masked():
            raise AlreadyUp(f"a stack with other addresses runs under {self.config.home}; stop it with `culm down`")

    def _resized(self, say: Say) -> "Stack":
        """The running stack with as many instances of each kind as are asked for; those that are too many are stopped."""
        change = resizing(self.config, {state.name for state in self.supervisor.states()}, self.environ)
        if change.added or change.removed:
            check_ports(change.config, change.before)
            self.supervisor.change(change.added, change.removed, basic_environment(change.config, self.environ))
            change.config.save()
            for word, names in (("added", [program.name for program in change.added]), ("stopped", change.removed)):
                if names:
                    say(f"{word} {', '.join(names)}")
            await_handing_over(self.config.kafka, change.removed, say)
        return Stack(change.config, self.environ)

    def _stop(self, say: Say) -> bool:
        """Stop what runs, in the order against the flow; False when there was nothing."""
        supervised = self.supervisor.is_up()
        if supervised:
            states = self.supervisor.states()
            for are_servers in (False, True):
                running = [state.name for state in states if (state.name in SERVERS) == are_servers and state.pid]
                with ThreadPoolExecutor() as pool:
                    list(pool.map(lambda name: Supervisor(self.config).stop(name), running))
                if running:
                    say("stopped " + ", ".join(running))
            self.supervisor.shut_down()
        left = end_leftovers(self.config.home)
        if left:
            say(f"ended {left} processes that were left over")
        return supervised or left > 0

    def _launch(self, say: Say) -> None:
        began = time.monotonic()
        if end_leftovers(self.config.home):
            say("ended what a killed supervisor had left running")
        check_ports(self.config)
        java = find_java(self.environ)
        fetch.fetch(self.config.lib, self.environ)
        with ThreadPoolExecutor() as pool:
            database = pool.submit(postgres.prepared, self.config)
            if "kafka" not in self.config.external:
                node.prepare(self.config, java)
            prepared = database.result()
        make_login_of_registry(self.config)
        processes = (*servers(self.config, java, prepared), *culm_processes(self.config, self.environ))
        self.supervisor.launch(processes, basic_environment(self.config, self.environ))
        self.config.save()
        say(f"prepared in {time.monotonic() - began:.1f} s")

    def _checks(self) -> dict[str, Callable[[], bool]]:
        return {
            **{one.name: functools.partial(kafka_answers, one.asked) for one in node.nodes(self.config)},
            "registry": lambda: registry_answers(self.config.registry),
            "postgres": lambda: postgres_answers(self.config.postgres),
            **{name: functools.partial(api_answers, address) for name, address in self.config.api_health.items()},
            **({"edge": lambda: edge_answers(self.config.edge_metrics)} if self.config.edge else {}),
            **({"kafka": lambda: kafka_answers(self.config.kafka)} if "kafka" in self.config.external else {}),
        }

    def _await(self, name: str, say: Say, seconds: float) -> None:
        supervisor = Supervisor(self.config)
        before = supervisor.restarts(name)
        took = wait_until(
            self._checks()[name],
            name,
            log_file(self.config, name),
            seconds=seconds,
            deaths=lambda: supervisor.restarts(name) - before,
        )
        say(f"{name} answers after {took:.1f} s")

    def _start_database(self, only_server: bool, say: Say) -> None:
        """Postgres, then its tables. Beside it runs `_start_log`."""
        self._start("postgres")
        self._await("postgres", say, SERVER_SECONDS_MAX)
        if "postgres" not in self.config.external:
            postgres.create_database(self.config.postgres, self.config.home)
        if not only_server:
            say(self._step("projections", "migrate"))

    def _start_log(self, only_servers: bool, say: Say) -> None:
        """Kafka and the registry, then topics and schemas."""
        names = (*(one.name for one in node.nodes(self.config)), "registry")
        for name in names:
            self._start(name)
        if "kafka" in self.config.external:
            names = ("kafka", *names)
        for name in names:
            self._await(name, say, SERVER_SECONDS_MAX)
        give_rights(self.config, say)
        if not only_servers:
            say(self._step("eventlog", "apply"))

    def _start(self, name: str) -> None:
        if name not in self.config.external:
            Supervisor(self.config).start(name)

    def _start_culm(self, say: Say) -> None:
        began = time.monotonic()
        make_secret_keys(self.config, self.environ)
        outdated = self._outdated()
        for name in outdated:
            self.supervisor.stop(name)
        if outdated:
            say("the code is newer than " + ", ".join(outdated) + ": starting them again")
        processes = processes_of_a_stack(self.config.counts)
        for process in processes:
            if not process.kind.is_agent:
                self._start(process.program)
        for name in (*self.config.api_health, *(["edge"] if self.config.edge else [])):
            self._await(name, say, API_SECONDS_MAX)
        local_queue.configure(self.config.addresses.health, self.config.home, local_queue.LocalQueue())
        offer_enrolment(self.config, self.environ, self.supervisor)
        for process in processes:
            if process.kind.is_agent:
                self._start(process.program)
        say(f"Culm answers after {time.monotonic() - began:.1f} s at {self.config.api}")

    def _outdated(self) -> list[str]:
        """Culm's processes that were started before the code was last changed."""
        age = time.time() - changed_at(CHECKOUT / folder for folder in CODE)
        ours = [one for one in self.supervisor.states() if one.name not in SERVERS and one.pid]
        return [one.name for one in ours if one.since_seconds > age]

    def _step(self, module: str, word: str) -> str:
        """What `python -m MODULE WORD` printed last; raises StepFailed with all of it."""
        environment = {**self.environ, **self._addresses(), "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-m", module, word]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=CHECKOUT)
        if done.returncode != 0:
            raise StepFailed(f"python -m {module} {word} failed:\n{(done.stdout + done.stderr).strip()[-2000:]}")
        return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else f"{module} {word}: done"

    def _addresses(self) -> dict[str, str]:
        return {
            **environment_of(self.config.kafka),
            "CULM_REGISTRY": self.config.registry,
            "CULM_POSTGRES": self.config.postgres,
            "CULM_HOME": str(self.config.home),
            **self.config.api_environment,
            **({"CULM_REPLICATION": str(self.config.brokers)} if self.config.brokers > 1 else {}),
        }


def home_for_tests(name: str) -> Path:
    """Folder for a stack that tests use, apart from the one a user plays with."""
    return CHECKOUT / "out" / "test" / name
