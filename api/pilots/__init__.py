"""What pilots and harvesters speak: PanDA's legacy and v1 calls, queue and storage documents."""
