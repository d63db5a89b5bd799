"""The keys that the unmodified clients can send, taken from their own code: each is known, and plain use of them is refined."""

import ast
import json
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.client_environment import client_folder
from schemas.types import TaskDefinition
from streams.jedi.known_keys import BUILD, MERGE, STEPS, TASK, KnownKeys
from streams.jedi.refine import refine
from streams.jedi.task_parameters import Refusal

#: It runs the client, which `make setup` installs.
pytestmark = pytest.mark.stack

API = "http://127.0.0.1:25080"
#: Of Jane Doe, with an end far away and no signature: the client only reads it.
TOKEN = "e30.eyJwcmVmZXJyZWRfdXNlcm5hbWUiOiAiamRvZSIsICJuYW1lIjogIkoiLCAiZXhwIjogOTk5OTk5OTk5OX0.x"
SECTIONS = {"buildSpec": BUILD, "mergeSpec": MERGE, "multiStepExec": STEPS}
#: `prun` makes the parameters of each list of options and submits nothing.
MAKE = """
import json, os, sys
from pandaclient import PrunScript
every, made, home = json.loads(sys.argv[1]), [], os.getcwd()
for options in every:
    os.chdir(home)
    plain = ["--exec", "echo hello", "--outDS", "user.jdoe.t", "--vo", "wlcg"]
    made.append(PrunScript.main(True, [*plain, *options], dry_mode=True))
open(sys.argv[2], "w").write(json.dumps(made))
"""
REFINED = [
    ["--noBuild"],
    ["--noBuild", "--nJobs", "3", "--outputs", "A:a.txt,b.root"],
    ["--bexec", "make", "--inDS", "user.jdoe.in", "--nFilesPerJob", "5", "--outputs", "o.root"],
    ["--noBuild", "--inDS", "user.jdoe.a,user.jdoe.b", "--notExpandInDS", "--match", "*.root", "--nFiles", "4"],
    ["--noBuild", "--inDS", "user.jdoe.a", "--nGBPerJob", "2", "--nSkipFiles", "3", "--forceStaged"],
    ["--noBuild", "--inDS", "user.jdoe.a", "--nEventsPerJob", "10"],
    ["--noBuild", "--inDS", "user.jdoe.a", "--addNthFieldOfInDSToLFN", "2,3", "--outputs", "o.root"],
    ["--noBuild", "--inDS", "user.jdoe.a", "--addNthFieldOfInFileToLFN", "2", "--outputs", "o.root"],
    ["--noBuild", "--outputs", "o.root", "--mergeOutput", "--mergeLog", "--nGBPerMergeJob", "3"],
    ["--noBuild", "--site", "A,B", "--excludedSite", "C", "--memory", "4000", "--fixedRamCount", "--nCore", "8"],
    ["--noBuild", "--maxCore", "16", "--outDiskCount", "100", "--workingGroup", "g"],
    ["--noBuild", "--maxAttempt", "5", "--disableAutoRetry", "--noLoopingCheck", "--maxWalltime", "2", "--cpuTimePerEvent", "3"],
    ["--noBuild", "--priority", "950", "--noEmail", "--expertOnly_skipScout", "--msgDriven"],
    ["--noBuild", "--useSecrets", "--avoidVP", "--framework", "f", "--noSeparateLog", "--useNewCode", "--allowTaskDuplication"],
    ["--containerImage", "docker://busybox", "--outputs", "o.txt"],
    ["--noBuild", "--architecture", "x86_64-el9-gcc13-opt"],
    ["--noBuild", "--inDS", "user.jdoe.a", "--respectLB"],
    ["--noBuild", "--inDS", "user.jdoe.a", "--skipFilesUsedBy", "12,10000001"],
    ["--noBuild", "--inDS", "user.jdoe.a", "--skipEmptyInput"],
]
REFUSED = [
    (["--noBuild", "--architecture", "&nvidia"], "architecture: "),
    (["--noBuild", "--architecture", "#x86_64-.*-avx2&nvidia"], "architecture: "),
    (["--noBuild", "--debugMode"], "debugMode: live output of jobs is not supported; found True, expected no such key"),
    (["--noBuild", "--inDS", "user.jdoe.a", "--useDirectIOSites"], "allowInputLAN: input that is read where it lies"),
    (["--noBuild", "--inDS", "user.jdoe.a", "--transferType", "root"], "transferType: "),
    (["--noBuild", "--outputs", "o.txt", "--destSE", "CERN_DISK"], "jobParameters[4].destination: a storage for outputs"),
    (["--noBuild", "--outputs", "o.txt", "--spaceToken", "ATLASLOCALGROUPDISK"], "jobParameters[4].token: "),
]


