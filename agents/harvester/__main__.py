"""`python -m agents.harvester`: the harvester of some queues, from the environment to an orderly end at SIGTERM.

After a SIGKILL the workers go on; the next harvester finds them by their tags, and reports each life.
"""

import os
import signal
import sys
import uuid

import structlog

from agents.harvester.batch import ServedSystem, by_system
from agents.harvester.config import LOCAL, HarvesterConfig, read_config
from agents.harvester.culm_calls import CulmCalls
from agents.harvester.demand import DemandPoller
from agents.harvester.enrolment import HarvesterEnrolment
from agents.harvester.harvester import Harvester, Wake
from agents.harvester.journal import JournalTaken, ReportJournal
from agents.harvester.reporting import Reporting
from agents.harvester.served import QueueService
from agents.harvester.starting import WorkerStart, settings_of
from agents.harvester.submission import WorkerSubmission
from agents.harvester.systems.guarded import GuardedSystem
from agents.harvester.systems.registry import NoSuchSystem, known, make_system
from agents.session import AgentSession
from agents.stop_event import StopEvent, pause
from process.core_files import leave_no_core_file
from process.logs import configure_logs

STAND_BY_SECONDS = 1.0
JOURNAL = "reports"
log = structlog.get_logger()


def main() -> int:
    """Run the harvester; returns its exit code."""
    configure_logs()
    leave_no_core_file()
    config = read_config(os.environ)
    stop = StopEvent()
    stop.close_on(signal.SIGTERM, signal.SIGINT)
    try:
        journal = _journal(config, stop)
    except JournalTaken as problem:
        log.error("harvester_not_needed", problem=str(problem))
        return 1
    if journal is None:
        return 0
    session = AgentSession(config.api, config.token_file, config.vo, "culm-harvester")
    queues = [queue.name for queue in config.queues]
    log.info("harvester_starts", pid=os.getpid(), queues=queues, stack=config.stack, api=config.api)
    for name, reason in config.refused.items():
        log.error("queue_refused", queue=name, problem=reason)
    enrolment = HarvesterEnrolment(session, config.enrolment_files, stop) if config.enrolment_files is not None else None
    if enrolment is not None and not enrolment.begin():
        return 0
    reporting, wake = Reporting(session, journal), Wake()
    calls = CulmCalls(session, config.harvester_id, uuid.uuid4().hex[:16])
    systems = _systems(config, session, calls, reporting, stop, wake)
    if not systems:
        log.error("harvester_starts_no_pilots", problem="no batch system can be used")
        return 1
    submission = WorkerSubmission(config, calls, WorkerStart(config, os.environ, enrolment), reporting)
    Harvester(config, systems, submission, reporting, stop, wake).run()
    log.info("harvester_ends")
    return 0


def _systems(
    config: HarvesterConfig, session: AgentSession, calls: CulmCalls, reporting: Reporting, stop: StopEvent, wake: Wake
) -> list[ServedSystem]:
    """Batch systems that can be used, with their queues; the others are refused by name."""
    services = [
        QueueService(queue, calls, DemandPoller(session, queue.name, stop, wake.call), config.service_seconds)
        for queue in config.queues
    ]
    found, points = [], known()
    for name, theirs in by_system(services).items():
        system = make_system(name, config.stack, settings_of(config, name), config.work, points)
        if isinstance(system, NoSuchSystem):
            log.error("system_refused", system=name, queues=[one.name for one in theirs], problem=system.reason)
            continue
        # This host fails for one worker at a time, and can do more than others.
        guarded = system if name == LOCAL else GuardedSystem(system)
        found.append(ServedSystem(name, guarded, theirs, config, calls, reporting))
    return found


def _journal(config: HarvesterConfig, stop: StopEvent) -> ReportJournal | None:
    """The journal, once no other harvester has it; None when it is time to end before.

    Raises JournalTaken when another one has it and this one does not stand by.
    """
    is_reported = False
    while not stop.is_closed:
        try:
            return ReportJournal(config.folder / JOURNAL)
        except JournalTaken as problem:
            if not config.stands_by:
                raise
            if not is_reported:
                log.info("harvester_stands_by", problem=str(problem))
            is_reported = True
            pause(STAND_BY_SECONDS, stop)
    return None


if __name__ == "__main__":
    sys.exit(main())
