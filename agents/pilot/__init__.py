"""The light pilot: takes jobs in pull mode, runs them, says how they are."""
