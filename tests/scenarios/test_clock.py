# SPDX-License-Identifier: MIT
"""Clocks: the wall clock jumps, and the machine sleeps. How both are played, and what is not: clocks.py."""
import contextlib
import re
import signal
import sqlite3
import time
import unittest

from clocks import HOUR, Clocks
from harness import pool, state
from signing import Pair

YEAR = 365 * 24 * HOUR


class Wrong(Clocks):
    """The wall clock jumps by years. Peers have the right time."""
    OF_THE_CLOCK = "wall clock jumped", "this machine's clock"

    def jump(self, years):
        """The next tick notices, within an interval."""
        said = self.stderr().count("wall clock jumped")
        self.wrong = years * YEAR
        self.set_clocks()
        self.wait(f"a jump to {years} years from now", lambda: self.stderr().count("wall clock jumped") > said)

    def two_more_polls(self, graph):
        polls = len(graph.requests("assignmentErrors"))
        self.wait("two more polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)

    def test_a_jump_says_so_and_nothing_else(self):
        hook, late = self.hook(), self.hook("late")
        late.answer([{"from": 1, "times": 1, "do": {"status": 503, "headers": {"Retry-After": "2"}}}])
        graph = self.graph(state(pool("p", 100, 100, waiting=3), pool("q", 100, 99)))
        self.configure(graph, [hook, late])
        self.start()
        self.wait("both alerts, and a receiver that wants a pause",
                  lambda: len(hook.messages()) == 2 and late.requests())
        for years in (-10, 10, 0):
            self.jump(years)
            self.two_more_polls(graph)
            self.wait("the retry at its time in spite of the clock", lambda: len(late.messages()) == 2)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.stderr().count("wall clock jumped"), 3, "each is said once")
        self.assertEqual(len(hook.requests()), 2, "a jump tells nobody anything")
        self.assertEqual(len(late.requests()), 3)
        self.assertEqual(self.loud("late", "longer than the interval", *self.OF_THE_CLOCK), [])

    def test_it_jumps_while_a_tenant_is_read_and_a_message_is_under_way(self):
        """To 1970, too: then no certificate is valid and reminders wait, but here is nothing of either."""
        hook, late = self.hook(), self.hook("late")
        hook.answer([{"do": {"delay_ms": 8000}}])
        late.answer([{"from": 1, "times": 1, "do": {"status": 503, "headers": {"Retry-After": "600"}}}])
        slow = [{"match": {"path": "allotments"}, "at": 2, "do": {"delay_ms": 9000}}]
        graph = self.graph(state(pool("p", 100, 100, waiting=3)), faults=slow)
        self.configure(graph, [hook, late])
        self.start()
        self.wait("a message under way, and a receiver that wants a pause", lambda: self.connected(hook.ready["url"]) and late.requests())
        self.wait("a tenant that is read slowly", lambda: len(graph.requests("assignmentErrors")) == 2)
        at = int(late.requests()[0]["headers"]["webhook-timestamp"])
        self.assertLess(abs(at - time.time()), 300)
        self.jump(10)
        self.assertEqual((len(graph.requests("allotments")), hook.requests()), (1, []), "both are still under way")
        for years in (-10, -56, 10):
            self.jump(years)
        self.wait_message(hook, "alert.firing")
        self.two_more_polls(graph)
        self.assertEqual(len(late.requests()), 1, "its pause lasts")
        self.sleep(601)
        first, second = self.wait("the retry", lambda: late.requests()[1:] and late.requests())
        self.assertLess(abs(int(second["headers"]["webhook-timestamp"]) - time.time() - self.wrong - self.slept), 300, "which is what this clock says")
        self.assertEqual((first["headers"]["webhook-id"], first["body"]), (second["headers"]["webhook-id"], second["body"]))
        self.assertEqual(self.stop(), 0)
        self.assertEqual((len(hook.requests()), len(late.requests())), (1, 2))
        self.assertEqual(self.loud("late", "longer than the interval", "within the interval", "clock is set now", *self.OF_THE_CLOCK), [])

    def test_a_statement_follows_the_wall_clock_and_its_refusal_says_how_far_that_is_off(self):
        graph, hook = self.graph(state(pool()), certificates=[self.pair().pem]), self.hook()
        self.configure(graph, [hook], interval="10m", tenant_extra=self.by_pair)
        self.config.write_text(re.sub(r'client_secret_file = "[^"]*";', "", self.config.read_text()))
        self.wrong = 50 * HOUR
        self.set_clocks()
        self.start()
        message = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertIn("AADSTS700024", message["next_step"])
        self.assertIn("this machine's clock is 2 days ahead of the sign-in service's", message["next_step"])
        said, = [r["assertion"] for r in graph.requests("oauth2")]
        self.assertLess(abs(said["nbf"] - time.time() - 50 * HOUR), 900)
        self.wrong = 0
        self.set_clocks()
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait_message(hook, "alert.resolved", rule="poll")
        self.assertEqual(self.stop(), 0)

    def pair(self):
        made = Pair(self.directory / "secrets", "app")
        self.canaries += made.plain.decode().split("\n")[1:3]
        self.by_pair = f'auth = "certificate"; certificate_file = "{made.certificate}"; private_key_file = "{made.key}";'
        return made


