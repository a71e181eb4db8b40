"""Numbers as people read them. Unknown is a word, never 0 and never blank."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

UNKNOWN = "not known"

_RATES = ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"), (1.0, "bit/s"))
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B"))
_SPANS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def _three_digits(number: float) -> str:
    """Return about three significant digits, without an exponent."""
    size = abs(number)
    decimals = 0 if size >= 99.95 or number == int(number) else 1 if size >= 9.995 else 2
    return f"{number:.{decimals}f}"


def _scaled(amount: float, units: tuple[tuple[float, str], ...]) -> str:
    # 0.9995: what would be rounded to 1000 of one unit is 1.00 of the next.
    factor, unit = next(((f, u) for f, u in units if abs(amount) >= f * 0.9995), units[-1])
    return f"{_three_digits(amount / factor)} {unit}"


def number(value: float) -> str:
    """Return a plain number with about three significant digits: "21.5", "1,480", "0.0069"."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    if abs(value) >= 1:
        return _three_digits(round(value, 2))
    return f"{round(value, 4) + 0.0:.4f}".rstrip("0").rstrip(".")


def watts(power_watts: float | None) -> str:
    """Return "15.4 W"."""
    return UNKNOWN if power_watts is None else f"{number(power_watts)} W"


def bit_rate(bits_per_second: float | None) -> str:
    """Return "93.4 Mbit/s"."""
    return UNKNOWN if bits_per_second is None else _scaled(bits_per_second, _RATES)


def size(size_bytes: float | None) -> str:
    """Return "1.24 GB"."""
    return UNKNOWN if size_bytes is None else _scaled(size_bytes, _SIZES)


def duration(seconds: float | None) -> str:
    """Return "12.3 ms", or "1.50 s" from a second on."""
    if seconds is None:
        return UNKNOWN
    return f"{_three_digits(seconds)} s" if seconds >= 0.9995 else f"{_three_digits(seconds * 1000)} ms"


def span(seconds: float | None) -> str:
    """Return an age or an uptime in its one or two largest units: "2 h 5 min", "25 min"."""
    if seconds is None:
        return UNKNOWN
    left, parts = max(0, round(seconds)), list[str]()
    for factor, unit in _SPANS:
        amount, left = divmod(left, factor)
        if amount or parts:
            parts.append(f"{amount} {unit}" if amount else "")
        if len(parts) == 2 or (parts and unit != "d" and amount >= 10):
            break
    return " ".join(part for part in parts if part) or "0 s"


def share(ratio: float | None) -> str:
    """Return "37 %", with one decimal under ten percent."""
    if ratio is None:
        return UNKNOWN
    percent = ratio * 100
    return f"{percent:.0f} %" if percent >= 9.95 or percent == 0 else f"{percent:.1f} %"


def frequency(per_second: float | None) -> str:
    """Return how often something happens: "0", "12.5/s", or "3.00/h" when it is rare."""
    if per_second is None:
        return UNKNOWN
    if per_second == 0:
        return "0"
    for factor, unit in ((1, "s"), (60, "min"), (3600, "h")):
        if per_second * factor >= 0.995:
            return f"{_three_digits(per_second * factor)}/{unit}"
    return "under 1/h"


def count(number: int | None) -> str:
    """Return "12,345"."""
    return UNKNOWN if number is None else f"{number:,}"


def moment(when: datetime | None, now: datetime) -> str:
    """Return the time of day in `now`'s time zone; with the date when it is not the same day."""
    if when is None:
        return UNKNOWN
    local = when.astimezone(now.tzinfo)
    if local.date() == now.date():
        return local.strftime("%H:%M:%S")
    year = "" if abs(now - local) < timedelta(days=300) else local.strftime(" %Y")
    return f"{local.day} {local.strftime('%b')}{year} {local.strftime('%H:%M')}"


def rfc3339(when: datetime) -> str:
    """Return UTC with milliseconds and a Z (RFC 3339 §5.6)."""
    utc = when.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03d}Z"
