# SPDX-License-Identifier: MIT
"""Nothing is lost and nothing is told twice: restarts, kills, receivers that are down, disks that
cannot be written, a second instance."""
import collections
import os
import signal
import subprocess
import unittest

from harness import BUILD, E3, Scenario, pool, state

FULL = state(pool(allotted=100, consumed=100, waiting=3))


class Durable(Scenario):
    def test_a_restart_alone_says_nothing(self):
        hook = self.hook()
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        for _ in range(3):
            self.start()
            self.wait_message(hook, "alert.firing")
            polls = len(graph.requests("assignmentErrors"))
            self.wait("two more polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
            self.assertEqual(self.stop(), 0)
        self.assertEqual(len(hook.requests()), 1)

    def test_a_kill_at_any_moment_loses_nothing_and_repeats_at_most_one_id(self):
        hook = self.hook()
        many = [state(*[pool(f"p{n}", 100, 100 if (n + turn) % 2 else 10, waiting=0) for n in range(6)], poll=1 + 2 * turn) for turn in range(12)]
        graph = self.graph(*many)
        self.configure(graph, [hook], extra='scope = "allotment";')
        text = self.config.read_text().replace('first_run = "each";', 'first_run = "each"; flap = { pairs = 10; };')
        self.config.write_text(text)
        kills = 0
        for kills in range(1, 9):
            self.start()
            have = len(hook.requests())
            self.wait("a delivery to interrupt", lambda: len(hook.requests()) > have)
            self.stop(signal.SIGKILL)
        self.start()
        self.wait("the story's end", lambda: len(graph.requests("assignmentErrors")) > 26, 60)
        self.assertEqual(self.stop(), 0)
        ids = collections.Counter(r["headers"]["webhook-id"] for r in hook.requests())
        bodies = {(r["headers"]["webhook-id"], r["body"]) for r in hook.requests()}
        self.assertEqual(len(bodies), len(ids), "the same id with another body")
        self.assertLessEqual(sum(n - 1 for n in ids.values()), kills)
        order = collections.defaultdict(list)
        for m in hook.messages():
            order[m["data"]["alert_id"]].append((m["data"]["episode"], m["data"]["seq"], m["type"]))
        for events in order.values():
            self.assertEqual(events, sorted(events, key=lambda e: e[:2]))
            kinds = [k for i, (_, seq, k) in enumerate(events) if seq not in [s for _, s, _ in events[:i]]]
            self.assertEqual(kinds, (["alert.firing", "alert.resolved"] * len(kinds))[:len(kinds)])

    def test_a_receiver_that_is_down_gets_the_same_id_and_bytes_later(self):
        hook = self.hook()
        hook.answer([{"from": 1, "times": 1, "do": {"status": 503, "headers": {"Retry-After": "1"}}}])
        self.configure(self.graph(FULL), [hook])
        self.start()
        self.wait_message(hook, "alert.firing")
        first, second = hook.requests()[:2]
        self.assertEqual((first["status"], second["status"]), (503, 200))
        self.assertEqual(first["headers"]["webhook-id"], second["headers"]["webhook-id"])
        self.assertEqual(first["body"], second["body"])

    def test_one_receiver_does_not_wait_for_another(self):
        slow, quick = self.hook("slow"), self.hook("quick")
        slow.answer([{"from": 1, "times": 100, "do": {"delay_ms": 40000}}])
        self.configure(self.graph(FULL), [slow, quick])
        self.start()
        self.wait_message(quick, "alert.firing", seconds=14)
        self.assertEqual(self.stop(), 0)

    def test_a_redirect_is_no_delivery(self):
        hook, other = self.hook("hook"), self.hook("other")
        hook.answer([{"from": 1, "times": 1, "do": {"redirect": other.ready["url"]}}])
        self.configure(self.graph(FULL), [hook])
        report = self.once(expect=1)
        self.assertEqual(report["deliveries"], {"delivered": 0, "pending": 1, "failed": 0})
        self.assertEqual(other.requests(), [])

    def test_gone_parks_and_the_fallback_hears_of_it(self):
        hook, other = self.hook("hook"), self.hook("other")
        hook.answer([{"from": 1, "times": 100, "do": {"status": 410}}])
        self.configure(self.graph(FULL), [hook, other], extra='routes = ( { to = ["hook"]; } ); fallback = ["other"];')
        self.start()
        told = self.wait_message(other, "alert.firing", rule="delivery")["data"]
        self.assertEqual(told["detail"]["receiver"], "hook")
        self.assertEqual(told["detail"]["parked"], 1)

    def reload(self):
        done = subprocess.run([BUILD / "daemon/seatwatchctl", "--socket", self.directory / "control.sock", "reload"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_reload_ends_no_alert_about_a_receiver_that_still_refuses(self):
        hook, other = self.hook("hook"), self.hook("other")
        hook.answer([{"do": {"status": 410}}])
        self.configure(self.graph(FULL), [hook, other], extra='routes = ( { to = ["hook"]; } ); fallback = ["other"];')
        self.start()
        self.wait_message(other, "alert.firing", rule="delivery")
        hook.answer([{"do": {"status": 401}}])
        tried = len(hook.requests())
        self.reload()
        self.wait("another attempt", lambda: len(hook.requests()) > tried)
        self.reload()
        self.assertEqual([m["type"] for m in other.messages()], ["alert.firing"])
        hook.answer([])
        self.wait_message(hook, "alert.firing")
        self.reload()
        self.wait_message(other, "alert.resolved", rule="delivery")
        self.assertEqual(self.stop(), 0)

    def test_a_second_instance_names_the_first(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        self.start()
        self.wait_message(hook, "alert.firing")
        second = self.run_daemon("--once")
        self.assertEqual(second.returncode, 75)
        self.assertIn(str(self.daemon.pid), second.stderr)
        self.assertEqual(self.run_daemon("--once", "--dry-run").returncode, 0)

    def test_state_directories_that_cannot_be_used_are_named_with_a_fix(self):
        self.configure(self.graph(FULL))
        directory = self.directory / "state"
        directory.mkdir(mode=0o700)
        os.chmod(directory, 0o777)
        refused = self.run_daemon("--once")
        self.assertEqual(refused.returncode, 69)
        self.assertIn(str(directory), refused.stderr)
        self.assertIn("chmod", refused.stderr)
        os.chmod(directory, 0o700)
        self.config.write_text(self.config.read_text())
        missing = subprocess.run([*self.argv("--once")[:3], "--state-dir", str(self.directory / "no/such"), "--once"], capture_output=True, text=True)
        self.assertEqual(missing.returncode, 69)

    def test_a_row_that_does_not_add_up_is_set_aside_and_said(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        self.once(expect=0)
        subprocess.run(["sqlite3", str(self.directory / "state/seatwatchd.db"), "update alert set episode = episode + 1"], check=True)
        done = self.run_daemon("--once")
        self.assertIn("set aside in the table quarantine", done.stderr)
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.digest", "alert.digest"],
                         "it fires anew, and a message says why; nothing is guessed")
        self.assertEqual(hook.messages()[2]["data"]["alerts"][0]["allotment"]["id"], "pool-1")

    def test_a_newer_schema_is_left_alone(self):
        self.configure(self.graph(FULL))
        self.once()
        database = str(self.directory / "state/seatwatchd.db")
        subprocess.run(["sqlite3", database, "PRAGMA user_version=999; update meta set value=999 where key='schema'"], check=True)
        self.assertEqual(self.run_daemon("--once").returncode, 69)
        version = subprocess.run(["sqlite3", database, "PRAGMA user_version"], check=True, capture_output=True, text=True)
        self.assertEqual(version.stdout.strip(), "999")

    def test_a_full_disk_is_said_and_heals_without_a_restart(self):
        hook = self.hook()
        graph = self.graph(state(pool("p", 100, 10)), state(pool("p", 100, 99), poll=4))
        self.configure(graph, [hook])
        small = self.directory / "state"
        small.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small])
        self.start()
        self.wait("a first poll", lambda: graph.requests("assignmentErrors"))
        ballast = small / "ballast"
        with open(ballast, "wb", buffering=0) as f, self.assertRaises(OSError):
            while True:
                f.write(b"\0" * 4096)
        self.wait("it names the message that it cannot record", lambda: "not recorded: " in self.stderr())
        self.assertIn("cannot be written", self.stderr())
        self.assertEqual(hook.requests(), [])
        ballast.unlink()
        self.wait_message(hook, "alert.firing")
        self.stop()
        self.assertEqual(self.stderr().count("not recorded: "), 1, "once, however often it was tried")
        self.assertIn("messages that were not recorded meanwhile: 1", self.stderr())

    def test_sigterm_ends_within_five_seconds_while_a_receiver_hangs(self):
        hook = self.hook()
        hook.answer([{"from": 1, "times": 100, "do": {"delay_ms": 30000}}])
        self.configure(self.graph(FULL), [hook])
        self.start()
        self.wait("the message is on its way", lambda: self.outbox("attempts > 0"))
        self.assertEqual(self.stop(), 0)

    def test_a_resolved_that_was_never_told_to_fire_is_one_message(self):
        hook = self.hook()
        graph = self.graph(FULL, state(pool("pool-1", 100, 10), poll=3))
        self.configure(graph, [hook])
        url = self.directory / "secrets/hook.url"
        port = hook.ready["url"].rsplit(":", 1)[1]
        good = url.read_text()
        url.write_text(good.replace(port, "1", 1) if port != "1" else good)
        self.start()
        self.wait("the end of the episode", lambda: len(graph.requests("assignmentErrors")) >= 4)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(hook.requests(), [])
        self.assertLessEqual(self.outbox(), 2)

    def outbox(self, where="1"):
        """Rows of the outbox; 0 while there is none yet."""
        rows = subprocess.run(["sqlite3", "-readonly", str(self.directory / "state/seatwatchd.db"),
                               f"select count(*) from outbox where {where}"], capture_output=True, text=True)
        return int(rows.stdout or 0)

    def test_pools_of_another_sku_keep_their_own_order(self):
        hook = self.hook()
        self.configure(self.graph(state(pool("a", 100, 99), pool("b", 100, 99, sku=E3, part="SPE_E3"))), [hook])
        self.assertEqual(self.once(expect=0)["deliveries"]["delivered"], 2)
        self.assertEqual({m["data"]["allotment"]["id"] for m in hook.messages()}, {"a", "b"})


if __name__ == "__main__":
    unittest.main()
