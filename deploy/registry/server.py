"""The local schema registry: Apicurio, which keeps its schemas in Kafka and nothing on disk but its log.

It may be started before Kafka answers; it waits.
"""

from collections.abc import Mapping

from deploy.config import StackConfig
from deploy.fetch import REGISTRY


def command(config: StackConfig, java: str) -> tuple[str, ...]:
    """The words that start the registry in the foreground."""
    folder = REGISTRY.folder(config.lib)
    jar = next(folder.glob("*-runner.jar"), folder / "apicurio-registry-app-runner.jar")
    # The quick compiler and the serial collector start it in two thirds of the time; it is never busy afterwards.
    options = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")
    return (java, *options, "-jar", str(jar))


def environment(config: StackConfig) -> Mapping[str, str]:
    """Its settings, which Quarkus reads from variables."""
    return {
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(config.ports.registry),
        "QUARKUS_LOG_CONSOLE_COLOR": "false",
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": config.kafka,
    }
