"""Finds Java and Maven, or says what to install. Standard library only: it runs before the environment exists."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.errors import MissingTool

JAVA_VERSION_MIN = 17  # Kafka 4 brokers refuse to run on less


def find_java(environ: Mapping[str, str]) -> str:
    """Path of a Java 17 or later: CULM_JAVA, then JAVA_HOME, then PATH. Raises MissingTool with the remedy."""
    candidates = [
        environ.get("CULM_JAVA"),
        str(Path(environ["JAVA_HOME"]) / "bin" / "java") if environ.get("JAVA_HOME") else None,
        shutil.which("java", path=environ.get("PATH")),
    ]
    java = next((candidate for candidate in candidates if candidate), None)
    remedy = (
        f"Install Java {JAVA_VERSION_MIN} or later (Debian, Ubuntu: openjdk-17-jre-headless; "
        "Fedora, RHEL: java-17-openjdk-headless) or set JAVA_HOME or CULM_JAVA to one."
    )
    if java is None:
        raise MissingTool(f"Java was not found. {remedy}")
    version = _major_version(java)
    if version is None:
        raise MissingTool(f"{java} does not run as Java. {remedy}")
    if version < JAVA_VERSION_MIN:
        raise MissingTool(f"{java} is Java {version}, needed is {JAVA_VERSION_MIN} or later. {remedy}")
    return java


def find_maven(environ: Mapping[str, str]) -> str:
    """Path of Maven: CULM_MVN, then PATH. Raises MissingTool with the remedy."""
    maven = environ.get("CULM_MVN") or shutil.which("mvn", path=environ.get("PATH"))
    if maven is None or shutil.which(maven) is None:
        found = f"CULM_MVN={maven} cannot be run" if maven else "Maven was not found"
        raise MissingTool(f"{found}. Install Maven (package `maven`) or set CULM_MVN to its `mvn`.")
    return maven


def _major_version(java: str) -> int | None:
    try:
        printed = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', printed)
    return int(found[1]) if found else None
