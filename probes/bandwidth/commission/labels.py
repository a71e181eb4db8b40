"""What a commissioning says about a test that was made since. Pure."""

from __future__ import annotations

from dataclasses import replace

from netmon import sdk
from probes.bandwidth.commission.instrument import Instrument
from probes.bandwidth.commission.path_test import bucket_of
from probes.bandwidth.commission.token_bucket import Bucket
from probes.bandwidth.layers import Layer
from probes.bandwidth.measured import Direction, Measured

# Between the bucket's two rates: nearer to the peak than this, a figure is one of a bucket that was full.
_ABOVE_SUSTAINED = 1.1


def ceiling_of(instrument: Instrument | None, method: str, direction: Direction) -> int | None:
    """Return what the instrument carries by a method, in bit/s of TCP; None: not measured."""
    return None if instrument is None else instrument.ceilings.get((method, direction))


def bucket_for(instrument: Instrument | None, direction: Direction, measured: Measured) -> Bucket | None:
    """Return the line's bucket: as it was learned, else as this test met it; None: none is known."""
    if instrument is not None and direction in instrument.learned:
        return instrument.buckets.get(direction)
    return bucket_of(measured)


def labelled(
    measured: Measured, instrument: Instrument | None, direction: Direction, bucket: Bucket | None
) -> Measured:
    """Return a test with the label `peak` where it is due.

    Trains have it until commissioning has learned that there is no bucket; any test has it that was faster
    than a bucket's sustained rate.
    """
    if bucket is not None:
        rate = measured.rate(Layer.IP)
        above = rate is not None and rate > _ABOVE_SUSTAINED * bucket.sustained_bits_per_second
        return replace(measured, peak=above)
    if instrument is not None and direction in instrument.learned:
        return replace(measured, peak=False)
    return measured


def described(instrument: Instrument | None, direction: Direction, bucket: Bucket | None) -> sdk.Json:
    """Return what a test's record says of the commissioning; None without one."""
    if instrument is None and bucket is None:
        return None
    return {
        "commission": instrument.id if instrument else None,
        "bucket_learned": instrument is not None and direction in instrument.learned,
        "bucket_peak_bits_per_second": bucket.peak_bits_per_second if bucket else None,
        "bucket_burst_bytes": bucket.burst_bytes if bucket else None,
        "bucket_sustained_bits_per_second": bucket.sustained_bits_per_second if bucket else None,
    }
