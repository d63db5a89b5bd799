"""The environment that points an unmodified panda-client at a stack (docs/reference/client.md, "Environment")."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.config import CHECKOUT, StackConfig
from deploy.errors import StepFailed
from deploy.local_queue import VO
from deploy.postgres import passwords
from deploy.postgres.passwords import READER
from process.kafka_security import environment_of
from process.mirrored import VARIABLE, account_of, copy_of, groups_of, sources
from process.servers import KAFKA_READER, kafka_password_file, own_kafka, password_file

TOKEN_HOURS = 24.0
OF_ALL = "These addresses are of the whole installation: topics, schemas and read models hold what all organisations do."
LOOPBACK = "127.0.0.1,localhost"


def client_folder(environ: Mapping[str, str]) -> Path:
    """The client's own environment: CULM_CLIENT, or `.venv-client` in the checkout."""
    return Path(environ.get("CULM_CLIENT") or CHECKOUT / ".venv-client").expanduser().absolute()


def client_environment(
    config: StackConfig, user: str, name: str, groups: tuple[str, ...], environ: Mapping[str, str]
) -> dict[str, str]:
    """Variables for `prun`, `pbook`, `culm` and the client's Python modules, with a fresh token for `user`.

    Every path is absolute, so that they hold in any directory; CULM_HOME names this stack there.
    """
    from identity.issuer import make_token

    client = client_folder(environ)
    server = f"{config.api}/server/panda"
    private = config.home / "client" / user
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    site_packages = next(client.glob("lib/python3*/site-packages"), client / "lib")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return {
        "CULM_HOME": str(config.home),
        "PATH": f"{client / 'bin'}:{environ.get('PATH', '')}",
        "PANDA_SYS": str(client),
        "PANDA_PYTHONPATH": str(site_packages if site_packages.exists() else client / "lib" / version / "site-packages"),
        "PANDA_PYTHON_EXEC": str(client / "bin" / "python"),
        "PANDA_CONFIG_ROOT": str(private),
        "PANDA_URL": server,
        "PANDA_URL_SSL": server,
        "PANDACACHE_URL": server,
        "PANDA_AUTH": "oidc",
        "PANDA_AUTH_VO": VO,
        "PANDA_AUTH_ID_TOKEN": make_token(config.home, user=user, name=name, groups=groups, audience_hours=TOKEN_HOURS),
        "PANDA_BEHIND_REAL_LB": "1",
        "NO_PROXY": _with_loopback(environ.get("NO_PROXY", "")),
        "no_proxy": _with_loopback(environ.get("no_proxy", "")),
    }


def consumer_environment(config: StackConfig) -> dict[str, str]:
    """Variables for a dashboard or another consumer: topics, schemas and read models, each under an account that only reads.

    At a database that is not ours, or was made without passwords, the account is the one of its address; at a Kafka that is not
    ours there is none.
    """
    password = passwords.of(password_file(config.home), READER)
    postgres = config.postgres
    if password and "postgres" not in config.external:
        postgres = f"postgresql://{READER}:{password}@127.0.0.1:{config.ports.postgres}/culm"
    kafka = str(config.kafka)
    if config.kafka_asks and kafka_password_file(config.home, KAFKA_READER).exists():
        kafka = own_kafka(kafka, config.home, KAFKA_READER)
    return {**environment_of(kafka), "CULM_REGISTRY": config.registry, "CULM_POSTGRES": postgres}


def consumer_of_one(config: StackConfig, vo: str) -> dict[str, str]:
    """Variables for a consumer of the organisation `vo`: copies of its events, under an account that reads them alone; schemas.

    Raises StepFailed where `vo` has no mirror, or Kafka is not ours.
    """
    if vo not in config.mirrored:
        found = ", ".join(config.mirrored) or "none"
        raise StepFailed(f"{vo[:80]} has no mirror, {found} have: set {VARIABLE}, then `culm down` and `culm up`")
    if not config.kafka_asks:
        raise StepFailed("Kafka is not of this stack, or has no passwords: its administrator makes accounts for consumers")
    kafka = own_kafka(str(config.kafka), config.home, account_of(vo))
    names = {f"CULM_TOPIC_{topic.split('.')[1].upper()}_EVENTS": copy_of(topic, vo) for topic in sources()}
    return {**environment_of(kafka), "CULM_REGISTRY": config.registry, "CULM_GROUPS": groups_of(vo), **names}


def shell_exports(variables: Mapping[str, str]) -> str:
    """`export NAME=value` lines for a POSIX shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def _with_loopback(hosts: str) -> str:
    return f"{hosts},{LOOPBACK}" if hosts else LOOPBACK
