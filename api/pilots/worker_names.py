"""The name of a worker in the log: a Harvester of PanDA's numbers its workers from 1, so its own id goes in front."""


def worker_name(harvester_id: str, worker_id: str) -> str:
    """`worker_id` itself, or `harvester_id:worker_id` where that is a number; of Culm's harvester it is none."""
    return f"{harvester_id}:{worker_id}" if harvester_id and worker_id.isascii() and worker_id.isdigit() else worker_id
