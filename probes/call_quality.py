"""What a phone call over this path would be like: ITU-T G.107 (simplified), and the limits of Teams. Pure."""

from __future__ import annotations

from enum import IntEnum

# G.711 with packet loss concealment: packetisation and look-ahead, robustness (G.113 Appendix I).
_CODEC_SECONDS, _CODEC_IMPAIRMENT, _CODEC_ROBUSTNESS = 0.020, 0.0, 25.1
_BUFFER_SECONDS_MIN, _BUFFER_PER_JITTER = 0.010, 2.0
_BEST_RATING = 93.2
_LATE_MS = 177.3


class CallQuality(IntEnum):
    """Good keeps to what Microsoft asks of a network's edge, poor breaks what it asks of a client."""

    GOOD = 0
    FAIR = 1
    POOR = 2


_GOOD = (0.060, 0.015, 0.001)
_POOR = (0.100, 0.030, 0.01)
"""Round trip (s), jitter (s) and loss (ratio)."""


def rating(one_way_seconds: float, loss_ratio: float) -> float:
    """Return the transmission rating R, 0 to 93.2: one-way delay from mouth to ear, losses at random."""
    delay_ms = one_way_seconds * 1000
    delay_impairment = 0.024 * delay_ms + 0.11 * max(delay_ms - _LATE_MS, 0.0)
    loss_percent = loss_ratio * 100
    loss_impairment = _CODEC_IMPAIRMENT + (95 - _CODEC_IMPAIRMENT) * loss_percent / (
        loss_percent + _CODEC_ROBUSTNESS
    )
    return max(_BEST_RATING - delay_impairment - loss_impairment, 0.0)


def opinion(rated: float) -> float:
    """Return the mean opinion score of a rating: 1 (bad) to 4.5 (excellent)."""
    if rated >= 100:
        return 4.5
    # The cubic dips below 1 for small ratings.
    return max(1 + 0.035 * rated + rated * (rated - 60) * (100 - rated) * 7e-6, 1.0)


def call_opinion(rtt_seconds: float, jitter_seconds: float, loss_ratio: float) -> float:
    """Return the estimated mean opinion score of a G.711 call; half the round trip is one way."""
    buffer_seconds = max(_BUFFER_PER_JITTER * jitter_seconds, _BUFFER_SECONDS_MIN)
    return opinion(rating(rtt_seconds / 2 + _CODEC_SECONDS + buffer_seconds, loss_ratio))


def call_quality(
    rtt_seconds: float, jitter_seconds: float, loss_ratio: float, loss_at_least: float
) -> CallQuality:
    """Return the verdict. Poor for losses takes proof: `loss_at_least` is the lower bound of the true ratio.

    One packet lost of eighteen would break the limit of 1 % by itself, and says little.
    """
    if any(
        found >= limit
        for found, limit in zip((rtt_seconds, jitter_seconds, loss_at_least), _POOR, strict=True)
    ):
        return CallQuality.POOR
    if all(
        found < limit for found, limit in zip((rtt_seconds, jitter_seconds, loss_ratio), _GOOD, strict=True)
    ):
        return CallQuality.GOOD
    return CallQuality.FAIR
