"""The harvester: as many workers as are wanted, in the batch systems of a site, and a report of the life of each."""
