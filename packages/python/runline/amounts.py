"""Amounts of USDC: whole for people, base units for contracts."""

import re
from decimal import Decimal

BASE_UNITS = 1_000_000


def usdc(amount: int | str | Decimal) -> int:
    """
    USDC in base units, as the client takes it, of whole USDC, such as `"12.5"` or `100`. Raises ValueError if it is no amount, or
    has more than six decimals.
    """
    if not re.fullmatch(r"\d+(\.\d{1,6})?", str(amount)):
        raise ValueError(f"{amount!r} is no amount of USDC: give whole USDC with at most 6 decimals, such as 12.5")
    return int(Decimal(str(amount)) * BASE_UNITS)


def format_usdc(amount: int | str) -> str:
    """Whole USDC as text, such as `12.5`, of base units."""
    whole, part = divmod(int(amount), BASE_UNITS)
    return f"{whole}.{part:06}".rstrip("0").rstrip(".")
