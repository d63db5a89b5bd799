"""All routes of the native API together."""

from fastapi import APIRouter

from api.native import commands, datasets, events, health, jobs, queues, tasks
from api.services import Services


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1`."""
    router = APIRouter()
    for part in (health, commands, events, jobs, tasks, queues, datasets):
        router.include_router(part.build_router(services))
    return router
