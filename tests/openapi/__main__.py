"""`python -m tests.openapi`: schemathesis asks every operation of the OpenAPI document with no, weak and foreign tokens.

In: the stack that is up, to which a task of another organisation is given first. Out: schemathesis' own report for each token;
ends with 1 where any answer was a server error, or held a path, a stack trace, SQL, a token, a key or what is another
organisation's. Streams are left out, which end when their reader leaves; and what ends a login.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from uuid import uuid4

import httpx

from deploy.config import CHECKOUT
from deploy.postgres.passwords import OWNER, READER, of
from deploy.stack import Stack
from identity.issuer import make_token
from process.servers import password_file
from tests.api.test_stack import parameters
from tests.openapi.asking import Caller, asked

Words = Mapping[str, Sequence[str]]
OTHERS = "what is another organisation's"


def main() -> int:
    """0 when no answer was a server error and none held what it must not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="for each operation and token")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    stack = Stack.running()
    return max(_told(stack, caller, given.examples, given.seed) for caller in callers(stack))


def callers(stack: Stack) -> Iterator[Caller]:
    """The callers: no one, tokens that are weak or broken, and a member of a VO that this Culm has not."""
    home, own = stack.config.home, _own(stack)
    others = own | {OTHERS: _planted(stack)}
    yield Caller("no token", {}, others)
    pilot = make_token(home, user="weak", name="Weak", groups=["wlcg", "wlcg/pilot"], audience_hours=1)
    yield Caller("a token of pilots alone", {"Authorization": f"Bearer {pilot}", "Origin": "wlcg:pilot"}, own)
    yield Caller("a broken token", {"Authorization": f"Bearer {pilot[:-8]}AAAAAAAA", "Origin": "wlcg"}, others)
    foreign = make_token(home, user="foreign", name="Foreign", groups=["juno"], audience_hours=1)
    yield Caller("a token of another organisation", {"Authorization": f"Bearer {foreign}", "Origin": "juno"}, others)


def _own(stack: Stack) -> dict[str, Sequence[str]]:
    """What belongs to the stack alone."""
    home = stack.config.home
    passwords = [of(password_file(home), account) for account in (OWNER, READER)]
    return {"a path of the machine": (str(home), str(CHECKOUT)), "a password": passwords}


def _planted(stack: Stack) -> Sequence[str]:
    """What a member of wlcg now has: the name of a task, the member's own name, the ids of both."""
    mark = uuid4().hex
    name, user = f"user.zebra.{mark}", f"zebra{mark[:8]}"
    token = make_token(stack.config.home, user=user, name=f"Zoe {user.title()}", groups=["wlcg"], audience_hours=1)
    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    with httpx.Client(base_url=stack.config.api, headers=headers, timeout=30) as client:
        client.post("/v1/tasks", json={"parameters": parameters(name)}).raise_for_status()
        return name, user, user.title(), client.get("/v1/whoami").raise_for_status().json()["subject"]


def _told(stack: Stack, caller: Caller, examples: int, seed: int) -> int:
    print(f"== {caller.name}", flush=True)
    done = asked(f"{stack.config.api}/openapi.json", caller, examples, seed)
    print(done.stdout, flush=True)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
