"""Datasets leave memory while no command comes for them, and are the same when one does; large ones stay longer."""

from commands.dataset.snapshot import PAGE_FILES
from schemas.dataset import FilesRegistered, RegisterFiles
from schemas.types import DatasetFile, DatasetRole
from tests.commands.builders import a_running_task, run_all
from tests.commands.nodes import NAME, Node, a_dataset, a_dataset_state, a_file


def test_an_open_dataset_that_no_one_asks_for_leaves_memory_and_knows_its_files_when_asked() -> None:
    culm = a_dataset(3)
    node = Node(culm)
    node.rest()
    node.round()
    gone = culm.store.find(("dataset", NAME)) is None

    other = DatasetFile(lfn="f000001.root", scope="user.jdoe", size_bytes=2, checksum="ad:1", endpoint="DISK")
    refused = culm.send(RegisterFiles(files=(other,), role=DatasetRole.INPUT), NAME)
    taken = culm.send(RegisterFiles(files=(a_file(4),), role=DatasetRole.INPUT), NAME)

    assert gone
    assert refused.reason == "CHECKSUM_DIFFERS"
    assert taken.accepted
    assert culm.last(FilesRegistered).files_total == 4


def test_a_dataset_that_grows_again_writes_the_page_that_grew() -> None:
    culm = a_dataset(3 * PAGE_FILES)
    node = Node(culm)
    node.rest()
    node.round()
    culm.send(RegisterFiles(files=(a_file(999_999),), role=DatasetRole.INPUT), NAME)
    node.rest()

    assert node.write() == 2  # main row, last page
    assert culm.store.find(("dataset", NAME)) is None
    assert node.restored()[0].get("dataset", NAME).state == a_dataset_state(culm)


def test_a_dataset_of_many_files_rests_in_memory_for_longer() -> None:
    culm = a_dataset(5 * PAGE_FILES)  # work of 200: two rests
    node = Node(culm)
    node.round()
    present = []

    for _ in range(3):
        node.rest()
        while node.write():
            pass
        present.append(culm.store.find(("dataset", NAME)) is not None)

    assert present == [True, False, False]


def test_a_dataset_that_is_used_in_its_longer_rest_begins_it_again() -> None:
    culm = a_dataset(5 * PAGE_FILES)
    node = Node(culm)
    node.round()
    node.rest()
    node.write()
    culm.send(RegisterFiles(files=(a_file(999_999),), role=DatasetRole.INPUT), NAME)
    node.rest()
    node.write()

    assert culm.store.find(("dataset", NAME)) is not None


def test_nothing_of_a_finished_task_but_its_queue_stays_in_memory() -> None:
    culm = a_running_task()
    run_all(culm)
    node = Node(culm)
    node.rest()
    node.round()

    assert {key for key, _ in culm.store.entries()} == {("queue", "LOCAL"), ("policy", "queue.LOCAL")}
