"""A submission without an answer counts as a worker until it is known to be none: nothing is started in its place before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.sim.sites.batch_system import MemoryBatch
from tests.sim.sites.clock import SiteTime
from tests.sim.sites.culm_side import PULL, CulmSide
from tests.sim.sites.harvesters import SUBMIT_SECONDS, HarvesterHost

WANTED = 2


class Site:
    """A harvester with one queue that wants two workers, whose batch system does not answer submissions."""

    def __init__(self, folder: Path, fault: str) -> None:
        self.time = SiteTime()
        self.culm = CulmSide(self.time, lambda *_: None)
        self.batch = MemoryBatch(self.time, lambda _: None)
        self.batch.submit_faults.extend([fault] * WANTED)
        self.host = HarvesterHost("h1", folder, self.time, self.culm, self.batch)
        self.culm.configure(PULL, standby_min=WANTED)

    def turns(self, count: int, seconds: float) -> None:
        """Let the harvester take so many turns, so many seconds apart."""
        for _ in range(count):
            self.time.pass_(seconds)
            self.culm.tick()
            with capture_logs():
                assert self.host.step()
            self.batch.start_waiting()

    @property
    def intended(self) -> int:
        """How many workers there ever were."""
        return len(self.culm.tags)



@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    found = Site(tmp_path, request.param)
    yield found
    found.host.close()


@pytest.mark.parametrize("site", ["answer_lost"], indirect=True)
def test_workers_whose_submission_lost_its_answer_are_not_started_again_before_a_listing_shows_them(site: Site) -> None:
    site.batch.listing_faults.extend(["empty"] * 10)

    site.turns(10, 0.2)
    before = site.intended
    site.batch.listing_faults.clear()
    site.turns(10, 1.0)

    assert (before, site.intended, len(site.batch.living())) == (2, 2, 2)


@pytest.mark.parametrize("site", ["lost"], indirect=True)
def test_workers_that_never_reached_the_batch_system_are_replaced_once_they_are_missed(site: Site) -> None:
    site.turns(int(SUBMIT_SECONDS) - 1, 1.0)
    before = site.intended
    site.turns(60, 1.0)

    assert (before, site.intended, len(site.batch.living())) == (2, 4, 2)


@pytest.mark.parametrize("site", ["lost"], indirect=True)
def test_workers_that_a_killed_harvester_did_not_submit_are_replaced_after_the_first_listing(site: Site) -> None:
    site.turns(1, 1.0)
    site.host.end()

    site.turns(1, 1.0)

    assert len(site.batch.living()) == 2


@pytest.mark.parametrize("site", ["answer_lost"], indirect=True)
def test_workers_that_a_killed_harvester_submitted_are_not_started_again_while_no_listing_is_whole(site: Site) -> None:
    site.turns(1, 1.0)
    site.host.end()
    site.batch.listing_faults.extend(["cut"] * 5)

    site.turns(5, 1.0)
    before = site.intended
    site.batch.listing_faults.clear()
    site.turns(10, 1.0)

    assert (before, site.intended, len(site.batch.living())) == (2, 2, 2)
