# SPDX-License-Identifier: MIT
"""Silences and acknowledgements through the control socket: what receivers hear, also after kill -9."""
import json
import signal
import sqlite3
import subprocess
import unittest

from harness import Scenario, pool, scenario, state

FULL = state(pool("a", 100, 95))
WORSE = state(pool("a", 100, 101))
CLEAR = state(pool("a", 100, 1))


class Silences(Scenario):
    def open(self, *states):
        self.told = self.hook()
        self.peer = self.graph(*states)
        self.configure(self.peer, [self.told])
        self.begin()

    def begin(self):
        before = self.stderr().count("has started")
        self.start()
        self.wait("the start", lambda: self.stderr().count("has started") > before)

    def kill(self):
        self.stop(signal.SIGKILL)
        self.begin()

    def call(self, method, path, body=None):
        done = subprocess.run(["curl", "-s", "-f", "--max-time", "60", "--unix-socket", self.directory / "control.sock", "-X", method,
                               *(["-H", "Content-Type: application/json", "-d", json.dumps(body)] if body else []),
                               f"http://localhost{path}"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def silenced(self):
        with sqlite3.connect(self.directory / "state/seatwatchd.db") as db:
            return db.execute("SELECT count(*) FROM alert WHERE state = 'firing' AND silenced_at > 0").fetchone()[0]

    def types(self):
        return [m["type"] for m in self.told.messages()]

    def test_a_silence_survives_kills_and_is_followed_by_what_is_due(self):
        self.open(CLEAR)
        identity = self.call("POST", "/v1/silences", {"match": {"tenant": "contoso"}, "for": "2h", "author": "ann",
                                                      "comment": "move"})["id"]
        self.kill()
        self.peer.change(scenario(FULL))
        self.wait("the alert is silenced", self.silenced)
        self.kill()
        self.assertEqual(self.types(), [])
        self.call("DELETE", f"/v1/silences/{identity}")
        told = self.wait_message(self.told, "alert.firing")["data"]
        self.assertEqual((told["detail"], told["silenced"]), ({"reason": "unsilenced"}, False))

    def test_an_acknowledgement_is_told_and_ends_when_the_alert_gets_worse(self):
        self.open(FULL)
        alert = self.wait_message(self.told, "alert.firing")["data"]["alert_id"]
        self.call("POST", f"/v1/alerts/{alert}/acknowledgement", {"author": "ann", "comment": "ordered"})
        self.kill()
        told = self.wait_message(self.told, "alert.acknowledged", alert_id=alert)["data"]
        self.assertEqual((told["acknowledged"], told["silenced"]), ({"author": "ann", "comment": "ordered", "until": None}, True))
        self.peer.change(scenario(WORSE))
        told = self.wait_message(self.told, "alert.escalated", alert_id=alert)["data"]
        self.assertEqual((told["acknowledged"], told["silenced"]), (None, False))
        self.wait("the acknowledgement is removed", lambda: self.call("GET", "/v1/silences")["silences"] == [])

    def test_an_acknowledged_loss_of_capacity_is_the_new_normal(self):
        self.open(state(pool("a", 100, 40)), state(pool("a", 80, 40), poll=3))
        alert = self.wait_message(self.told, "alert.firing", rule="capacity_drop")["data"]["alert_id"]
        self.call("POST", f"/v1/alerts/{alert}/acknowledgement", {"author": "ann", "comment": "fewer people"})
        told = self.wait_message(self.told, "alert.resolved", alert_id=alert)["data"]
        self.assertEqual(told["detail"]["reason"], "acknowledged")
        self.assertEqual(self.types(), ["alert.firing", "alert.acknowledged", "alert.resolved"])


if __name__ == "__main__":
    unittest.main()
