# SPDX-License-Identifier: MIT
"""Damage to the state database: it starts, goes on, and tells what may not have been told."""
import os
import sqlite3
import subprocess
import unittest

from harness import Scenario, pool, state

FULL = pool("full", 100, 100, waiting=3)


class Damage(Scenario):
    def database(self):
        return self.directory / "state/seatwatchd.db"

    def sql(self, *statements):
        db = sqlite3.connect(self.database(), isolation_level=None)
        for statement in statements:
            db.execute(statement)
        db.close()

    def destroy(self, first, length):
        with open(self.database(), "r+b") as file:
            file.seek(first)
            file.write(b"\xa5" * length)

    def told(self, hook):
        """type, severity or reason, and pool of what arrived; a story has no pool"""
        return [(m["type"].removeprefix("alert."), m["data"].get("reason") or m["data"]["severity"],
                 (m["data"].get("allotment") or {}).get("id")) for m in hook.messages()]

    def test_what_can_be_read_goes_on_quietly_and_one_message_says_what_happened(self):
        hook = self.hook()
        self.configure(self.graph(state(FULL)), [hook])
        self.once(expect=0)
        self.destroy(1024, 8192 - 1024)
        done = self.run_daemon("--once")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("damaged", done.stderr)
        self.assertEqual(self.told(hook), [("firing", "warning", "full"), ("digest", "state_lost", None)])
        story = hook.messages()[1]["data"]
        aside = [p for p in (self.directory / "state").iterdir() if ".damaged-" in p.name]
        self.assertEqual(len(aside), 1)
        self.assertIn(str(aside[0]), story["summary"])
        self.assertIn("Carried over: 1 alerts", story["summary"])
        self.assertEqual(self.run_daemon("--once").returncode, 0)
        self.assertEqual(len(hook.messages()), 2, "it is said once")

    def test_what_was_lost_fires_unmuted_criticals_singly_and_the_rest_in_a_digest(self):
        hook = self.hook()
        pools = [pool("c", 100, 100, waiting=30), pool("w1", 100, 100), pool("w2", 100, 100)]
        self.configure(self.graph(state(*pools)), [hook],
                       extra='scope = "allotment"; alerts: { for = "1h"; min_samples = 2; };\n')
        self.once()
        self.assertEqual([t[:2] for t in self.told(hook)], [("digest", "first_run")])
        self.destroy(0, self.database().stat().st_size)
        self.assertEqual(self.run_daemon("--once").returncode, 0)
        self.assertEqual(sorted(self.told(hook)[1:], key=str), sorted([
            ("digest", "state_lost", None), ("firing", "critical", "c"), ("digest", "state_lost", None)], key=str))
        digest = [m["data"] for m in hook.messages()[1:] if m["data"].get("alerts")]
        self.assertEqual({a["allotment"]["id"] for a in digest[0]["alerts"]}, {"w1", "w2"})

    def test_a_damaged_message_is_told_anew_from_its_alert(self):
        for damage in ("update outbox set episode = episode + 1 where state = 0", "update event set at = at + 1"):
            with self.subTest(damage):
                hook = self.hook("hook" + str(len(self.peers)))
                graph = self.graph(state(pool("full", 100, 100, waiting=30)), state(pool("full", 100, 10), poll=3))
                self.configure(graph, [hook])
                hook.answer([{"from": 1, "times": 100, "do": {"status": 503}}])
                self.once()
                hook.answer([])
                self.sql(damage, "delete from pause")
                self.assertEqual(self.run_daemon("--once").returncode, 0)
                told = [m["data"] for m in hook.messages() if m["type"] == "alert.firing"]
                self.assertEqual([(t["allotment"]["id"], t["episode"]) for t in told], [("full", 1)])
                self.once(expect=0)
                last = hook.messages()[-1]
                self.assertEqual((last["type"], last["data"]["alert_id"], last["data"]["episode"]),
                                 ("alert.resolved", told[0]["alert_id"], 1))
                subprocess.run(["rm", "-r", str(self.directory / "state")], check=True)

    def test_it_is_repaired_while_the_daemon_runs(self):
        hook = self.hook()
        graph = self.graph(state(FULL, pool("new", 100, 10)), state(FULL, pool("new", 100, 100, waiting=30), poll=1000))
        self.configure(graph, [hook], extra='scope = "allotment";')
        self.start()
        self.wait_message(hook, "alert.firing")
        self.sql("update meta set value = value where key = 'generation'", "pragma wal_checkpoint(truncate)")
        self.destroy(4096, self.database().stat().st_size - 4096)
        story = self.wait_message(hook, "alert.digest")
        self.assertEqual(story["data"]["reason"], "state_lost")
        graph.process.send_signal(10)  # SIGUSR1: the next state
        self.wait_message(hook, "alert.firing", severity="critical")
        self.assertEqual(self.told(hook)[0], ("firing", "warning", "full"))
        self.assertNotIn("resolved", [t[0] for t in self.told(hook)])
        self.assertEqual(self.stop(), 0)
        self.once(expect=0)
        self.assertNotIn("resolved", [t[0] for t in self.told(hook)])

    def test_what_is_no_regular_file_is_refused_by_name(self):
        self.configure(self.graph(state(FULL)))
        directory = self.directory / "state"
        directory.mkdir(mode=0o700)
        for name in ("seatwatchd.db", "seatwatchd.db-wal", "seatwatchd.lock"):
            os.mkfifo(directory / name)
            refused = self.run_daemon("--once", timeout=30)
            self.assertEqual(refused.returncode, 69)
            self.assertIn(f"{directory}/{name}: a FIFO", refused.stderr)
            self.assertIn("move it away", refused.stderr)
            (directory / name).unlink()


if __name__ == "__main__":
    unittest.main()
