"""What `culm up` makes for the stack that it starts: keys for secrets of users, a code for the local harvester."""

from collections.abc import Mapping

from deploy import local_queue
from deploy.config import StackConfig
from deploy.enrolment import write_secret
from deploy.processes import enrolment_file, queue_of_agents
from deploy.supervision import Supervisor
from process.instances import processes_of_a_stack


def make_secret_keys(config: StackConfig, environ: Mapping[str, str]) -> None:
    """Keys for the secrets of users, unless the platform gives them."""
    from identity.secret_keys import FILE, add_key

    path = config.home / FILE
    if not environ.get("CULM_SECRETS_KEYS") and not path.exists():
        add_key(path)


def offer_enrolment(config: StackConfig, environ: Mapping[str, str], supervisor: Supervisor) -> None:
    """A code for the local harvester, readable by its owner alone; none where that is at work already."""
    agents = {process.program for process in processes_of_a_stack(config.counts) if process.kind.is_agent}
    if any(state.name in agents and state.pid for state in supervisor.states()):
        return
    path = enrolment_file(config.home)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    # Of earlier releases: it was good for a year.
    (path.parent / "pilot").unlink(missing_ok=True)
    code = local_queue.offer_enrolment(config.addresses.health, config.home, queue_of_agents(environ))
    write_secret(path, code)
