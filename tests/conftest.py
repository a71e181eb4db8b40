"""What holds for all tests: a busy machine's pause is no failure, timings belong to benchmarks."""

from hypothesis import settings

settings.register_profile("netmon", deadline=None)
settings.load_profile("netmon")
