"""The benchmark of the hot path: ``make bench``."""
