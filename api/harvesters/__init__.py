"""The compatible front for Harvesters of PanDA's: every call that Harvester 0.7.5 makes beside those of pilots, in one table."""

from typing import Any

from fastapi import APIRouter

from api.harvesters import credentials, instance, logs, orders, statistics, workers
from api.panda.arguments import REQUIRED, ArgumentKind, Parameter
from api.panda.calls import Endpoint, Function, mount
from api.services import Services
from identity.ruling import EndpointClass

HARVESTER = Parameter("harvester_id", ArgumentKind.TEXT)
QUEUE = Parameter("panda_queue", ArgumentKind.TEXT)


def _call(
    verb: str, path: str, function: Function, *parameters: Parameter, kind: EndpointClass = EndpointClass.PILOT
) -> Endpoint:
    return Endpoint((verb,), path, function, parameters, capability="", kind=kind, is_lenient=True)


def _one(name: str, kind: ArgumentKind, default: Any = REQUIRED, **bounds: int) -> Parameter:
    return Parameter(name, kind, default, **bounds)


WINDOW = _one("time_window", ArgumentKind.WHOLE, None, lowest=1, highest=statistics.WINDOW_MINUTES_MAX)
ENDPOINTS: tuple[Endpoint, ...] = (
    _call("POST", "harvester/heartbeat", instance.heartbeat, HARVESTER, _one("data", ArgumentKind.OBJECT, {})),
    _call("POST", "harvester/add_dialogs", instance.add_dialogs, HARVESTER, _one("dialogs", ArgumentKind.LIST)),
    _call(
        "POST", "harvester/update_service_metrics", instance.update_service_metrics, HARVESTER, _one("metrics", ArgumentKind.LIST)
    ),
    _call("GET", "harvester/get_current_worker_id", instance.get_current_worker_id, HARVESTER),
    _call(
        "POST", "harvester/acquire_commands", orders.acquire_commands, HARVESTER, _one("n_commands", ArgumentKind.WHOLE, 20)
    ),
    _call("POST", "harvester/acknowledge_commands", orders.acknowledge_commands, _one("command_ids", ArgumentKind.LIST)),
    _call(
        "POST",
        "harvester/add_sweep_command",
        orders.add_sweep_command,
        QUEUE,
        _one("status_list", ArgumentKind.LIST, None),
        _one("ce_list", ArgumentKind.LIST, None),
        _one("submission_host_list", ArgumentKind.LIST, None),
        kind=EndpointClass.OPERATOR,
    ),
    _call(
        "POST",
        "harvester/add_target_slots",
        orders.add_target_slots,
        QUEUE,
        _one("slots", ArgumentKind.WHOLE, lowest=0, highest=1_000_000),
        _one("global_share", ArgumentKind.TEXT, None),
        _one("resource_type", ArgumentKind.TEXT, None),
        _one("expiration_date", ArgumentKind.TEXT, None),
        kind=EndpointClass.OPERATOR,
    ),
    _call("POST", "harvester/update_workers", workers.update_workers, HARVESTER, _one("workers", ArgumentKind.LIST)),
    _call(
        "POST",
        "harvester/report_worker_statistics",
        workers.report_worker_statistics,
        HARVESTER,
        QUEUE,
        _one("statistics", ArgumentKind.TEXT),
    ),
    _call("GET", "harvester/get_worker_statistics", workers.get_worker_statistics),
    _call("GET", "statistics/active_job_stats_by_site", statistics.active_job_stats_by_site, kind=EndpointClass.MEMBER),
    _call(
        "GET",
        "statistics/active_job_detailed_stats_by_site",
        statistics.active_job_detailed_stats_by_site,
        kind=EndpointClass.MEMBER,
    ),
    _call(
        "GET",
        "statistics/job_stats_by_cloud",
        statistics.job_stats_by_cloud,
        _one("type", ArgumentKind.TEXT, "production"),
        kind=EndpointClass.MEMBER,
    ),
    _call(
        "GET",
        "statistics/production_job_stats_by_cloud_and_processing_type",
        statistics.production_job_stats_by_cloud,
        kind=EndpointClass.MEMBER,
    ),
    _call(
        "GET",
        "statistics/job_stats_by_site_and_resource_type",
        statistics.job_stats_by_resource_type,
        WINDOW,
        kind=EndpointClass.MEMBER,
    ),
    _call(
        "GET",
        "statistics/job_stats_by_site_share_and_resource_type",
        statistics.job_stats_by_share,
        WINDOW,
        kind=EndpointClass.MEMBER,
    ),
    _call("GET", "creds/get_proxy", credentials.get_proxy, _one("role", ArgumentKind.TEXT, ""), kind=EndpointClass.MEMBER),
    _call("GET", "creds/get_token_key", credentials.get_token_key, _one("client_name", ArgumentKind.TEXT)),
    _call(
        "GET",
        "creds/get_key_pair",
        credentials.get_key_pair,
        _one("public_key_name", ArgumentKind.TEXT),
        _one("private_key_name", ArgumentKind.TEXT),
    ),
    Endpoint(
        ("POST",),
        "file_server/upload_jedi_log",
        logs.upload_jedi_log,
        reads_arguments=False,
        capability="",
        kind=EndpointClass.PILOT,
    ),
)


def build_router(services: Services) -> APIRouter:
    """All routes of the front."""
    router = APIRouter()
    mount(router, services, ENDPOINTS)
    return router
