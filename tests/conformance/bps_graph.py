"""Run by the environment of iDDS's clients: `bps_graph.py FILE RUN` writes a quantum graph of mock tasks for BPS.

Two visits of four detectors of the test camera that comes with the butler: isr 8, calibrate 8, coadd 2, picture 2 quanta.
"""

import sys

from lsst.pipe.base.tests.mocks import DynamicConnectionConfig, InMemoryRepo

IMAGE, VISIT = ["visit", "detector"], ["visit"]
#: Label, its dimensions, what it reads, and the dimensions of that.
TASKS = (
    ("isr", IMAGE, "raw", IMAGE),
    ("calibrate", IMAGE, "isr_out", IMAGE),
    ("coadd", VISIT, "calibrate_out", IMAGE),
    ("picture", VISIT, "coadd_out", VISIT),
)


def main(path: str, run: str) -> None:
    """Write the graph."""
    with InMemoryRepo("base.yaml", "spatial.yaml") as repo:
        for label, dimensions, source, of_source in TASKS:
            read = DynamicConnectionConfig(dataset_type_name=source, dimensions=of_source, multiple=of_source != dimensions)
            made = DynamicConnectionConfig(dataset_type_name=f"{label}_out", dimensions=dimensions)
            repo.add_task(label, dimensions=dimensions, inputs={"read": read}, outputs={"made": made})
        repo.make_quantum_graph_builder(output_run=run).finish(attach_datastore_records=False).write(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