@cache
def scripts() -> Path:
    """The folder of panda-client's modules."""
    return next(client_folder(os.environ).glob("lib/python3*/site-packages/pandaclient"))


def keys_set_in(script: str) -> Iterator[tuple[str, str]]:
    """Section (empty for the parameters themselves) and key of each assignment to the task parameters in a script."""
    for node in ast.walk(ast.parse((scripts() / script).read_text(encoding="utf-8"))):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []:
            path = path_of(target)
            if path and len(path) <= 2:
                yield ("", path[0]) if len(path) == 1 else (path[0], path[1])
            if path and len(path) == 1 and isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                words = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
                yield from ((path[0], word) for word in words if isinstance(word, str))


def path_of(node: ast.AST) -> tuple[str, ...]:
    """The literal keys of `taskParamMap["a"]["b"]`; empty for anything else."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        if isinstance(node.value, ast.Name) and node.value.id == "taskParamMap":
            return (node.slice.value,)
        before = path_of(node.value)
        return (*before, node.slice.value) if before else ()
    return ()


def is_known(keys: KnownKeys, key: str) -> bool:
    return key in keys.followed or key in keys.harmless or key in keys.only or key in keys.unsupported


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Task parameters that `prun` makes of each list of options, by its words."""
    folder, client = tmp_path_factory.mktemp("prun"), client_folder(os.environ)
    (folder / "small.txt").touch()
    private = {name: value for name, value in os.environ.items() if not name.startswith(("PANDA", "CULM_"))}
    environment = private | {
        "PATH": f"{client / 'bin'}:{os.environ['PATH']}", "PANDA_SYS": str(client), "PANDA_CONFIG_ROOT": str(folder),
        "PANDA_AUTH": "oidc", "PANDA_AUTH_VO": "wlcg", "PANDA_AUTH_ID_TOKEN": TOKEN, "PANDA_BEHIND_REAL_LB": "1",
        "PANDA_URL": f"{API}/server/panda", "PANDA_URL_SSL": f"{API}/server/panda", "PANDACACHE_URL": f"{API}/server/panda",
    }  # fmt: skip
    every, target = [*REFINED, *(options for options, _ in REFUSED)], folder / "made.json"
    command = [str(client / "bin" / "python"), "-c", MAKE, json.dumps(every), str(target)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert target.exists(), done.stdout + done.stderr
    found = json.loads(target.read_text(encoding="utf-8"))
    return {" ".join(options): parameters for options, parameters in zip(every, found, strict=True)}


@pytest.mark.parametrize("script", ["PrunScript.py", "PathenaScript.py", "PhpoScript.py"])
def test_every_key_that_a_client_can_set_is_known(script: str) -> None:
    found = set(keys_set_in(script))

    unknown = [
        f"{section}.{key}"
        for section, key in found
        if section in ("", *SECTIONS) and not is_known(SECTIONS.get(section, TASK), key)
    ]
    assert len(found) > 25
    assert unknown == []


@pytest.mark.parametrize("options", REFINED, ids=" ".join)
def test_what_prun_makes_of_supported_options_is_refined(made: dict[str, dict[str, Any]], options: list[str]) -> None:
    outcome = refine(made[" ".join(options)], API)

    assert isinstance(outcome, TaskDefinition), outcome


@pytest.mark.parametrize(("options", "named"), REFUSED, ids=[" ".join(options) for options, _ in REFUSED])
def test_what_prun_makes_of_other_options_is_refused_by_name(
    made: dict[str, dict[str, Any]], options: list[str], named: str
) -> None:
    outcome = refine(made[" ".join(options)], API)

    assert isinstance(outcome, Refusal)
    assert outcome.reason == "NOT_SUPPORTED"
    assert outcome.message.startswith(named)
