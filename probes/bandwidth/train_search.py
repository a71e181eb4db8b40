"""How long the next train must be, and when enough trains agree. Pure: it is told what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from probes.bandwidth.train_fit import FEWEST_PACKETS, Fit, fit

_FIRST_PACKETS, _MOST_PACKETS = 20, 4000
_TARGET_RATIO = 0.01
_SHORTEST_SPAN_SECONDS = 0.015
_SHARE_OF_BYTES = 0.25
# A train must be so much longer than the delays vary, or they are what is measured.
_SPAN_PER_JITTER = 50
_BELIEVABLE = 0.1
_QUEUE_SECONDS = 0.06
_OVERLOAD = 1.3
_STAMP_ERROR_SECONDS = 2e-5
_AGREEING, _REMEMBERED = 3, 5
_MOST_FAILURES = 4
_MOST_TRAINS = 40


@dataclass(frozen=True, slots=True)
class Train:
    """What to send: packets, and their pace in bit/s of IP (0: as fast as the host can)."""

    packets: int
    bits_per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """What all trains together say: bit/s of IP, its uncertainty as a share, and how many they were."""

    bits_per_second: float
    uncertainty_ratio: float
    trains: int


@dataclass(slots=True)
class TrainSearch:
    """Lengthens trains until the fit is good, paces them when they overflow the buffer, ends on agreement.

    `jitter_seconds` is how much delays vary on the idle path (standard deviation).
    """

    packet_bytes: int
    most_bytes: int
    jitter_seconds: float
    _fits: list[Fit] = field(default_factory=list)
    _train: Train = Train(_FIRST_PACKETS)
    _spent_bytes: int = 0
    _sent_trains: int = 0
    _failures: int = 0
    refusal: str = ""

    def span_seconds(self, bits_per_second: float) -> float:
        """Return how long a train must take: longer than delays vary, and if it can be had, 15 ms."""
        affordable = _SHARE_OF_BYTES * self.most_bytes * 8 / bits_per_second
        return max(_SPAN_PER_JITTER * self.jitter_seconds, min(_SHORTEST_SPAN_SECONDS, affordable))

    def next_train(self) -> Train | None:
        """Return what to send next; None when there is enough, or no sense in more."""
        cost = self._train.packets * self.packet_bytes
        if self.refusal or self._failures >= _MOST_FAILURES or self._sent_trains >= _MOST_TRAINS:
            return None
        if self._agreed():
            return None
        if self._fits and self._spent_bytes + cost > self.most_bytes:
            self._check_longest()
            return None
        return self._train

    def _check_longest(self) -> None:
        """Refuse when the bytes did not do for a train that delays cannot spoil."""
        longest = max(one.span_seconds for one in self._fits)
        if not self._fits[-1].clumped and longest < _SPAN_PER_JITTER * self.jitter_seconds / 2:
            self._refuse(self._fits[-1].bits_per_second)

    def take(self, stamps_ns: Sequence[int]) -> None:
        """Note when the packets of the last train came."""
        train = self._train
        self._sent_trains += 1
        self._spent_bytes += train.packets * self.packet_bytes
        found = fit(stamps_ns, self.packet_bytes)
        if found is None:
            self._failures += 1
            self._train = Train(max(FEWEST_PACKETS + 2, train.packets // 2), train.bits_per_second)
            return
        rate, whole = found.bits_per_second, len(stamps_ns) / train.packets
        if train.bits_per_second and rate > 0.9 * train.bits_per_second and whole > 0.97:
            self._train = Train(train.packets, train.bits_per_second * 1.6)  # that was our own pace
        elif not train.bits_per_second and whole < 0.8:
            self._train = Train(train.packets, rate * _OVERLOAD)  # a shallow buffer, or a policer
        else:
            self._keep(found)

    def _keep(self, found: Fit) -> None:
        error = max(found.error_ratio, _STAMP_ERROR_SECONDS / found.span_seconds)
        self._fits.append(replace(found, error_ratio=error))
        packets, span = self._train.packets, self.span_seconds(found.bits_per_second)
        if (found.span_seconds < span or error > _TARGET_RATIO) and packets < _MOST_PACKETS:
            self._train = self._longer(found, error)
        # A short train may come out of a slotted link at once, and a long one is counted by its slots.
        if found.span_seconds > _BELIEVABLE * span and not found.clumped:
            self._refuse(found.bits_per_second)

    def _refuse(self, bits_per_second: float) -> None:
        """Say why trains would not tell the truth, if they cannot be long enough."""
        span = self.span_seconds(bits_per_second)
        needed = _AGREEING * span * bits_per_second / 8
        if needed > self.most_bytes:
            self.refusal = (
                f"delays vary by {self.jitter_seconds * 1e3:.1f} ms: trains of {span * 1e3:.0f} ms"
                f" would take {needed / 1e6:.1f} MB of {self.most_bytes / 1e6:.1f} MB"
            )

    def _longer(self, found: Fit, error: float) -> Train:
        by_span = 1.2 * self.span_seconds(found.bits_per_second) / max(found.span_seconds, 1e-4)
        by_error = (error / _TARGET_RATIO) ** 0.67
        packets = int(self._train.packets * min(12.0, max(1.5, by_span, by_error)))
        room = (self.most_bytes - self._spent_bytes) // self.packet_bytes
        packets = max(min(packets, _MOST_PACKETS, room), _FIRST_PACKETS)
        rate, pace = found.bits_per_second, self._train.bits_per_second
        if packets * self.packet_bytes * 8 / rate > _QUEUE_SECONDS:
            pace = rate * _OVERLOAD
        return Train(packets, pace)

    def _good(self) -> list[Fit]:
        """Return the fits of trains that were long enough."""
        return [one for one in self._fits if one.error_ratio <= 2 * _TARGET_RATIO]

    def _agreed(self) -> bool:
        newest = self._good()[-_REMEMBERED:]
        if len(newest) < _AGREEING:
            return False
        if not newest[-1].clumped and newest[-1].span_seconds < 0.5 * self.span_seconds(
            newest[-1].bits_per_second
        ):
            return False
        middle = median(one.bits_per_second for one in newest)
        near = [one for one in newest if abs(one.bits_per_second - middle) < 2 * _TARGET_RATIO * middle]
        return len(near) >= _AGREEING

    def capacity(self) -> Capacity | None:
        """Return the mean of the best fits, each by its error; None when no train came through."""
        if not self._fits:
            return None
        least = min(one.error_ratio for one in self._fits)
        best = [one for one in self._fits if one.error_ratio <= 4 * least]
        middle = median(one.bits_per_second for one in best)
        near = [one for one in best if abs(one.bits_per_second - middle) < 0.1 * middle] or best
        weights = [one.error_ratio**-2 for one in near]
        rates = [one.bits_per_second for one in near]
        rate = sum(r * weight for r, weight in zip(rates, weights, strict=True)) / sum(weights)
        uncertainty = max(sum(weights) ** -0.5, (max(rates) - min(rates)) / (2 * rate))
        return Capacity(rate, uncertainty, self._sent_trains)
