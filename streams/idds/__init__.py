"""Requests to iDDS, read and compiled: the grammar, graphs of jobs, conditions, links. Pure. docs/reference/idds.md."""
