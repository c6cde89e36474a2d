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
        units = pathlib.Path(prefix) / "lib/systemd/system"
        return [(units / f"{name}.service").read_text() for name in ("seatwatchd", "seatwatchd@")]

    def test_the_units_start_the_programs_of_their_prefix(self):
        shipped = (ROOT / "units/seatwatchd.service").read_text()
        with tempfile.TemporaryDirectory() as place:
            unit, template = self.install(place)
            programs = {"/usr/sbin/seatwatchd": f"{place}/sbin/seatwatchd", "/usr/bin/seatwatchctl": f"{place}/bin/seatwatchctl"}
            for old, new in programs.items():
                self.assertTrue(pathlib.Path(new).exists())
                shipped = shipped.replace(old, new)
            self.assertEqual(unit, shipped)
            for text in (unit, template):
                self.assertEqual(re.findall(r"^Exec(?:Start|Reload)=\+?(\S+)", text, re.M), list(programs.values()))
                self.assertNotIn("/usr/sbin/seatwatchd", text)


if __name__ == "__main__":
    unittest.main()
