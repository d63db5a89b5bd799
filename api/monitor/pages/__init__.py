"""Every page of the monitor; the first whose pattern fits is meant."""

from api.monitor.page import MonitorPage
from api.monitor.pages import (
    errors,
    harvester,
    harvesters,
    health,
    home,
    job,
    jobs,
    my,
    queue,
    queues,
    search,
    shares,
    task,
    tasks,
    trace,
    users,
    worker,
    workers,
)

PAGES: tuple[MonitorPage, ...] = (
    my.PAGE,
    home.PAGE,
    tasks.PAGE,
    task.PAGE,
    jobs.PAGE,
    job.PAGE,
    queues.PAGE,
    queue.PAGE,
    workers.PAGE,
    worker.PAGE,
    harvesters.PAGE,
    harvester.PAGE,
    users.PAGE,
    errors.PAGE,
    shares.PAGE,
    health.PAGE,
    search.PAGE,
    trace.PAGE,
)
