"""Lets schemathesis ask an API; says whether an answer was a server error, not as documented, or held what it must not."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.config import CHECKOUT
from tests.openapi.hooks import WORDS_OF

#: A stream, which ends when its reader leaves, and what ends a login.
LEFT_OUT = "^/v1/tail$|^/auth/"
#: Beside the two of ours: status, type and schema of each answer are as the document says.
CHECKS = "not_a_server_error,no_leaks,status_code_conformance,content_type_conformance,response_schema_conformance"


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender: its headers, and words by what they are that its answers must not hold."""

    name: str
    headers: Mapping[str, str]
    words: Mapping[str, Sequence[str]] = field(repr=False)


def asked(document: str, caller: Caller, examples: int, seed: int, workers: int = 1) -> "subprocess.CompletedProcess[str]":
    """How it ended that `caller` asked every operation of the OpenAPI document at `document`: 0 where no check failed.

    examples: for each operation. workers: so many ask at the same time.
    """
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", document, "--checks", CHECKS]
    command += ["--phases", "examples,fuzzing", "--max-examples", str(examples), "--seed", str(seed)]
    command += ["--workers", str(workers)]
    command += ["--request-timeout", "30", "--continue-on-failure", "--suppress-health-check", "all"]
    command += ["--exclude-path-regex", LEFT_OUT]  # once: of several the last alone counts
    for header, value in caller.headers.items():
        command += ["-H", f"{header}: {value}"]
    with TemporaryDirectory() as folder:  # where it keeps what it found, which is of no use in the checkout
        words = Path(folder, "words.json")
        words.write_text(json.dumps(caller.words), encoding="utf-8")
        hooks = {"SCHEMATHESIS_HOOKS": "tests.openapi.hooks", WORDS_OF: str(words), "PYTHONPATH": str(CHECKOUT)}
        return subprocess.run(command, check=False, cwd=folder, env=os.environ | hooks, text=True, stdout=subprocess.PIPE)
