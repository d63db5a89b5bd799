"""Batch systems behind one contract; a site adds its own by the entry point group `culm.batch_systems`."""
