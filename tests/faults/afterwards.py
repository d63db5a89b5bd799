"""What the independent checker says of a stack on which tests ran."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from deploy.stack import Stack
from process.kafka_security import environment_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """Laws that are broken, with their violations; names of laws that had nothing to look at; the checker's exit code."""

    broken: list[dict[str, Any]]
    idle: set[str]
    code: int


def payload_result_of(stack: Stack) -> Verdict:
    """The whole log and the rows of `stack`, judged by `culm check`."""
    addresses = {
        **environment_of(stack.config.kafka),
        "CULM_REGISTRY": stack.config.registry,
        "CULM_POSTGRES": stack.config.postgres,
    }
    command = [sys.executable, "-m", "check", "--json"]
    done = subprocess.run(command, env={**os.environ, **addresses}, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    laws = json.loads(done.stdout)["laws"]
    return Verdict(
        [law for law in laws if law["violations"]], {law["law"] for law in laws if not law["checked"]}, done.returncode
    )
