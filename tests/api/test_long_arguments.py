"""Parameters that no command line holds: a file that the wrapper fetches."""

import hashlib
from pathlib import Path

from api.config import ApiConfig
from api.pilots.dispatch import PilotDispatch
from api.pilots.long_arguments import arguments_for
from api.shared.directory import DirectoryStore
from api.shared.store import SharedKind, Space
from process.addresses import ApiAddresses
from schemas.types import LeasedJob
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, a_job, an_answer, an_identity, run, services_of

SERVER = "http://127.0.0.1:1"
RUN_GEN = "culm://server/trf/user/runGen-00-00-02"
LONG = "-p \"" + "x" * 150_000 + "\" --sourceURL culm://server"
STORED = LONG.replace("culm://server", SERVER).encode()
NAME = f"jobPars.{hashlib.sha256(STORED).hexdigest()}"


def a_space(home: Path) -> Space:
    return DirectoryStore(home).space(SharedKind.SANDBOXES)


def test_short_parameters_stay_where_they_are(tmp_path: Path) -> None:
    spec = a_job(transformation=RUN_GEN, parameters="-p x --sourceURL culm://server")

    assert arguments_for(spec, SERVER, a_space(tmp_path)) == f"-p x --sourceURL {SERVER}"


def test_long_parameters_become_a_file_that_is_named_by_its_content(tmp_path: Path) -> None:
    files = a_space(tmp_path)

    found = arguments_for(a_job(transformation=RUN_GEN, parameters=LONG), SERVER, files)

    assert found == f"--argumentsFrom {SERVER}/cache/{NAME}"
    assert files.get(NAME) == STORED


def test_wrappers_of_others_get_their_parameters_as_they_are(tmp_path: Path) -> None:
    spec = a_job(transformation="https://elsewhere/trf/user/runGen", parameters=LONG)

    assert arguments_for(spec, SERVER, a_space(tmp_path)) == STORED.decode()


def test_a_pilot_gets_the_name_of_the_file_in_parameters_and_steps(tmp_path: Path) -> None:
    steps = '{"preprocess":{"command":"${TRF}","args":"--preprocess ${TRF_ARGS}"}}'
    spec = a_job(transformation=RUN_GEN, parameters=LONG, multi_step_json=steps)
    gateway = GatewayStandIn(lambda *_: an_answer(leased=LeasedJob(spec=spec, lease_id="l", lease_seconds=60)))
    config = ApiConfig(tmp_path, ApiAddresses.at(SERVER), "", "", "")
    dispatch = PilotDispatch(services_of(gateway, ReadModelsStandIn({}), config))

    job = run(dispatch.lease({"siteName": "LOCAL"}, an_identity(subject="pilot", roles=frozenset({"pilot"}))))

    assert job["jobPars"] == f"--argumentsFrom {SERVER}/cache/{NAME}"
    assert job["preprocess"]["args"] == f"--preprocess --argumentsFrom {SERVER}/cache/{NAME}"
    assert (config.shared / "cache" / NAME).read_bytes() == STORED
