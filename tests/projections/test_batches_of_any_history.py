"""Rows are the same however the events of any history within their bounds are cut into batches."""

import pytest

from schemas.catalog import CatalogEntry
from tests.projections.tables_in_memory import Tables
from tests.readers.histories import EVENTS, history
from tests.schemas.within_bounds import for_any_seed


@pytest.mark.parametrize("entry", EVENTS, ids=lambda entry: entry.name)
def test_rows_of_any_history_do_not_depend_on_how_it_was_batched(entry: CatalogEntry) -> None:
    def check(seed: int) -> None:
        records = list(history(entry, seed))
        singly, together = Tables(), Tables()

        for record in records:
            singly.take([record])
        together.take(records)

        assert singly.rows == together.rows

    for_any_seed(check, 12)
