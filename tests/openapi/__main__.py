"""`python -m tests.openapi`: schemathesis asks every operation of the OpenAPI document with no, weak and foreign tokens.

In: the stack that is up. Out: schemathesis' own report for each token; ends with 1 where any answer was a server error. Streams
are left out, which end when their reader leaves; and what ends a login.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.stack import Stack
from identity.issuer import make_token

LEFT_OUT = ("/v1/events", "/stream", "/auth/")


def main() -> int:
    """0 when no answer was a server error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=20, help="for each operation and token")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    stack = Stack.running()
    return max(_asked(stack, name, headers, given.examples, given.seed) for name, headers in _callers(stack.config.home))


def _callers(home: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The callers: no one, tokens that are weak or broken, and a member of a VO that this Culm has not."""
    yield "no token", {}
    pilot = make_token(home, user="weak", name="Weak", groups=["wlcg", "wlcg/pilot"], audience_hours=1)
    yield "a token of pilots alone", {"Authorization": f"Bearer {pilot}", "Origin": "wlcg:pilot"}
    yield "a broken token", {"Authorization": f"Bearer {pilot[:-8]}AAAAAAAA", "Origin": "wlcg"}
    foreign = make_token(home, user="foreign", name="Foreign", groups=["juno"], audience_hours=1)
    yield "a token of another organisation", {"Authorization": f"Bearer {foreign}", "Origin": "juno"}


def _asked(stack: Stack, name: str, headers: dict[str, str], examples: int, seed: int) -> int:
    print(f"== {name}", flush=True)
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{stack.config.api}/openapi.json"]
    command += ["--checks", "not_a_server_error", "--phases", "examples,fuzzing", "--max-examples", str(examples)]
    command += ["--seed", str(seed), "--request-timeout", "30", "--continue-on-failure", "--suppress-health-check", "all"]
    for word in LEFT_OUT:
        command += ["--exclude-path-regex", f".*{word}.*"]
    for header, value in headers.items():
        command += ["-H", f"{header}: {value}"]
    with TemporaryDirectory() as folder:  # where it keeps what it found, which is of no use in the checkout
        return subprocess.run(command, check=False, cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main())
