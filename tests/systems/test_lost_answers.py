"""Submissions whose answers are lost, by a real harvester with each plugin: as many workers as are wanted, and no more."""

from functools import partial

from tests.agents.culm_stand_in import eventually
from tests.systems.kit import Fault, needs
from tests.systems.test_kills import KilledSite, site

__all__ = ["site"]
WANTED = 8


def test_a_harvester_that_gets_no_answer_to_its_submissions_starts_as_many_workers_as_are_wanted(site: KilledSite) -> None:
    needs(site.adapter, Fault.SUBMIT_DIES_AFTER_ACCEPTING)
    site.adapter.inject(Fault.SUBMIT_DIES_AFTER_ACCEPTING)
    site.harvester()

    for number in range(2, WANTED + 1, 2):
        site.culm.want(number)
        eventually(partial(_are_intended, site, number))
    # Files that follow a submission are not sent without its answer: such half workers are ended and replaced.
    is_whole = not hasattr(site.adapter.plugin(), "half_submitted")
    if not is_whole:
        site.adapter.heal()
    eventually(lambda: len(site.all_known()) >= WANTED)

    assert WANTED <= len(site.intended()) <= (WANTED if is_whole else 2 * WANTED)
    site.culm.want(0)
    eventually(site.all_over)


def _are_intended(site: KilledSite, number: int) -> bool:
    return len(site.intended()) >= number
