"""`python -m api.edge`: the edge of one Culm for clients with certificates, until SIGTERM; `python -m api.edge check` looks only.

It ends with 2 and a sentence when its settings, its certificate or the directory of authorities cannot be used.
"""

import asyncio
import contextlib
import os
import signal
import sys

import httpx
import structlog

from api.edge.app import REQUESTS_MAX, Edge
from api.edge.callers import Callers
from api.edge.config import EdgeConfig
from api.edge.policy_rows import PolicyRows
from api.edge.recorded import EdgeRecords
from api.edge.rows import RowsRefused
from api.edge.server import server_of
from api.edge.trust import TrustRefused
from api.edge.voms import LIBRARY, Voms
from api.edge.watching import LOOK_SECONDS, TrustWatch
from api.log.refusals import RefusalLog
from eventlog.registry import codec_from
from identity.edge_tokens import edge_home
from identity.issuer import signing_key
from identity.x509.rights import CertificateRows
from process.core_files import leave_no_core_file
from process.free_memory import give_freed_memory_back
from process.logs import configure_logs
from process.metrics import expose
from process.settings import SettingRefused, masked

#: So long a starting edge waits for the policy in the log before it takes connections, which it would refuse until then.
POLICY_SECONDS_MAX = 5.0
log = structlog.get_logger()


def main() -> int:
    """Serve until SIGTERM; with the argument `check` say whether that could be."""
    configure_logs()
    leave_no_core_file()
    give_freed_memory_back()
    try:
        config = EdgeConfig.from_environ(os.environ)
        if sys.argv[1:] == ["check"]:
            TrustWatch(config)
            print(f"edge: certificates can be taken at {config.host}:{config.port}")
            return 0
        rows = PolicyRows(config.kafka, config.registry) if config.kafka else None
        records = EdgeRecords()
        watch = TrustWatch(config, policy=rows.now if rows is not None else CertificateRows, records=records)
    except (SettingRefused, TrustRefused, RowsRefused) as problem:
        print(f"culm: {problem}", file=sys.stderr)
        return 2
    log.info("edge_starting", **masked(config))
    signing_key(edge_home(config.home))
    voms = Voms(config.voms, config.authorities)
    if not voms.is_there:
        log.warning("voms_absent", library=LIBRARY, effect="certificates that carry an attribute certificate are refused")
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises the signal again after an orderly end
    asyncio.run(_serve(config, watch, voms, rows, records))
    log.info("edge_ended")
    return 0


async def _serve(
    config: EdgeConfig, watch: TrustWatch, voms: Voms, rows: PolicyRows | None, records: EdgeRecords
) -> None:
    written = RefusalLog(config.kafka, codec_from(config.registry), records.refusals) if config.kafka else None
    if rows is not None:
        await _read(rows, watch)
    if written is not None:
        written.start()
    limits = httpx.Limits(max_connections=REQUESTS_MAX, max_keepalive_connections=50)
    edge = Edge(Callers(config.home, watch, voms), httpx.AsyncHTTPTransport(uds=str(config.socket), limits=limits), records)
    looking = asyncio.create_task(_look(watch))
    try:
        await server_of(config, watch, edge, ready=lambda: expose(os.environ, "edge")).serve()
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await edge.close()
        if rows is not None:
            rows.close()
        if written is not None:
            await asyncio.to_thread(written.close)


async def _read(rows: PolicyRows, watch: TrustWatch) -> None:
    """Begin to follow the policy; return when it counts, or after `POLICY_SECONDS_MAX`."""
    rows.start()
    if not await rows.known(POLICY_SECONDS_MAX):
        log.warning("policy_not_known", effect="certificates are refused until the log was read")
    await asyncio.to_thread(watch.look)


async def _look(watch: TrustWatch) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await asyncio.to_thread(watch.look)
        except Exception:  # no file may end the watch; what was believed before stays
            log.exception("trust_not_read")


if __name__ == "__main__":
    sys.exit(main())
