"""A job's specification as far as its guards and its row need it. Pure.

The whole of it is carried once: by `JobQueued`, from which the queue answers a pilot.
"""


from schemas.records import replace
from schemas.types import JobSpec


def guarded(spec: JobSpec) -> JobSpec:
    """`spec` without what only a pilot needs and may be long: parameters, input, container and steps."""
    return replace(spec, parameters="", inputs=(), container_name=None, multi_step_json=None)
