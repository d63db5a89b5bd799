"""What `culm up` makes for the stack that it starts: keys for secrets of users, a code for the local harvester, logins."""

from collections.abc import Callable, Mapping

from deploy import local_queue
from deploy.config import StackConfig
from deploy.enrolment import write_secret
from deploy.kafka import accounts
from deploy.kafka.reading import allow_reading
from deploy.processes import enrolment_file, queue_of_agents, registry_properties
from deploy.supervision import Supervisor
from process.instances import processes_of_a_stack
from process.kafka_security import security_of
from process.private_files import write_private


def make_secret_keys(config: StackConfig, environ: Mapping[str, str]) -> None:
    """Keys for the secrets of users, unless the platform gives them."""
    from identity.secret_keys import FILE, add_key

    path = config.home / FILE
    if not environ.get("CULM_SECRETS_KEYS") and not path.exists():
        add_key(path)


def make_login_of_registry(config: StackConfig) -> None:
    """How the registry logs in at Kafka, where it keeps its schemas: as Culm does."""
    path = registry_properties(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = accounts.client_properties(security_of(config.kafka))
    # A backslash is one only when it is doubled, in a file of properties.
    text = "".join(f"apicurio.kafka.common.{name}={value}\n" for name, value in rows.items()).replace("\\", "\\\\")
    write_private(path, text.encode("utf-8"))


def give_rights(config: StackConfig, say: Callable[[str], None]) -> None:
    """What consumers may read at our Kafka. One that runs since an earlier release knows no accounts, which is said."""
    if config.kafka_asks:
        allow_reading(config.kafka, config.mirrored)
    elif "kafka" not in config.external:
        say("Kafka was started by an earlier release and takes anyone: `culm down` and `culm up` give it passwords")


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
