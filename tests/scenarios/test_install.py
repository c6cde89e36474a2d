# SPDX-License-Identifier: MIT
"""cmake --install with another prefix: what is installed knows where it lies."""
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT


class Install(unittest.TestCase):
    def install(self, prefix):
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True)
        return (pathlib.Path(prefix) / "lib/systemd/system/seatwatchd.service").read_text()

    def test_the_unit_starts_the_program_of_its_prefix(self):
        shipped = (ROOT / "units/seatwatchd.service").read_text()
        with tempfile.TemporaryDirectory() as place:
            unit = self.install(place)
            program = f"{place}/sbin/seatwatchd"
            self.assertTrue(pathlib.Path(program).exists())
            self.assertEqual(unit, shipped.replace("/usr/sbin/seatwatchd", program))
            self.assertEqual(re.search(r"^ExecStart=(\S+)", unit, re.M)[1], program)
            self.assertNotIn("/usr/sbin/seatwatchd", unit)


if __name__ == "__main__":
    unittest.main()
