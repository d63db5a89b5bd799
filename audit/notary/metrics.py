"""What the notary counts: records written down, those not signed yet, and partitions that do not agree with their ledger."""

from prometheus_client import Gauge

UNSIGNED = Gauge("culm_notary_unsigned_records", "Records written down since the last signed checkpoints.")
BROKEN = Gauge("culm_notary_broken_partitions", "Partitions that no longer agree with their ledger.")
