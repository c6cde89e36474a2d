# SPDX-License-Identifier: MIT
"""A few databases with flipped bits; flips.py by itself tries thousands."""
import os
import unittest

import flips

IMAGES = int(os.environ.get("FLIPS_IMAGES", "8"))
SEED = int(os.environ.get("FLIPS_SEED", int.from_bytes(os.urandom(4), "little")))


class TestFlips(flips.Flips):
    def test_it_starts_and_everything_is_told(self):
        print(f"FLIPS_SEED={SEED}", flush=True)
        self.prepare()
        for bits in (1, 16, 200):
            tally, wrong = flips.run(self, IMAGES, bits, SEED)
            self.assertEqual(wrong, [], tally)


del flips.Flips.runTest

if __name__ == "__main__":
    unittest.main()
