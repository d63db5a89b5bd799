"""`python -m api`: the API of one stack, from the environment to an orderly end at SIGTERM."""

import os
import signal
import sys

import structlog
import uvicorn

from api import state_of_work
from api.app import create_app
from api.config import ApiConfig
from api.http.connections import bounded_connections
from api.http.edge_door import ServerWithDoor
from api.services import make_services
from api.shared.store import SharedKind
from eventlog.registry import codec_from
from process.core_files import leave_no_core_file
from process.free_memory import give_freed_memory_back
from process.logs import configure_logs
from process.metrics import expose
from process.settings import masked

#: Long polls and streams are cut off this long after SIGTERM.
GRACE_SECONDS = 5
NOT_STARTED = 3
log = structlog.get_logger()


def main() -> None:
    """Serve until SIGTERM."""
    configure_logs()
    leave_no_core_file()
    give_freed_memory_back()
    config = ApiConfig.from_environ(os.environ)
    log.info("api_starting", **masked(config))
    for folder in (config.shared / SharedKind.SANDBOXES.value, config.home / "storage"):
        folder.mkdir(parents=True, exist_ok=True)
    services = make_services(config, codec_from(config.registry))
    app = create_app(services)
    expose(os.environ, "api")
    state_of_work.install(services)
    # uvicorn raises the signal again once it has ended in order; that shall not count as being killed.
    signal.signal(signal.SIGTERM, lambda *_: None)
    settings = uvicorn.Config(
        app,
        host=config.addresses.host,
        port=config.addresses.port,
        loop="uvloop",
        http=bounded_connections(),
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=GRACE_SECONDS,
        backlog=2048,
        ssl_certfile=config.tls_certificate,
        ssl_keyfile=config.tls_key,
    )
    server = uvicorn.Server(settings) if config.edge_socket is None else ServerWithDoor(settings, config.edge_socket)
    server.run()
    if not server.started:
        sys.exit(NOT_STARTED)
    log.info("api_ended")


if __name__ == "__main__":
    main()
