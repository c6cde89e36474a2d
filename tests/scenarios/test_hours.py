# SPDX-License-Identifier: MIT
"""Hours of a route: what is held back outside them, and the one digest when they begin."""
import datetime
import signal
import sqlite3
import unittest
import zoneinfo

from harness import E3, Scenario, pool, scenario, state

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ZONE = "Pacific/Auckland"


def closed():
    """Hours of one day that is neither today nor next to it, whatever the tests do at midnight."""
    today = datetime.datetime.now(zoneinfo.ZoneInfo(ZONE)).weekday()
    return f"{DAYS[(today + 3) % 7]} 00:00-24:00"


class Hours(Scenario):
    def night(self, *states):
        """The hook is outside its hours, the other receiver keeps none; they are told of the same."""
        hook, always = self.hook(), self.hook("always")
        graph = self.graph(*states)
        self.configure(graph, [hook, always], tenant_extra=f'timezone = "{ZONE}";', extra=(
            f'routes = ( {{ to = [ "hook" ]; hours = "{closed()}"; continue = true; }}, {{ to = [ "always" ]; }} );\n'))
        self.start()
        return hook, always

    def morning(self):
        self.config.write_text(self.config.read_text().replace(closed(), "Mon-Sun 00:00-24:00"))
        self.daemon.send_signal(signal.SIGHUP)

    def held(self):
        with sqlite3.connect(self.directory / "state/seatwatchd.db") as db:
            return db.execute("SELECT count(*) FROM held").fetchone()[0]

    def test_a_night_becomes_one_digest_of_what_is_still_open_and_its_end_is_told(self):
        full, other = pool("a", 100, 101), pool("b", 100, 101, sku=E3, part="SPE_E3")
        hook, always = self.night(state(full, other))
        self.wait("both are told elsewhere", lambda: len(always.messages()) >= 2)
        self.assertEqual(self.held(), 2)
        self.peers[-1].change(scenario(state(pool("a", 100, 101), pool("b", 100, 1, sku=E3, part="SPE_E3"))))
        self.wait_message(always, "alert.resolved")
        self.assertEqual(self.held(), 1)
        self.assertEqual(hook.requests(), [], "nothing at night, not even what ended")
        self.stop()
        polls = self.stderr().count("polled in")
        self.start()  # a restart in the night loses nothing and tells nothing
        self.wait("it reads again", lambda: self.stderr().count("polled in") > polls)
        self.assertEqual(hook.requests(), [])
        self.morning()
        digest = self.wait_message(hook, "alert.digest")["data"]
        self.assertEqual((digest["reason"], digest["part"], digest["parts"]), ("held", 1, 1))
        self.assertEqual([(a["allotment"]["id"], a["state"]) for a in digest["alerts"]], [("a", "firing")])
        self.assertEqual(self.held(), 0)
        self.peers[-1].change(scenario(state(pool("a", 100, 1), pool("b", 100, 1, sku=E3, part="SPE_E3"))))
        end = self.wait_message(hook, "alert.resolved")["data"]
        self.assertEqual(end["alert_id"], digest["alerts"][0]["alert_id"])
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.digest", "alert.resolved"])

    def test_hours_that_are_none_are_refused_with_their_line(self):
        self.night(state(pool("a", 100, 50)))
        self.stop()
        self.config.write_text(self.config.read_text().replace(closed(), "Mon-Fri 7-19"))
        refused = self.run_daemon("--check-config")
        self.assertEqual(refused.returncode, 78)
        line = self.config.read_text().split("Mon-Fri 7-19")[0].count("\n") + 1
        self.assertIn(f"seatwatchd.conf:{line}: ", refused.stderr)
        self.assertIn('write such as "Mon-Fri 07:00-19:00"', refused.stderr)


if __name__ == "__main__":
    unittest.main()
