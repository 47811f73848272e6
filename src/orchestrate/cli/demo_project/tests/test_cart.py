"""What a cart costs."""

import unittest
from decimal import Decimal

from shop.cart import total


class Cart(unittest.TestCase):
    """Prices add up, and are rounded once."""

    def test_an_empty_cart_is_free(self) -> None:
        self.assertEqual(total([]), Decimal("0.00"))

    def test_counts_multiply(self) -> None:
        self.assertEqual(total([("lamp", Decimal("19.90"), 2)]), Decimal("39.80"))

    def test_cents_are_rounded_once(self) -> None:
        self.assertEqual(total([("nail", Decimal("0.004"), 5)]), Decimal("0.02"))


if __name__ == "__main__":
    unittest.main()
