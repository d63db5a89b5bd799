"""What processors and timers count: the commands they send, by name; dead letters."""

from prometheus_client import Counter

SENT = Counter("culm_processor_commands_total", "Commands that processors and timers sent.", ["name"])
LETTERS = Counter("culm_dead_letters_total", "Records that processors gave up on.")
