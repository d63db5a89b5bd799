"""`python -m tests.sim [--seeds N] [--first N] [--steps N] [--seed N] [--plant NAME]`: many seeds, or one told as a story."""

import sys

from deploy.config import CHECKOUT
from tests.sim.command import Simulation
from tests.sim.planted import PLANTS, planted
from tests.sim.schedule import schedule
from tests.sim.seeds import outcomes
from tests.sim.world import run

FILE = CHECKOUT / "out" / "sim" / "latest.json"
SIMULATION = Simulation("python -m tests.sim", __doc__, "seeds", 2000, FILE, PLANTS, planted, outcomes, schedule, run)

if __name__ == "__main__":
    sys.exit(SIMULATION.main())