class Asleep(Clocks):
    def world(self, *states, hooks=("hook",), **more):
        with self.same_world():
            self.net = self.graph(*states, **more)
            return [self.hook(name) for name in hooks]

    def reads(self):
        return len(self.net.requests("assignmentErrors"))

    def wait_reads(self, n):
        self.wait(f"reading number {n}", lambda: self.reads() >= n)
        self.wait("its end", lambda: self.stderr().count("polled in ") >= n)

    def settled(self, receiver):
        """How many attempts have ended. A falling asleep before the end of one would be another story."""
        with contextlib.closing(sqlite3.connect(f"file:{self.directory}/state/seatwatchd.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(ended_at) FROM attempt JOIN outbox ON outbox.id = attempt.outbox WHERE receiver = ?",
                              (receiver,)).fetchone()[0]

    def test_after_hours_of_sleep_everything_happens_once_and_at_once(self):
        hook, late = self.world(state(pool("p", 100, 100, waiting=3)), hooks=("hook", "late"))
        late.answer([{"do": {"status": 503, "headers": {"Retry-After": "600"}}}])
        self.configure(self.net, [hook, late], interval="10m")
        self.start(wrapper=["env", "WATCHDOG_USEC=2000000", f"NOTIFY_SOCKET={self.directory}/nobody"])
        self.wait("the alert, and a receiver that wants a pause", lambda: hook.messages() and self.settled("late") == 1)
        for night in range(1, 4):
            self.sleep(7 * HOUR)
            self.wait_reads(1 + night)
            self.wait("the delivery that was due", lambda: self.settled("late") == 1 + night)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.reads(), 4, "one reading a night")
        self.assertEqual(len(late.requests()), 4, "one attempt a night")
        self.assertEqual(len({r["headers"]["webhook-id"] for r in late.requests()}), 1)
        self.assertEqual(len(hook.requests()), 1, "nobody is told anything")
        tokens = [r for r in self.net.requests() if r["endpoint"] == "token"]
        self.assertEqual(len(tokens), 4, "the token was over each time")
        self.assertEqual({r["status"] for r in self.net.requests()}, {200}, "and was not tried")
        self.assertEqual(self.loud("receiver late"), [])
        self.assertEqual(self.stderr().count("this machine slept for 25200 s"), 3)

    def test_a_reading_in_which_the_machine_slept_counts_for_nothing_and_is_begun_again(self):
        hook, = self.world(state(pool("p", 100, 50)),
                           faults=[{"match": {"path": "assignmentErrors"}, "at": 2, "do": {"delay_ms": 60000}}])
        self.configure(self.net, [hook], interval="10m")
        self.start()
        self.wait_reads(1)
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait("a reading under way", lambda: len(self.net.requests("allotments")) == 2)
        self.sleep(8 * HOUR)
        self.wait_reads(2)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(hook.requests(), [])
        self.assertEqual(self.loud(), [])
        self.assertEqual(len(self.net.requests("allotments")), 3, "all of it, not the rest")

    def test_what_is_old_after_a_sleep_is_told_only_if_it_cannot_be_read(self):
        """Two readings have failed when it falls asleep; the next one succeeds, and takes its time."""
        hook, = self.world(state(pool("p", 100, 100, waiting=3)), faults=[
            {"match": {"path": "allotments"}, "from": 2, "times": 2, "do": {"status": 404}},
            {"match": {"path": "allotments"}, "at": 4, "do": {"delay_ms": 2000}}])
        self.configure(self.net, [hook], interval="10m", tenant_extra='source = "cloud_licensing";',
                       extra='thresholds: { waiting = { warning = 1; for = "0s"; }; waiting_age = { critical = "1d"; for = "0s"; }; poll = { warning = "1h"; critical = "6h"; min_samples = 2; }; };\n')
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        for n in (2, 3):
            self.daemon.send_signal(signal.SIGUSR1)
            self.wait("a reading that fails", lambda: len(self.net.requests("allotments")) == n)
        self.wait("its end", lambda: "poll incomplete" in self.stderr())
        self.sleep(30 * HOUR)
        self.wait("the next one", lambda: self.stderr().count("polled in ") == 2)
        self.wait_message(hook, "alert.escalated", rule="waiting_age")
        self.assertEqual(self.stop(), 0)
        told = [(m["type"], m["data"]["rule"]) for m in hook.messages()]
        self.assertEqual(told, [("alert.firing", "waiting"), ("alert.escalated", "waiting_age")],
                         "neither an old reading nor what was to be repeated")

    def test_a_long_sleep_is_no_evidence_and_a_short_one_is_time_like_any_other(self):
        hook, = self.world(state(pool("p", 100, 99)))
        self.configure(self.net, [hook], interval="10m", extra='alerts: { for = "1h"; min_samples = 2; first_run = "each"; };\n')
        self.start()
        self.wait_reads(1)
        for n, nap in enumerate((8 * HOUR, 40 * 60, 8 * HOUR, 40 * 60), 2):
            self.sleep(nap)
            self.wait_reads(n)
            self.assertEqual(hook.requests(), [], n)
        self.sleep(40 * 60)
        self.wait_message(hook, "alert.firing")
        self.assertEqual(self.stop(), 0)
        self.assertEqual((len(hook.requests()), self.reads()), (1, 6))

    def test_a_delivery_in_which_the_machine_slept_ends_and_is_no_hang(self):
        hook, = self.world(state(pool("p", 100, 100, waiting=3)))
        hook.answer([{"from": 1, "times": 1, "do": {"delay_ms": 60000}}])
        self.configure(self.net, [hook], interval="10m")
        self.start(wrapper=["env", "WATCHDOG_USEC=2000000", f"NOTIFY_SOCKET={self.directory}/nobody"])
        self.wait_reads(1)
        self.wait("a delivery under way", lambda: self.connected(hook.ready["url"]))
        self.sleep(8 * HOUR)
        self.wait_message(hook, "alert.firing")
        self.assertEqual(self.stop(), 0)
        self.assertEqual(len({r["headers"]["webhook-id"] for r in hook.requests()}), 1)
        self.assertEqual(self.loud("receiver hook"), [])



if __name__ == "__main__":
    unittest.main()
