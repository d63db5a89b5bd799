"""What all APIs of one Culm share beside log and read models: a port, and a directory behind it."""
