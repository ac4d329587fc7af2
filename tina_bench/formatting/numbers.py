"""How figures are printed, on pages and in terminals: one function per kind of quantity.

What is not known is `unknown` or `–`, never 0.
"""

import datetime

UNKNOWN = "unknown"
NONE = "–"
"""In a cell of a table in a terminal, where there is no figure."""
GIB = 1024**3
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


def round_dollars(value: float) -> str:
    """US dollars at a tick of an axis: whole from one dollar on."""
    return f"${value:,.0f}" if value >= 1 else dollars_as_given(value)


def dollars_as_given(value: float) -> str:
    """US dollars that others stated, with no more digits than they gave."""
    return f"${value:g}"


def estimated(value: float) -> str:
    """A figure of an estimate, which deserves few digits."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{decimals}f}"


def estimated_dollars(value: float) -> str:
    """Estimated dollars without their sign; four decimals where two would hide the amount."""
    return estimated(value) if value >= 0.1 or value == 0 else f"{value:.4f}"


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
    """A p-value on a page, with its relation."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def p_cell(value: float | None) -> str:
    """A p-value in a cell of a table: two significant digits, and `–` where there is none."""
    if value is None:
        return NONE
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def p_text(value: float) -> str:
    """A p-value in a sentence, with its relation: two significant digits."""
    figure = p_cell(value)
    return f"p {figure}" if figure.startswith("<") else f"p = {figure}"


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
    """A duration with its unit; seconds, minutes or hours by its size."""
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{seconds / 3600:.1f} h"


def usd_text(value: float | None) -> str:
    """Dollars in a terminal: cents, and four decimals for amounts below one."""
    if value is None:
        return UNKNOWN
    return f"${value:.2f}" if value >= 1 else f"${value:.4f}"


def gib_text(size_bytes: float, decimals: int = 2) -> str:
    """A size in GiB, with the unit."""
    return f"{size_bytes / GIB:.{decimals}f} GiB"


def short_digest(value: str | None) -> str:
    """The first twelve digits of a hash; `–` where there is none."""
    return NONE if value is None else value.removeprefix("sha256:")[:12]
