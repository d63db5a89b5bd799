"""A worker as a job description in ADL (EMI-ES Activity Description Language), as A-REX reads it. Pure.

In: specs. Out: one XML document with a description for each. Guards: the tag is the job's name and an annotation; the environment
stands in the worker's script alone, so that no text of a user is read by the CE; every file comes from the client.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from agents.harvester.systems.contract import WorkerSpec

ADL = "http://www.eu-emi.eu/es/2010/12/adl"
ANNOTATION = "culm-worker"
#: The script that the CE runs, and what it starts; `worker_folders` makes both.
RUN, PROGRAM = "run", "program"
MEBIBYTE = 1 << 20


def input_names(spec: WorkerSpec) -> tuple[str, ...]:
    """Files that the CE waits for, in the order in which they are sent: without the last one no worker starts."""
    return (PROGRAM, *(path.name for path in spec.files), RUN)


def descriptions(specs: Sequence[WorkerSpec]) -> bytes:
    """The body of a submission; values of settings are proved before."""
    root = Element("ActivityDescriptions")
    for spec in specs:
        _describe(SubElement(root, "ActivityDescription", {"xmlns": ADL}), spec)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def memory_of_a_slot_mb(spec: WorkerSpec) -> int:
    """An ARC CE is asked for the memory of one core, in whole MB: rounded up, never less than the spec asks for."""
    return -(-spec.memory_mb // spec.cores)


def _describe(job: Element, spec: WorkerSpec) -> None:
    identification = SubElement(job, "ActivityIdentification")
    _text(identification, "Name", spec.tag)
    _text(identification, "Annotation", f"{ANNOTATION}={spec.tag}")
    application = SubElement(job, "Application")
    _text(SubElement(application, "Executable"), "Path", RUN)
    _text(application, "Output", "stdout")
    _text(application, "Error", "stderr")
    _resources(SubElement(job, "Resources"), spec)
    staging = SubElement(job, "DataStaging")
    for name in input_names(spec):
        file = SubElement(staging, "InputFile")
        _text(file, "Name", name)
        if name in (RUN, PROGRAM):
            _text(file, "IsExecutable", "true")
    # What is not named here the CE removes when the job ends.
    for name in ("stdout", "stderr"):
        _text(SubElement(staging, "OutputFile"), "Name", name)


def _resources(resources: Element, spec: WorkerSpec) -> None:
    for name in filter(None, spec.settings.get("runtime_environments", "").split(",")):
        _text(SubElement(resources, "RuntimeEnvironment"), "Name", name)
    slots = SubElement(resources, "SlotRequirement")
    _text(slots, "NumberOfSlots", str(spec.cores))
    _text(slots, "SlotsPerHost", str(spec.cores))
    if "queue" in spec.settings:
        _text(resources, "QueueName", spec.settings["queue"])
    _text(resources, "IndividualPhysicalMemory", str(memory_of_a_slot_mb(spec) * MEBIBYTE))
    if spec.disk_mb:
        _text(resources, "DiskSpaceRequirement", str(spec.disk_mb * MEBIBYTE))
    _text(resources, "TotalCPUTime", str(spec.walltime_seconds * spec.cores))
    _text(resources, "WallTime", str(spec.walltime_seconds))


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
