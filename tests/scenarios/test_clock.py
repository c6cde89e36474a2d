# SPDX-License-Identifier: MIT
"""Clocks: the wall clock jumps, and the machine sleeps.

A wall clock that is wrong, and a night of sleep, are played by tests/faults/wallclock.c, which is preloaded. The
daemon is stopped by the kernel while it "sleeps", as a frozen process is; then its wall clock and its boot time are
later and its monotonic clock is not, its timers on boot time that were due have expired, and epoll_wait returns.
What this does not play is a network that is gone for a while after a resume. Whoever it talks to lives in the same
world: simulator and receivers have the same clocks, but do not sleep."""
import contextlib
import os
import pathlib
import re
import signal
import sqlite3
import struct
import unittest
from unittest import mock

from harness import BUILD, Scenario, pool, state

HOUR = 3600
YEAR = 365 * 24 * HOUR
LOUD = re.compile(r"^(?:error|warning|notice|critical): (.*)$", re.M)


class Clocks(Scenario):
    def setUp(self):
        super().setUp()
        self.clock_file = self.directory / "clocks"
        self.wrong = self.slept = 0
        self.set_clocks()
        self.preload = {"LD_PRELOAD": f"{BUILD}/tests/wallclock.so", "WALLCLOCK_FILE": str(self.clock_file),
                        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def set_clocks(self):
        """In place: whoever reads it has the file mapped."""
        with open(self.clock_file, "r+b" if self.clock_file.exists() else "wb", 0) as f:
            f.write(struct.pack("=qq", self.wrong, self.slept))

    def start(self, *options, wrapper=()):
        super().start(*options, wrapper=["env", *(f"{k}={v}" for k, v in self.preload.items()), *wrapper])

    def same_world(self):
        """Peers that are made in it have the same clocks."""
        return mock.patch.dict(os.environ, self.preload)

    def sleep(self, seconds):
        """The daemon stands still, and when it goes on it is that much later."""
        self.daemon.send_signal(signal.SIGSTOP)
        status = pathlib.Path(f"/proc/{self.daemon.pid}/stat")
        self.wait("it stands still", lambda: status.read_text().rsplit(")", 1)[1].split()[0] == "T")
        self.slept += seconds
        self.set_clocks()
        self.daemon.send_signal(signal.SIGCONT)

    def loud(self, *but):
        """What was said aloud, but for lines with one of these in them."""
        return [line for line in LOUD.findall(self.stderr()) if not any(b in line for b in but)]


class Asleep(Clocks):
    def world(self, *states, hooks=("hook",), **more):
        with self.same_world():
            self.net = self.graph(*states, **more)
            return [self.hook(name) for name in hooks]

    def reads(self):
        return len(self.net.requests("assignmentErrors"))

    def wait_reads(self, n):
        self.wait(f"reading number {n}", lambda: self.reads() >= n)
        self.wait("its end", lambda: self.stderr().count("read in ") >= n)

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
        self.wait("its end", lambda: "could not be read" in self.stderr())
        self.sleep(30 * HOUR)
        self.wait("the next one", lambda: self.stderr().count("read in ") == 2)
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
