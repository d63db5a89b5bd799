"""How much of a task is at work at once, and how much of it one decision takes; the rest follows slice by slice. Pure.

A slice is at most so many items and `commands.limits.PART_BYTES_MAX` of records; the next one is a command that the task or
dataset gives itself, so that others have their turn in between.
"""

#: Input units of one task.
UNITS_MAX = 1_000_000
#: Number of the last chunk that a dataset is asked for: with it, no number of chunks is beyond its bounds.
CHUNK_MAX = 999_998
#: Orders that wait for their plan; the next one is given when one of them is planned. Together they may come in one decision.
ORDERS_OPEN_MAX = 10
#: Jobs of one task at work; with so many, the next order is given when room for all its units has come.
JOBS_LIVE_MAX = 50_000
UNITS_PER_ORDER = 500
#: Jobs that the units of an order become, where the rules of splitting say it: they and their places on a queue are decided with
#: the plan, in one transaction and without records of their own (commands/engine/inline.py, `decisions_max`).
JOBS_PER_ORDER = 200
#: Units in one event, and made in one decision.
UNITS_PER_EVENT = 500
UNITS_PER_SLICE = 2_500
#: Units that one decision gives new attempts, and jobs that it kills.
UNITS_PER_RETRY = 5_000
JOBS_PER_KILL = 500
OUTCOMES_PER_EVENT = 500
