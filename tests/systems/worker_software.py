"""What workers need of this host where their nodes are not this host, as a site's shared file system has it.

Out: the folders that hold this checkout and the Python that runs it, which workers read at the same places, and where outputs go.
"""

import os
import sys
from pathlib import Path

from agents.harvester.systems.local_isolation import PilotIsolation
from deploy.config import CHECKOUT

#: Python's own folder where it belongs to the system: no other system can have that one at the same place.
OF_SYSTEM = Path("/usr")


def software() -> tuple[Path, ...]:
    """Checkout, environment and Python; none lies in another one."""
    found = [CHECKOUT, Path(sys.prefix), python_folder()]
    return tuple(path for path in dict.fromkeys(found) if not any(path.is_relative_to(other) for other in found if other != path))


def python_folder() -> Path:
    """Where the standard library and its interpreter are."""
    return Path(os.path.realpath(sys.base_prefix))


def storage_of(home: Path) -> tuple[Path, ...]:
    """Folders of the storage of the stack in `home`, which pilots of other users write as pilots of this host do."""
    PilotIsolation(home, "/").prepare_storage()
    return tuple(path for path in (home / "storage", home / "storages") if path.is_dir())
