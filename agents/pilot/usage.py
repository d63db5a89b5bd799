"""What a payload uses, measured from outside on all its processes, and whether that is too much.

In: the supervisor's process id, and the limits of the job. Out: `Usage` for heartbeats, and a `JobTrouble` when a limit is
exceeded. Guards: nothing that the payload itself reports is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from agents.pilot.config import PilotConfig
from agents.pilot.errors import MEMORY_LIMIT, STDOUT_TOO_BIG, TIME_LIMIT, JobTrouble
from agents.pilot.job import PilotJob
from agents.pilot.payload import STDERR, STDOUT
from agents.plain_files import size_of

KB, MB = 1024, 1024 * 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """Maxima and sums over `samples` looks at the payload. Memory in kB over all its processes at one moment.

    held_kb: what counts against the limit, at the last look. PSS counts pages that processes share once; swap is added,
    which would hide a leak.
    """

    samples: int = 0
    cpu_seconds: float = 0.0
    held_kb: int = 0
    rss_kb_max: int = 0
    pss_kb_max: int = 0
    swap_kb_max: int = 0
    vmem_kb_max: int = 0
    rss_kb_sum: int = 0
    pss_kb_sum: int = 0

    def ended(self, cpu_seconds: float, rss_kb_max: int) -> "Usage":
        """With the kernel's account at the end, which misses nothing of the CPU but knows single processes only."""
        return replace(
            self,
            cpu_seconds=max(self.cpu_seconds, cpu_seconds),
            rss_kb_max=self.rss_kb_max if self.samples else rss_kb_max,
        )

    def fields(self, seconds: float) -> dict[str, float | int]:
        """For updateJob (docs/reference/pilot.md, "Reports"), after `seconds` of running; nothing when nothing was measured."""
        found: dict[str, float | int] = {}
        if self.cpu_seconds > 0:
            found |= {"cpuConsumptionTime": round(self.cpu_seconds, 3), "cpuConversionFactor": 1.0}
            if seconds > 0:
                found["meanCoreCount"] = round(self.cpu_seconds / seconds, 3)
        if self.rss_kb_max:
            found["maxRSS"] = self.rss_kb_max
        if self.samples:
            found |= {"maxPSS": self.pss_kb_max, "maxSWAP": self.swap_kb_max, "maxVMEM": self.vmem_kb_max}
            found |= {"avgRSS": self.rss_kb_sum // self.samples, "avgPSS": self.pss_kb_sum // self.samples}
        return found


def sampled(usage: Usage, supervisor: int) -> Usage:
    """`usage` with one more look at the payload below the process `supervisor`."""
    rss = pss = swap = vmem = 0
    cpu = 0.0
    seen = False
    for process in _processes_below(supervisor):
        try:
            with process.oneshot():
                times = process.cpu_times()
                memory = process.memory_full_info()
        except (psutil.Error, OSError):  # ended meanwhile
            continue
        seen = True
        cpu += times.user + times.system + times.children_user + times.children_system
        rss, pss = rss + memory.rss, pss + memory.pss
        swap, vmem = swap + memory.swap, vmem + memory.vms
    if not seen:
        return usage
    return Usage(
        samples=usage.samples + 1,
        cpu_seconds=max(usage.cpu_seconds, cpu),
        held_kb=(pss + swap) // KB,
        rss_kb_max=max(usage.rss_kb_max, rss // KB),
        pss_kb_max=max(usage.pss_kb_max, pss // KB),
        swap_kb_max=max(usage.swap_kb_max, swap // KB),
        vmem_kb_max=max(usage.vmem_kb_max, vmem // KB),
        rss_kb_sum=usage.rss_kb_sum + rss // KB,
        pss_kb_sum=usage.pss_kb_sum + pss // KB,
    )


def memory_kb_limit(job: PilotJob, config: PilotConfig) -> int | None:
    """How much memory in kB the payload may use, None for any (docs/reference/pilot.md, "Memory limit")."""
    mb = config.memory_mb_max or job.ram_mb * config.memory_grace
    return int(mb * KB) if mb > 0 else None


def excess(
    usage: Usage, job: PilotJob, config: PilotConfig, running_seconds: float, directory: Path
) -> JobTrouble | None:
    """Why the payload must be stopped; None while it keeps its limits."""
    limit = memory_kb_limit(job, config)
    if limit is not None and usage.held_kb > limit:
        return JobTrouble(MEMORY_LIMIT, f"the payload uses {usage.held_kb:,} kB of memory, allowed are {limit:,} kB")
    if 0 < job.walltime_seconds < running_seconds:
        text = f"the payload runs for {running_seconds:.0f} s, allowed are {job.walltime_seconds} s"
        return JobTrouble(TIME_LIMIT, text)
    for name in (STDOUT, STDERR):
        try:
            size = size_of(directory / name) or 0
        except OSError:
            continue
        if size > config.stdout_mb_max * MB:
            return JobTrouble(STDOUT_TOO_BIG, f"{name} has {size:,} bytes, allowed are {config.stdout_mb_max} MB")
    return None


def _processes_below(supervisor: int) -> Iterator[psutil.Process]:
    try:
        yield from psutil.Process(supervisor).children(recursive=True)
    except psutil.NoSuchProcess:
        return
