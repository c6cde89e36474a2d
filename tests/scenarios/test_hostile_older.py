# SPDX-License-Identifier: MIT
"""Hostile answers of the older source: subscribedSkus and its next page, directory/subscriptions, licenseDetails and the
application's own entry."""
import unittest

from hostile_attack import Attack
from hostile_table import OLDER


class Older(Attack):
    source = "subscribed_skus"

    def test_nothing_is_raised_and_nothing_ends(self):
        self.begin(7, OLDER)
        self.attack("subscribedSkus")
        self.attack("subscribedSkus next")
        self.attack("subscriptions", "licenseDetails of users", "application")
        self.end()


if __name__ == "__main__":
    unittest.main()
