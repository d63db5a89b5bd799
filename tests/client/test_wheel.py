"""The wheel of `culm-client`, built and installed into an empty environment, brings `culm.client` and no other name of Culm."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ASKED = """
import importlib.util
from culm.client import Client
Client('http://127.0.0.1:1', token='t').close()
print([name for name in ('api', 'commands', 'schemas', 'cli', 'process') if importlib.util.find_spec(name)])
"""


@pytest.mark.slow
def test_the_wheel_works_in_an_environment_without_culm(tmp_path: Path) -> None:
    source, made, empty = tmp_path / "client", tmp_path / "wheels", tmp_path / "empty"
    shutil.copytree(ROOT / "client", source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(made), str(source)], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(empty)], check=True)
    (wheel,) = made.glob("culm_client-*.whl")
    python = str(empty / "bin" / "python")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", str(wheel)], check=True)

    # Its dependencies are those of this environment, whose own Culm is installed by a .pth file, which PYTHONPATH does not read.
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": sysconfig.get_paths()["purelib"]}
    done = subprocess.run([python, "-c", ASKED], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("[]\n", "")
    (site,) = (empty / "lib").glob("python*/site-packages")
    assert sorted(path.name.split("-")[0] for path in site.iterdir()) == ["culm", "culm_client"]
    assert not (site / "culm" / "__init__.py").exists()
