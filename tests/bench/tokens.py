"""What it costs to verify a token for a job: `python -m tests.bench.tokens`.

A token that was accepted before, and one that is new, each with all that a request needs to know who it is from. The least of
several rounds, in microseconds of CPU.
"""

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from api.http.access import Gate
from identity.agent_issuer import AgentKeys, job_token
from identity.agents import Agent, AgentJob
from identity.own_issuers import own_issuers
from identity.ruling import EndpointClass
from identity.trust import key_cache
from identity.verify import Verifier
from tests.identity.builders import VOS, SharedDocuments

ROUNDS, NEW_TOKENS, CACHED_CALLS = 7, 300, 5_000


def measure() -> dict[str, float]:
    """Microseconds of CPU: of a token that is known, of one that is new, of making one."""
    with TemporaryDirectory() as folder:
        keys = AgentKeys.of(Path(folder))
        cache = key_cache(Path(folder), SharedDocuments(), agents=keys)
        gate = Gate(Verifier(own_issuers(VOS), cache), cache, VOS, agent_keys=keys)
        rounds = [asyncio.run(_round(gate, keys)) for _ in range(ROUNDS)]
    return {name: min(found[name] for found in rounds) for name in rounds[0]}


async def _round(gate: Gate, keys: AgentKeys) -> dict[str, float]:
    agent = Agent("e" * 64, "wlcg", ("LOCAL",), "w1", int(time.time()) + 86_400)
    lease = "11111111-2222-4333-8444-555555555555"
    began = time.process_time()
    tokens = [job_token(keys, agent, AgentJob(number, 1, lease), time.time())[0] for number in range(NEW_TOKENS)]
    made = time.process_time()
    for token in tokens:
        await gate.let_in(EndpointClass.REPORT, f"Bearer {token}", "wlcg")
    verified = time.process_time()
    known = f"Bearer {tokens[-1]}"
    for _ in range(CACHED_CALLS):
        await gate.let_in(EndpointClass.REPORT, known, "wlcg")
    asked = time.process_time()
    return {
        "known": 1e6 * (asked - verified) / CACHED_CALLS,
        "new": 1e6 * (verified - made) / NEW_TOKENS,
        "made": 1e6 * (made - began) / NEW_TOKENS,
    }


if __name__ == "__main__":
    for name, micros in measure().items():
        print(f"{name}: {micros:.1f} us")
