"""When things run: a monotonic ticker for polls and probes, a calendar for everything with a date."""
