"""What it costs to verify a token for a job: `python -m tests.bench.tokens`.

A token that was accepted before, and one that is new, each with all that a request needs to know who it is from; and all that
the token of one job costs in its life: it is made, taken apart and judged, and known at each further report. That of a life is
given three times: reports come to the process that made the token, to another one of its host, which knows the signatures of
its host, and to a process of another host, which signs it again with the keys that both have. The least of several rounds, in
microseconds of CPU. What a whole life costs in all processes is read from `docs/proof.md`, whose pilots have one token together,
and is scaled to the machine of now by the yardstick of then.
"""

import asyncio
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from api.http.access import Gate
from deploy.config import CHECKOUT
from identity.agent_issuer import AgentKeys, job_token, key_ring_path
from identity.agents import Agent, AgentJob
from identity.own_issuers import own_issuers
from identity.ruling import EndpointClass
from identity.trust import key_cache
from identity.verify import Verifier
from tests.bench.yardstick import yardstick_ms
from tests.identity.builders import VOS, SharedDocuments

ROUNDS, NEW_TOKENS, CACHED_CALLS = 7, 300, 5_000
#: Reports under the token of one job: it runs, two signs of life, its end.
REPORTS = 4
LEASE = "11111111-2222-4333-8444-555555555555"
#: Row of the table of processes: CPU of all of them for one finished job.
WHOLE_LIFE = re.compile(r"yardstick_ms ([0-9.]+),.*^\| sum \| ([0-9]+) \|", re.MULTILINE | re.DOTALL)


def measure() -> dict[str, float]:
    """Microseconds of CPU: of a token that is known, of one that is new, of making one, of the token of one job in its life.

    `new`: at a process that checks the signature, as it has no private key. `life`: where one process makes it and has its
    reports; `life_neighbour`: where another process of its host has all its reports; `life_elsewhere`: where a process of another
    host has them.
    """
    with TemporaryDirectory() as folder:
        keys = AgentKeys.of(Path(folder))
        cache = key_cache(Path(folder), SharedDocuments(), agents=keys)
        issuers = own_issuers(VOS)
        here = Gate(Verifier(issuers, cache, signed_here=keys.signed_here), cache, VOS, agent_keys=keys)
        others = AgentKeys.of(Path(folder))
        others_cache = key_cache(Path(folder), SharedDocuments(), agents=others)
        neighbour = Gate(Verifier(issuers, others_cache, signed_here=others.signed_here), others_cache, VOS, agent_keys=others)
        far = AgentKeys.of(Path(folder, "another host"), key_ring_path(Path(folder)))
        far_cache = key_cache(Path(folder), SharedDocuments(), agents=far)
        elsewhere = Gate(Verifier(issuers, far_cache, signed_here=far.signed_here), far_cache, VOS, agent_keys=far)
        stranger = Gate(Verifier(issuers, cache), cache, VOS)
        rounds = [asyncio.run(_round(stranger, (here, neighbour, elsewhere), keys)) for _ in range(ROUNDS)]
    return {name: min(found[name] for found in rounds) for name in rounds[0]}


def whole_life() -> tuple[float, float]:
    """Microseconds of CPU of one life in all processes, as `docs/proof.md` has it; the milliseconds of the yardstick then."""
    found = WHOLE_LIFE.search((CHECKOUT / "docs" / "proof.md").read_text(encoding="utf-8"))
    assert found is not None, "docs/proof.md has no yardstick or no row `sum`"
    return float(found[2]), float(found[1])


def share(what: str, token_micros: float, known_micros: float, yardstick: float) -> str:
    """What the token of a job costs in a life: one line.

    what: where its reports go. known_micros: of a token that is known, which each of a life's reports costs with one token for
    all jobs, too. yardstick: ms, as of now.
    """
    whole, then = whole_life()
    scaled = whole * yardstick / then
    more = token_micros - REPORTS * known_micros
    return (
        f"token of a job in a life, reports to {what}: {token_micros:.0f} us; a life in all processes (docs/proof.md): "
        f"{whole:.0f} us at yardstick {then}, about {scaled:.0f} us at {yardstick} as now; {100 * token_micros / scaled:.1f} %, "
        f"{100 * more / scaled:.1f} % more than with one token for all jobs"
    )


async def _round(stranger: Gate, gates: tuple[Gate, Gate, Gate], keys: AgentKeys) -> dict[str, float]:
    agent = Agent("e" * 64, "wlcg", ("LOCAL",), "w1", int(time.time()) + 86_400)
    began = time.process_time()
    tokens = [job_token(keys, agent, AgentJob(number, 1, LEASE), time.time())[0] for number in range(NEW_TOKENS)]
    made = time.process_time()
    for token in tokens:
        await stranger.let_in(EndpointClass.REPORT, f"Bearer {token}", "wlcg")
    verified = time.process_time()
    known = f"Bearer {tokens[-1]}"
    for _ in range(CACHED_CALLS):
        await stranger.let_in(EndpointClass.REPORT, known, "wlcg")
    asked = time.process_time()
    lives = [await _lives(gate, keys, agent) for gate in gates]
    return {
        "known": 1e6 * (asked - verified) / CACHED_CALLS,
        "new": 1e6 * (verified - made) / NEW_TOKENS,
        "made": 1e6 * (made - began) / NEW_TOKENS,
        **dict(zip(("life", "life_neighbour", "life_elsewhere"), lives, strict=True)),
    }


async def _lives(gate: Gate, keys: AgentKeys, agent: Agent) -> float:
    """Microseconds of CPU of a job whose token is made with its lease and let in at each of its reports."""
    began = time.process_time()
    for number in range(NEW_TOKENS):
        token, _ = job_token(keys, agent, AgentJob(1_000_000 + number, 1, LEASE), time.time())
        for _ in range(REPORTS):
            await gate.let_in(EndpointClass.REPORT, f"Bearer {token}", "wlcg")
    return 1e6 * (time.process_time() - began) / NEW_TOKENS


if __name__ == "__main__":
    figures = measure()
    for name, micros in figures.items():
        print(f"{name}: {micros:.1f} us")
    yardstick_now = yardstick_ms()
    print(share("the process that made it", figures["life"], figures["known"], yardstick_now))
    print(share("another process of its host", figures["life_neighbour"], figures["known"], yardstick_now))
    print(share("a process of another host", figures["life_elsewhere"], figures["known"], yardstick_now))
