#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clock times in texts carry their zone: the tenant's, else that of this machine."""
import re
import unittest

from harness import Scenario, pool, state


class Zone(Scenario):
    def clocks(self, machine, tenant_extra=""):
        """What stands behind each time of day in the texts of the first message."""
        hook = self.hook()
        self.configure(self.graph(state(pool("a", 100, 101, waiting=2))), [hook], tenant_extra=tenant_extra)
        self.start(wrapper=["env", f"TZ={machine}"])
        message = self.wait_message(hook, "alert.firing")["data"]
        found = []
        for key in ("title", "summary", "description"):
            times = re.findall(r"(?<![+-])\b\d\d:\d\d\b(?: ([A-Z]+(?:[+-]\d\d:\d\d)?))?", message[key])
            self.assertTrue(times, message[key])
            found += times
        return set(found)

    def test_without_a_timezone_times_are_those_of_the_machine(self):
        self.assertEqual(self.clocks("Asia/Tokyo"), {"JST"})

    def test_the_tenant_s_timezone_comes_first(self):
        self.assertEqual(self.clocks("Asia/Tokyo", 'timezone = "Asia/Kolkata";'), {"IST"})

    def test_a_zone_without_letters_is_said_by_its_offset(self):
        self.assertEqual(self.clocks("UTC", 'timezone = "Etc/GMT-3";'), {"UTC+03:00"})


if __name__ == "__main__":
    unittest.main()
