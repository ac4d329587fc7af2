"""How figures are spelled on the pages: one function a kind of quantity.

What is not known is `unknown`, never 0 and never an empty cell.
"""

import datetime

UNKNOWN = "unknown"
_MINUS = "\N{MINUS SIGN}"


def fixed(value: float, decimals: int = 1) -> str:
    """A number with so many decimals, a true minus sign, and no negative zero."""
    text = f"{value:,.{decimals}f}"
    negative_zero = text.startswith("-") and not text.strip("-0.,")
    return text.removeprefix("-") if negative_zero else text.replace("-", _MINUS)


def signed(value: float, decimals: int = 1) -> str:
    """A difference: its sign is always shown, but for zero."""
    text = fixed(value, decimals)
    return f"+{text}" if value > 0 and text.strip("0.,") else text


def significant(value: float) -> str:
    """About three significant digits without an exponent; a tiny amount is not rounded to zero."""
    if value == 0:
        return "0"
    if abs(value) < 0.0005:
        return "< 0.001"
    decimals = next((d for limit, d in ((100, 0), (10, 1), (1, 2)) if abs(value) >= limit), 3)
    return fixed(value, decimals)


def hours(seconds: float) -> str:
    """Seconds as hours, without the unit."""
    return significant(seconds / 3600)


def dollars(value: float) -> str:
    """US dollars; cents, or more digits where cents would hide the amount."""
    if 0 < value < 0.00005:
        return "< $0.0001"
    return f"${value:,.4f}" if 0 < value < 0.1 else f"${value:,.2f}"


def joules(value: float) -> str:
    """Energy with its unit."""
    for scale, unit in ((1e9, "GJ"), (1e6, "MJ"), (1e3, "kJ")):
        if value >= scale:
            return f"{significant(value / scale)} {unit}"
    return f"{significant(value)} J"


def count(value: int) -> str:
    """A whole number with thousands separated."""
    return f"{value:,}"


def p_value(value: float) -> str:
    """A p-value, with its relation."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def level(value: float) -> str:
    """A nominal coverage, as `95 %`."""
    return f"{100 * value:g} %"


def date(moment: datetime.datetime) -> str:
    """The day of a moment, UTC."""
    return moment.astimezone(datetime.UTC).date().isoformat()


def moment(value: datetime.datetime) -> str:
    """A moment to the second, UTC."""
    return value.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def plural(number: int, noun: str, many: str | None = None) -> str:
    """`1 model`, `2 models`."""
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def seconds_text(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "unknown"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{seconds / 3600:.1f} h"


def usd_text(value: float | None) -> str:
    """Dollars for people: cents, and enough digits to see amounts below one."""
    if value is None:
        return "unknown"
    return f"${value:.2f}" if value >= 1 else f"${value:.4f}"
