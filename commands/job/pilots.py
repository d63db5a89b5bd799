"""Which of the pilots of one robot a report is of: those of a site may share one subject at their provider. Pure.

A pilot names its node when it asks for a job, and its node and `pilotID` in each report (docs/reference/pilot.md). What the
lease and the first report named holds for the others. Guards: another pilot of the same subject neither ends the job nor
changes it, once its own has said who it is.
"""

from commands.job.model import Job, name_of_pilot


def is_of_other_pilot(job: Job, pilot_id: str, node: str) -> bool:
    """Whether a report that names `pilot_id` and `node` is not of the pilot that holds `job`.

    A job whose pilot has said no `pilotID` so far, and one that a Harvester asked for, is bound to none: any report without one
    is taken. The first report with one is of the node that took the lease. A job that travels with its worker is of the process
    that reports it first: a batch system may have taken the worker twice, and each copy has the same token and lease.
    """
    if job.pilot_id:
        return (name_of_pilot(pilot_id), node) != (job.pilot_id, job.node)
    return bool(job.node and pilot_id and node) and node != job.node
