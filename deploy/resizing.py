"""A stack that is up is given other numbers of instances. What changes, as data; `stack.py` carries it out.

In: the running stack's configuration, the programs that its supervisor knows, what the caller asks for. Out: a `Resizing`.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from deploy.config import StackConfig, counts_in
from deploy.errors import AlreadyUp
from deploy.processes import Program, culm_processes
from process.instances import KINDS, process_named
from process.mirrored import VARIABLE, mirrored_vos
from process.settings import Settings

FEWEST_OF_EACH: Mapping[str, int] = {kind.name: kind.fewest for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Resizing:
    """before: the configuration with the numbers that run. config: with those that are asked for."""

    before: StackConfig
    config: StackConfig
    added: tuple[Program, ...]
    removed: tuple[str, ...]


def resizing(config: StackConfig, there: Collection[str], environ: Mapping[str, str]) -> Resizing:
    """What is to be added and stopped; kinds that `environ` does not name stay as `config` has them.

    Raises ValueError, and AlreadyUp where other organisations are to have a mirror.
    """
    if VARIABLE in environ and mirrored_vos(Settings(environ)) != config.mirrored:
        raise AlreadyUp("which organisations have a mirror changes when Kafka starts: `culm down`, then `culm up`")
    running = [process for name in there if (process := process_named(name)) is not None]
    counts = {**FEWEST_OF_EACH, **Counter(process.kind.name for process in running)}
    wanted = config.with_counts(counts_in(environ))
    programs = culm_processes(wanted, environ)
    added = tuple(program for program in programs if program.name not in there)
    removed = sorted({process.program for process in running} - {program.name for program in programs})
    return Resizing(config.with_counts(counts), wanted, added, tuple(removed))
