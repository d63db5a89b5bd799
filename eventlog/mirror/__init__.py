"""A copy of topics for consumers of one organisation: events of its tasks and jobs, and of no other's."""
