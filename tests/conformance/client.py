"""The unmodified panda-client as a user runs it: its own environment, a working directory, what it prints."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from cli.client_environment import client_environment, client_folder
from deploy.stack import Stack
from process.authorities import believed

FINAL = frozenset({"done", "finished", "failed", "aborted", "broken", "exhausted"})
GROUPS = ("wlcg", "wlcg/production")
PATIENCE_SECONDS = 120.0
COMMAND_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed (both streams) and its exit code."""

    text: str
    code: int

    @property
    def task_id(self) -> int:
        """The task id that prun printed."""
        found = re.search(r"jediTaskID=(\d+)", self.text)
        assert found, self.text
        return int(found[1])


@dataclass(frozen=True, slots=True)
class Client:
    """panda-client of one user, in one working directory."""

    stack: Stack
    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, text: str | None = None) -> Said:
        """Run a command of the client."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        return Said(done.stdout, done.returncode)

    def prun(self, name: str, *options: str, payload: str = "echo hello") -> Said:
        """Submit `payload` under the output name `name`, without a build unless asked for."""
        options = options if "--bexec" in options else ("--noBuild", *options)
        return self.run("prun", "--exec", payload, "--outDS", name, "--vo", "wlcg", *options)

    def pbook(self, *words: str) -> Said:
        """Run pbook with `words`."""
        return self.run("pbook", *words)

    def python(self, code: str) -> Said:
        """Run code with the client's modules."""
        return self.run("python", "-c", code)

    def api(self, calls: str) -> str:
        """What the client's module `Client`, known as `c`, says to `calls`: the printed expressions, one a line."""
        return self.python(f"from pandaclient import Client as c\n{calls}").text

    def ask(self, verb: str, path: str, **request: Any) -> httpx.Response:
        """The answer to a request with this user's token."""
        token = self.environment["PANDA_AUTH_ID_TOKEN"]
        headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"} | request.pop("headers", {})
        return httpx.request(verb, f"{self.stack.config.api}{path}", headers=headers, timeout=30, verify=believed(), **request)

    def get(self, path: str) -> Any:
        """JSON of the native API, as this user."""
        answer = self.ask("GET", path)
        answer.raise_for_status()
        return answer.json()

    def task(self, task_id: int) -> dict[str, Any]:
        """The task as the native API shows it."""
        found: dict[str, Any] = self.get(f"/v1/tasks/{task_id}")
        return found

    def events(self, task_id: int, event_type: str) -> list[dict[str, Any]]:
        """Bodies of the task's events of one type, in order."""
        events = self.get(f"/v1/tasks/{task_id}/events?limit=200")["events"]
        return [event["body"] for event in events if event["event_type"] == event_type]

    def wait_for(self, task_id: int, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The task once `reached` holds for it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            task = self.task(task_id)
            if reached(task):
                return task
            assert time.monotonic() < end, f"task {task_id} is {json.dumps(task)[:600]}"
            time.sleep(0.1)

    def ended(self, task_id: int) -> dict[str, Any]:
        """The task once it is in a final status."""
        return self.wait_for(task_id, lambda task: task["status"] in FINAL)


def written_by_payloads(stack: Stack) -> Path:
    """A new folder into which payloads of the local pilots, who are other users, can write."""
    folder = stack.config.home / "storage" / f"payloads-{uuid4().hex}"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    return folder


def a_client(stack: Stack, folder: Path, user: str = "jdoe", name: str = "Jane Doe") -> Client:
    """The client of `user`, a member of wlcg with the production group, in a directory with one small file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.txt").write_text(f"{user} {folder.name}\n", encoding="utf-8")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PANDA", "CULM_"))}
    environ |= client_environment(stack.config, user, name, GROUPS, os.environ)
    assert (client_folder(os.environ) / "bin" / "prun").exists(), "the client is not installed: run `make setup`"
    return Client(stack, folder, environ)
