"""The local harvester: as many pilots as are wanted, and a word about the life of each."""
