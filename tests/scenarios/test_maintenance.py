# SPDX-License-Identifier: MIT
"""Maintenance windows: what they hold back, what breaks them, what follows them, also after kill -9."""
import datetime
import signal
import sqlite3
import unittest

from harness import Scenario, pool, scenario, state

FULL = state(pool("a", 100, 95))
WORSE = state(pool("a", 100, 101))
CLEAR = state(pool("a", 100, 1))


def days(n):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=n)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Maintenance(Scenario):
    def window(self, *states, more=""):
        """A daemon in the middle of a window of two days."""
        hook = self.hook()
        self.text = (f'maintenance = ( {{ name = "move"; match = {{ tenant = "contoso"; }}; from = "{days(-1)}"; '
                     f'until = "{days(1)}"; {more} }} );\n')
        graph = self.graph(*states)
        self.configure(graph, [hook], extra=self.text)
        self.start()
        return graph, hook

    def silenced(self):
        with sqlite3.connect(self.directory / "state/seatwatchd.db") as db:
            return db.execute("SELECT count(*) FROM alert WHERE state = 'firing' AND silenced_at > 0").fetchone()[0]

    def wait_silenced(self, n=1):
        database = self.directory / "state/seatwatchd.db"
        self.wait(f"{n} alerts are silenced",
                  lambda: database.exists() and "polled in" in self.stderr() and self.silenced() == n)

    def end(self):
        self.config.write_text(self.config.read_text().replace(self.text, ""))
        self.daemon.send_signal(signal.SIGHUP)

    def test_an_alert_in_a_window_is_told_after_it_also_after_a_kill(self):
        graph, hook = self.window(FULL)
        self.wait_silenced()
        self.stop(signal.SIGKILL)
        polls = self.stderr().count("polled in")
        self.start()
        self.wait("two more polls", lambda: self.stderr().count("polled in") >= polls + 2)
        self.assertEqual(hook.requests(), [])
        self.end()
        told = self.wait_message(hook, "alert.firing")["data"]
        self.assertEqual((told["severity"], told["detail"]), ("warning", {"reason": "unsilenced"}))
        self.assertFalse(told["silenced"])
        graph.change(scenario(CLEAR))
        self.wait_message(hook, "alert.resolved", alert_id=told["alert_id"])
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.resolved"])

    def test_an_alert_that_gets_worse_breaks_the_window_until_it_is_clear(self):
        graph, hook = self.window(FULL)
        self.wait_silenced()
        self.stop(signal.SIGKILL)  # what it was when it was silenced is remembered
        graph.change(scenario(WORSE))
        self.start()
        told = self.wait_message(hook, "alert.firing")["data"]
        self.assertEqual((told["severity"], told["detail"]), ("critical", None))
        graph.change(scenario(CLEAR))
        self.wait_message(hook, "alert.resolved")
        graph.change(scenario(FULL))
        self.wait_silenced()
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.resolved"])

    def test_a_window_that_holds_is_not_broken_and_many_alerts_after_it_share_a_digest(self):
        pools = [pool(f"p{i}", 100, 95) for i in range(5)]
        graph, hook = self.window(state(*pools), more="hold = true;")
        self.wait_silenced(5)
        graph.change(scenario(state(*[pool(f"p{i}", 100, 101) for i in range(5)])))

        def critical():
            with sqlite3.connect(self.directory / "state/seatwatchd.db") as db:
                return db.execute("SELECT count(*) FROM alert WHERE level = 'critical'").fetchone()[0]
        self.wait("all are critical", lambda: critical() == 5)
        self.assertEqual(hook.requests(), [])
        self.end()
        digest = self.wait_message(hook, "alert.digest")["data"]
        self.assertEqual((digest["reason"], len(digest["alerts"])), ("unsilenced", 5))

    def test_once_says_that_a_silenced_alert_was_not_notified(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook], extra=(
            f'maintenance = ( {{ name = "move"; match = {{ tenant = "contoso"; }}; from = "{days(-1)}"; '
            f'until = "{days(1)}"; }} );\n'))
        alert, = self.once(expect=0)["alerts"]
        self.assertEqual((alert["state"], alert["notified"]), ("firing", False))
        self.assertEqual(hook.requests(), [])


if __name__ == "__main__":
    unittest.main()
