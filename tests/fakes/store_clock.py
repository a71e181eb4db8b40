"""A clock that stands still until the test moves it, whatever the event loop's own time is."""

from fakes.clock import FakeClock


class HandClock(FakeClock):
    """Moves by `move()` alone."""

    def monotonic(self) -> float:
        return self._moved
