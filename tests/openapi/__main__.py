"""`python -m tests.openapi`: schemathesis asks every operation of the OpenAPI document with no, weak and foreign tokens.

In: the stack that is up, to which a task of another organisation is given first. Out: schemathesis' own report for each token;
ends with 1 where any answer was a server error, was not what the document says, or held a path, a stack trace, SQL, a token, a
key or what is another organisation's. Left out are a stream, which ends when its reader leaves, and what ends a login.
"""

import argparse
import sys

from deploy.stack import Stack
from tests.openapi.asking import asked
from tests.openapi.callers import callers_of


def main() -> int:
    """0 when no answer was a server error, all were as documented and none held what it must not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="for each operation and token")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    config, ended = Stack.running().config, []
    for caller in callers_of(config.api, config.home).all:
        print(f"== {caller.name}", flush=True)
        done = asked(f"{config.api}/openapi.json", caller, given.examples, given.seed)
        print(done.stdout, flush=True)
        ended.append(done.returncode)
    return max(ended)


if __name__ == "__main__":
    sys.exit(main())
