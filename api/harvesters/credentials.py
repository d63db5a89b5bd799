"""`creds/get_proxy`, `get_token_key`, `get_key_pair`: files that an operator of the installation has put there for Harvesters.

In: the name of one. Out: its text, in the spellings that clients of either kind read. They stand in
`CULM_HOME/harvester_credentials/<vo>/`, each for its owner alone (mode 600). Guards: names are single words, never paths; the
token of a single worker gets none; no text enters a log or a message.
"""

import asyncio
import stat
from pathlib import Path

from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.pilots.agent_tokens import AgentTokens
from identity.ruling import PILOT, EndpointClass
from schemas.characters import WORD

FOLDER = "harvester_credentials"
BYTES_MAX, NAME_MAX = 100_000, 128
DELEGATION = "no proxies are delegated to this server; renew them where they were made"


async def get_proxy(call: Call) -> Reply:
    """`proxy`, or `proxy.ROLE` for a role."""
    if PILOT not in call.identity.roles:
        return failed(DELEGATION)
    role = call["role"]
    text, problem = await _read(call, f"proxy.{role}" if role else "proxy")
    return failed(f"{DELEGATION} ({problem})") if problem else done({"user_proxy": text, "userProxy": text})


async def get_token_key(call: Call) -> Reply:
    """`token_key.CLIENT`."""
    text, problem = await _read(call, f"token_key.{call['client_name']}")
    return failed(problem) if problem else done({"token_key": text, "tokenKey": text})


async def get_key_pair(call: Call) -> Reply:
    """Two files by their names."""
    public, missing = await _read(call, call["public_key_name"])
    private, also_missing = await _read(call, call["private_key_name"])
    problem = missing or also_missing
    if problem:
        return failed(problem)
    return done({"public_key": public, "private_key": private, "publicKey": public, "privateKey": private})


async def _read(call: Call, name: str) -> tuple[str, str]:
    """The text of the file, or why there is none."""
    AgentTokens(call.services.gate).check_harvester(call.identity, EndpointClass.PILOT)
    if not 1 <= len(name) <= NAME_MAX or not WORD.takes(name) or name.startswith("."):
        return "", f"{name[:60]!r} is no name of a credential, expected {WORD.expected}"
    folder = call.services.config.home / FOLDER / call.identity.vo
    return await asyncio.to_thread(_text_of, folder / name)


def _text_of(path: Path) -> tuple[str, str]:
    missing = f"no credential {path.name!r} is kept for this organisation"
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077 or facts.st_size > BYTES_MAX:
            return "", f"the credential {path.name!r} is not offered: expected a file of mode 600, up to {BYTES_MAX:,} bytes"
        return path.read_text(encoding="utf-8").strip(), ""
    except (OSError, UnicodeDecodeError):
        return "", missing
