"""`python -m tests.sim [--seeds N] [--first N] [--steps N] [--seed N] [--plant NAME]`: many seeds, or one told as a story."""

import argparse
import json
import sys
import time

from deploy.config import CHECKOUT
from tests.sim.planted import PLANTS, planted
from tests.sim.schedule import schedule
from tests.sim.seeds import outcomes, quiet
from tests.sim.shrink import shrunk, told
from tests.sim.world import run

FILE = CHECKOUT / "out" / "sim" / "latest.json"


def main() -> int:
    """0 when no seed breaks a law."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--steps", type=int, default=2000, help="turns of each")
    parser.add_argument("--seed", type=int, help="only this one, shrunk and told")
    parser.add_argument("--plant", choices=sorted(PLANTS), help="with this bug planted in Culm")
    given = parser.parse_args()
    quiet()
    if given.seed is not None:
        with planted(given.plant):
            return tell(given.seed, given.steps)
    planting = f" --plant {given.plant}" if given.plant else ""
    began, failed = time.monotonic(), 0
    for seed, violations in outcomes(range(given.first, given.first + given.seeds), given.steps, given.plant):
        if violations:
            failed += 1
            first = violations[0]
            print(f"seed {seed}: {len(violations)} violations, first: {first.law}: {first.place}: {first.found}")
            print(f"  replay: python -m tests.sim --seed {seed} --steps {given.steps}{planting}", flush=True)
    seconds = time.monotonic() - began
    print(f"{given.seeds} seeds of {given.steps} steps in {seconds:.0f} s: {failed} broke a law")
    if given.plant is None:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        found = {"seeds": given.seeds, "steps": given.steps, "seconds": round(seconds), "failed": failed}
        FILE.write_text(json.dumps(found), encoding="utf-8")
    return 1 if failed else 0


def tell(seed: int, steps: int) -> int:
    """One seed: what it breaks, in as few turns as can be found."""
    turns = schedule(seed, steps)
    violations = run(turns)
    if not violations:
        print(f"seed {seed} breaks no law in {steps} steps")
        return 0
    small = shrunk(turns, violations[0].law)
    print("\n".join(told(small)))
    return 1


if __name__ == "__main__":
    sys.exit(main())
