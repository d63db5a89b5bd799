"""`python -m agents.harvester`: the harvester of one queue, from the environment to an orderly end at SIGTERM.

After a SIGKILL the pilots go on; the next harvester lets those that live finish their jobs, and reports each life.
"""

import os
import signal
import sys

import structlog

from agents.harvester.config import read_config
from agents.harvester.demand import DemandPoller
from agents.harvester.harvester import Harvester
from agents.harvester.ledger import Ledger, LedgerTaken
from agents.harvester.reporting import Reporting
from agents.session import AgentSession
from agents.stop_event import StopEvent
from process.logs import configure_logs


def main() -> int:
    """Run the harvester; returns its exit code."""
    configure_logs()
    log = structlog.get_logger()
    config = read_config(os.environ)
    stop = StopEvent()
    stop.close_on(signal.SIGTERM, signal.SIGINT)
    try:
        ledger = Ledger(config.ledger)
    except LedgerTaken as problem:
        log.error("harvester_not_needed", problem=str(problem))
        return 1
    session = AgentSession(config.api, config.token_file, config.vo, "culm-harvester")
    log.info("harvester_starts", pid=os.getpid(), queue=config.queue, pilots_max=config.pilots_max, api=config.api)
    demand = DemandPoller(session, config.queue, stop)
    Harvester(config, ledger, demand, Reporting(session, config.queue, ledger), stop, os.environ).run()
    log.info("harvester_ends")
    return 0


if __name__ == "__main__":
    sys.exit(main())
