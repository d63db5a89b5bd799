"""Contexts: which Culm the commands speak to, by a name of one's own.

State: one JSON file of mode 600 (CULM_CONFIG, else `culm/config.json` in the user's configuration folder). It holds addresses
and names of files, no token: logins stand in `credentials.json`. Out: the context that is in use. Guards: a file that others may
write is not used, for it says where tokens are sent.
"""

import json
import re
import stat
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from deploy.errors import StepFailed
from process.private_files import write_private

CONTEXT, CONFIG = "CULM_CONTEXT", "CULM_CONFIG"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
ADDRESS = re.compile(r"https?://[^\s/@?#]+(/[^\s@?#]*)?")
CONTEXTS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Context:
    """Where the commands go, and as a member of which VO.

    api: address of a Culm elsewhere, "" for a stack of this machine. home: its CULM_HOME. token_file: a file with a token, for
    robots; "" where the login is used that `culm login` keeps.
    """

    api: str = ""
    vo: str = "wlcg"
    home: str = ""
    token_file: str = ""


@dataclass(frozen=True, slots=True)
class Contexts:
    """What the file holds. current: the name of the one in use, "" for none."""

    path: Path
    current: str
    named: Mapping[str, Context]

    def of(self, name: str) -> Context:
        """The context `name`; raises StepFailed that names the others."""
        if name not in self.named:
            known = ", ".join(sorted(self.named)) or "none; make one with `culm config set-context`"
            raise StepFailed(f"no context {name[:64]!r} in {self.path}; there are {known}")
        return self.named[name]

    def write(self, current: str, named: Mapping[str, Context]) -> None:
        """Keep these in place of what the file holds."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        document = {"current": current, "contexts": {name: asdict(one) for name, one in named.items()}}
        write_private(self.path, json.dumps(document, indent=2).encode())


def contexts_of(environ: Mapping[str, str]) -> Contexts:
    """The contexts of this user, none where there is no file; raises StepFailed for a file that cannot be believed."""
    base = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "/")) / ".config")
    path = Path(environ[CONFIG]) if environ.get(CONFIG) else base / "culm" / "config.json"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o022:
            raise StepFailed(f"{path} has mode {mode:o}, expected 600: others may have written where tokens are sent")
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Contexts(path, "", {})
    except ValueError as problem:
        raise StepFailed(f"{path} is not JSON; correct or delete it") from problem
    return _read(path, document)


def context_in_use(environ: Mapping[str, str]) -> tuple[str, Context] | None:
    """The context that `--context` or CULM_CONTEXT names, else the one of the file; None without one."""
    contexts = contexts_of(environ)
    name = environ.get(CONTEXT) or contexts.current
    return (name, contexts.of(name)) if name else None


def use_home_of_context(environ: MutableMapping[str, str]) -> None:
    """Let CULM_HOME be the one of the context in use, for commands that need the stack itself.

    A context that is named for one command goes before CULM_HOME, CULM_HOME before the current context.
    """
    if environ.get("CULM_HOME") and not environ.get(CONTEXT):
        return
    found = context_in_use(environ)
    if found is not None and found[1].home:
        environ["CULM_HOME"] = found[1].home


def problem_of(name: str, context: Context) -> str:
    """What is wrong with a context that is to be kept; empty for a good one."""
    if not NAME.fullmatch(name):
        return f"name: found {name[:80]!r}, expected a letter or digit and up to 63 letters, digits, _ . -"
    if bool(context.api) == bool(context.home):
        return "name either --api, of a Culm elsewhere, or --home, of a stack of this machine"
    if context.api and not ADDRESS.fullmatch(context.api):
        return f"--api: found {context.api[:200]!r}, expected https://HOST[:PORT]"
    return ""


def _read(path: Path, document: Any) -> Contexts:
    names = {one.name for one in fields(Context)}
    try:
        found = {str(name): Context(**one) for name, one in list(document["contexts"].items())[:CONTEXTS_MAX]}
        if not all(isinstance(getattr(one, name), str) for one in found.values() for name in names):
            raise TypeError("a value is no text")
        return Contexts(path, str(document["current"]), found)
    except (AttributeError, KeyError, TypeError) as problem:
        problem_told = f"{type(problem).__name__}: {problem}"
        raise StepFailed(f"{path} does not hold contexts ({problem_told}); correct or delete it") from problem
