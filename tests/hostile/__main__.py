"""`python -m tests.hostile [--messages N] [--seed N] [--only KIND ...] [--rate R] [--lives N] [--list]`: on the running stack.

Sends hostile messages of every kind while a bystander submits and finishes jobs. Prints a table, writes
`out/hostile/latest.md` and `.json`, and ends with 0 when no one but the senders was hurt. Otherwise it prints the command that
repeats the fewest messages that do it. On a stack that does nothing else.
"""

import argparse
import platform
import random
import sys
from datetime import UTC, datetime

from deploy.stack import Stack
from tests.hostile import report, verdict
from tests.hostile.attack import Attack, schema_ids
from tests.hostile.ground import Ground
from tests.hostile.plan import kinds
from tests.hostile.shrink import command_of
from tests.hostile.verdict import Seen

EACH_MIN = 50


def main() -> int:
    """0 when everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, help="how many; every kind gets at least --each")
    parser.add_argument("--each", type=int, default=EACH_MIN, help="at least so many of each kind, unless --only names some")
    parser.add_argument("--seed", type=int, default=None, help="the same seed sends the same messages")
    parser.add_argument("--only", nargs="*", default=[], help="beginnings of kinds, or single messages as KIND#NUMBER")
    parser.add_argument("--rate", type=float, default=25.0, help="messages a second")
    parser.add_argument("--lives", type=int, default=200, help="lives of the bystander, before as many as meanwhile")
    parser.add_argument("--list", action="store_true", help="print the kinds and end")
    given = parser.parse_args()
    stack = Stack.running()
    names = kinds(Ground((1,), 1, ""), schema_ids(stack))
    if given.list:
        print("\n".join(names))
        return 0
    seed = random.SystemRandom().randrange(2**31) if given.seed is None else given.seed
    total = given.messages if given.only else max(given.messages, given.each * len(names))
    total = len(given.only) if all("#" in word for word in given.only) and given.only else total
    print(f"seed {seed}: {total:,} messages of {len(names)} kinds", flush=True)
    attack = Attack(stack, seed, total, given.rate, given.lives, given.only)
    seen = attack.run()
    faults = verdict.faults(seen)
    setup = f"{datetime.now(UTC):%Y-%m-%d}, seed {seed}, {given.rate:g} messages/s, Python {platform.python_version()}"
    document = report.document_of(seen, faults, setup)
    report.write(document)
    print("\n".join(report.markdown(document)))
    if faults:
        print(f"\nTo repeat it:\n{repeating(attack, seen)}")
    return 1 if faults else 0


def repeating(attack: Attack, seen: Seen) -> str:
    """The command that repeats what went wrong with the fewest messages that are known to do it."""
    messages = attack.narrowed(seen)
    return command_of(messages, attack.seed) if messages else "no single message is suspected; send all of them with this seed"


if __name__ == "__main__":
    sys.exit(main())
