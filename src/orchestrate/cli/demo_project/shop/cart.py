"""The cart: items, and what they cost together. It never rounds before the end."""

from decimal import Decimal


def total(items: list[tuple[str, Decimal, int]]) -> Decimal:
    """The price of (name, price, count) items, in whole cents."""
    return sum((price * count for _, price, count in items), Decimal(0)).quantize(Decimal("0.01"))
