"""The command line of a simulation: many seeds, or one told as a story. Those of Culm and of sites differ in what they run."""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from check.laws import Violation
from tests.sim.schedule import Turn
from tests.sim.seeds import quiet
from tests.sim.shrink import Runs, shrunk, told


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is run. program: how it is called. runs: what its seeds are called in the last line. file: where that is kept."""

    program: str
    usage: str | None
    runs: str
    steps: int
    file: Path
    plants: Mapping[str, Any]
    planted: Callable[[str | None], AbstractContextManager[None]]
    outcomes: Callable[[Iterable[int], int, str | None], Iterator[tuple[int, list[Violation]]]]
    schedule: Callable[[int, int], Sequence[Turn]]
    run: Runs

    def main(self) -> int:
        """0 when no seed breaks a law."""
        given = self._given()
        quiet()
        if given.seed is not None:
            with self.planted(given.plant):
                return self._tell(given.seed, given.steps)
        planting = f" --plant {given.plant}" if given.plant else ""
        began, failed = time.monotonic(), 0
        for seed, violations in self.outcomes(range(given.first, given.first + given.seeds), given.steps, given.plant):
            if violations:
                failed += 1
                first = violations[0]
                print(f"seed {seed}: {len(violations)} violations, first: {first.law}: {first.place}: {first.found}")
                print(f"  replay: {self.program} --seed {seed} --steps {given.steps}{planting}", flush=True)
        seconds = time.monotonic() - began
        print(f"{given.seeds} {self.runs} of {given.steps} steps in {seconds:.0f} s: {failed} broke a law")
        if given.plant is None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            found = {"seeds": given.seeds, "steps": given.steps, "seconds": round(seconds), "failed": failed}
            self.file.write_text(json.dumps(found), encoding="utf-8")
        return 1 if failed else 0

    def _given(self) -> argparse.Namespace:
        parser = argparse.ArgumentParser(prog=self.program, description=self.usage)
        parser.add_argument("--seeds", type=int, default=100, help="how many")
        parser.add_argument("--first", type=int, default=1, help="the first of them")
        parser.add_argument("--steps", type=int, default=self.steps, help="turns of each")
        parser.add_argument("--seed", type=int, help="only this one, shrunk and told")
        parser.add_argument("--plant", choices=sorted(self.plants), help="with this bug planted in Culm")
        return parser.parse_args()

    def _tell(self, seed: int, steps: int) -> int:
        """One seed: what it breaks, in as few turns as can be found."""
        turns = self.schedule(seed, steps)
        violations = self.run(turns)
        if not violations:
            print(f"seed {seed} breaks no law in {steps} steps")
            return 0
        print("\n".join(told(shrunk(turns, violations[0].law, self.run), self.run)))
        return 1
