"""All routes of the native API together."""

from fastapi import APIRouter

from api.log.audit_service import AuditService
from api.native import (
    access_policy,
    agents,
    audit,
    can_i,
    commands,
    datasets,
    dead_letters,
    events,
    health,
    issuers,
    job_files,
    jobs,
    links,
    living_workers,
    queues,
    refusals,
    revocations,
    secrets,
    shares,
    sources,
    tail,
    tasks,
    worker_reports,
)
from api.services import Services


def build_router(services: Services, service: AuditService) -> APIRouter:
    """Routes below `/v1`."""
    router = APIRouter()
    parts = (
        health, commands, events, jobs, job_files, tasks, queues, datasets, dead_letters, issuers, links, refusals, revocations,
        secrets, agents, tail, access_policy, can_i, living_workers, sources,
        worker_reports, shares,
    )  # fmt: skip
    for part in parts:
        router.routes.extend(part.build_router(services).routes)
    router.routes.extend(audit.build_router(service).routes)
    return router
