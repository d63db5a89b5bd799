"""`file_server/upload_jedi_log`, which a Harvester calls with the logs of its workers."""

from api.panda.calls import Call
from api.panda.envelope import Reply, failed
from api.panda.surface import WORKER_LOGS


async def upload_jedi_log(call: Call) -> Reply:
    """Never: what is uploaded is served without a token."""
    return failed(WORKER_LOGS)
