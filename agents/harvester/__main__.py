"""`python -m agents.harvester`: the harvester of one queue, from the environment to an orderly end at SIGTERM.

After a SIGKILL the pilots go on; the next harvester lets those that live finish their jobs, and reports each life.
"""

import os
import signal
import sys

import structlog

from agents.harvester.config import HarvesterConfig, read_config
from agents.harvester.demand import DemandPoller
from agents.harvester.harvester import Harvester
from agents.harvester.ledger import Ledger, LedgerTaken
from agents.harvester.reporting import Reporting
from agents.session import AgentSession
from agents.stop_event import StopEvent, pause
from process.logs import configure_logs

STAND_BY_SECONDS = 1.0


def main() -> int:
    """Run the harvester; returns its exit code."""
    configure_logs()
    log = structlog.get_logger()
    config = read_config(os.environ)
    stop = StopEvent()
    stop.close_on(signal.SIGTERM, signal.SIGINT)
    try:
        ledger = _ledger(config, stop)
    except LedgerTaken as problem:
        log.error("harvester_not_needed", problem=str(problem))
        return 1
    if ledger is None:
        return 0
    session = AgentSession(config.api, config.token_file, config.vo, "culm-harvester")
    log.info("harvester_starts", pid=os.getpid(), queue=config.queue, pilots_max=config.pilots_max, api=config.api)
    demand = DemandPoller(session, config.queue, stop)
    Harvester(config, ledger, demand, Reporting(session, config.queue, ledger), stop, os.environ).run()
    log.info("harvester_ends")
    return 0


def _ledger(config: HarvesterConfig, stop: StopEvent) -> Ledger | None:
    """The ledger of the queue, once no other harvester has it; None when told to end before.

    Raises LedgerTaken when another one has it and this one does not stand by.
    """
    said = False
    while not stop.is_closed:
        try:
            return Ledger(config.ledger)
        except LedgerTaken as problem:
            if not config.stands_by:
                raise
            if not said:
                structlog.get_logger().info("harvester_stands_by", problem=str(problem))
            said = True
            pause(STAND_BY_SECONDS, stop)
    return None


if __name__ == "__main__":
    sys.exit(main())
