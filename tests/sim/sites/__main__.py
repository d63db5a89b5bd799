"""`python -m tests.sim.sites [--seeds N] [--first N] [--steps N] [--seed N] [--plant NAME]`: many sites, or one as a story."""

import sys

from deploy.config import CHECKOUT
from tests.sim.command import Simulation
from tests.sim.sites.planted import PLANTS, planted
from tests.sim.sites.runs import outcomes, run
from tests.sim.sites.turns import schedule

FILE = CHECKOUT / "out" / "sim" / "sites.json"
SIMULATION = Simulation("python -m tests.sim.sites", __doc__, "sites", 300, FILE, PLANTS, planted, outcomes, schedule, run)

if __name__ == "__main__":
    sys.exit(SIMULATION.main())
