"""The local broker: its settings file, its formatted data folder, its command line.

One node in combined mode, on loopback. `prepare` may be repeated at any time; a folder that is formatted stays as it is.
"""

import base64
import subprocess
import uuid
from pathlib import Path

from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.fetch import KAFKA

HERE = Path(__file__).resolve().parent


def prepare(config: StackConfig, java: str) -> None:
    """Write the settings and format the data folder if this is its first start."""
    home = config.home / "kafka"
    data = home / "data"
    home.mkdir(parents=True, exist_ok=True)
    settings = (HERE / "server.properties").read_text().format(
        port=config.ports.kafka, controller_port=config.ports.kafka_controller, data=data
    )
    settings_file = home / "server.properties"
    settings_file.write_text(settings)
    if (data / "meta.properties").exists():
        return
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    format_command = [
        *_java(config, java, "-Xmx128m", "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool",
        "format", "--standalone", "--ignore-formatted", "-t", cluster_id, "-c", str(settings_file),
    ]  # fmt: skip
    done = subprocess.run(format_command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise StepFailed(f"Kafka's data folder {data} could not be formatted:\n{(done.stdout + done.stderr)[-2000:]}")


def command(config: StackConfig, java: str) -> tuple[str, ...]:
    """The words that start the broker in the foreground."""
    settings_file = config.home / "kafka" / "server.properties"
    return (*_java(config, java, "-Xms256m", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError"), "kafka.Kafka", str(settings_file))


def _java(config: StackConfig, java: str, *options: str) -> tuple[str, ...]:
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
    return (java, *options, logging, "-cp", f"{KAFKA.folder(config.lib)}/*")
