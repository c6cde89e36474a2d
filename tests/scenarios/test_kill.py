# SPDX-License-Identifier: MIT
"""Killed anywhere: SIGKILL at the N-th system call stop of a run that polls, fires and delivers, and of
one that polls, fires, escalates, resolves and delivers. No alert is lost, at most one message comes
twice for a kill, with its id and its bytes, and nothing is resolved that is not.

tests/faults/killer.c kills; more than 300 points of each run are taken, evenly. KILL_STRIDE=1 takes
every one, which takes minutes. tests/faults/seeded.c holds the mistakes that this would catch."""
import json
import os
import random
import shutil
import signal
import sys
import unittest

from faulty import ALARMING, BEFORE, FIRST, THEN, Faults, problems
from harness import BUILD

POINTS = 305  # of each run, at least
STRIDE = int(os.environ.get("KILL_STRIDE", 0))


class Checker(unittest.TestCase):
    """The judge of all that follows sees each kind of wrong that it is there for."""

    def request(self, identity, allotment, kind, seq, signature="ok", more=""):
        body = {"type": kind, "data": {"rule": "waiting", "alert_id": allotment, "seq": seq,
                                       "allotment": {"id": allotment}}, "more": more}
        return {"headers": {"webhook-id": identity}, "body": json.dumps(body), "signature": signature, "status": 200}

    def test_it_accepts_what_is_right_and_notices_what_is_not(self):
        a, b = self.request("1", "p", "alert.firing", 1), self.request("2", "p", "alert.resolved", 2)
        want = {("p", "alert.firing"): 1, ("p", "alert.resolved"): 1}
        self.assertEqual(problems([a, b], want, 0), [])
        self.assertEqual(problems([a, a, b], want, 1), [])
        for why, requests, repeats in (
                ("a repeat", [a, a, b], 0), ("two repeats", [a, a, b, b], 1), ("a loss", [a], 0),
                ("another order", [b, a], 0), ("an old one late", [a, b, a], 1),
                ("a second id for one event", [a, b, self.request("3", "p", "alert.resolved", 3)], 0),
                ("other bytes", [a, self.request("1", "p", "alert.firing", 1, more="x"), b], 1),
                ("a bad signature", [a, self.request("2", "p", "alert.resolved", 2, "bad")], 0)):
            with self.subTest(why):
                self.assertNotEqual(problems(requests, want, repeats), [])


class KilledBase(Faults):
    def kill(self, case, n):
        """With n = 0 it is left alone; then there is one more line, the number of stops."""
        return self.run_case(case, [BUILD / "tests/killer", str(n)])

    def points(self, state_dir, want):
        case = self.case(state_dir)
        done = self.kill(case, 0)
        done.stdout, stops = done.stdout.strip().rsplit("\n", 1)
        self.judge("without a kill", case, done, want, 0)
        # Entries and exits alternate: an even stride would take only one of the two.
        stride = STRIDE or (int(stops) // POINTS - 1) | 1
        return range(1, int(stops) + 1, stride)

    def kill_one(self, state_dir, n, seconds=20):
        case = self.case(state_dir)
        killed = self.kill(case, n)
        clean = self.settle(case, seconds)
        if n % 12:  # the rest is looked at once more, and for secrets
            shutil.rmtree(self.directory / case)
        return n, case, killed, clean


class Killed(KilledBase):
    def kill_everywhere(self, state_dir, want):
        points = self.points(state_dir, want)
        results = self.each(lambda n: self.kill_one(state_dir, n), points)
        for n, case, killed, clean in results:
            self.assertIn(killed.returncode, (-signal.SIGKILL, 0), killed.stderr)
            self.assertIsNone(ALARMING.search(killed.stderr), killed.stderr)
            self.judge(n, case, clean, want, repeats=int(killed.returncode != 0))
        kills = sum(killed.returncode != 0 for _, _, killed, _ in results)
        self.assertGreater(kills, 0.97 * len(points), "most points must have been reached")
        self.assertTrue(STRIDE or kills >= 300, kills)
        repeated = [case for _, case, _, _ in results if problems(self.told(case), want, 0)]
        self.assertTrue(repeated, "no kill hit a delivery on its way: this has tested less than it says")
        for n, case, _, _ in results:  # and a restart alone says nothing
            if n % 12 == 0:
                have = len(self.told(case))
                self.assertEqual(self.run_case(case).returncode, 0)
                self.assertEqual(len(self.told(case)), have)
        print(f"{kills} kills, {len(repeated)} of them repeated a message", file=sys.stderr)

    def test_a_first_run_survives_a_kill_anywhere(self):
        self.world(BEFORE)
        self.kill_everywhere(None, FIRST)

    def test_changes_survive_a_kill_anywhere(self):
        self.world(BEFORE)
        self.kill_everywhere(self.filled(), THEN)

    def test_several_kills_in_a_row_repeat_at_most_as_many_ids(self):
        self.world(BEFORE)
        base = self.filled()
        points = self.points(base, THEN)
        dice = random.Random(26)

        def chain(picked):
            case = self.case(base)
            kills = sum(self.kill(case, n).returncode != 0 for n in picked)
            return picked, case, kills, self.settle(case)

        for picked, case, kills, clean in self.each(chain, [dice.sample(points, 5) for _ in range(8)]):
            self.judge(picked, case, clean, THEN, kills)


class Seeded(KilledBase):
    """Each mistake is found by the same points and the same judge, and sound code is not."""

    MISTAKES = ("hasty", "split", "forget")

    def caught(self, base, mistake):
        """Is there a point that shows a loss? In an order that finds it soon."""
        self.env["SEEDED"] = mistake
        points = list(self.points(base, THEN))
        random.Random(1).shuffle(points)
        for some in range(0, len(points), 16):
            for _, case, _, _ in self.each(lambda n: self.kill_one(base, n, seconds=1), points[some:some + 16]):
                if any(p.startswith("lost") for p in problems(self.told(case), THEN, 1)):
                    return True
        return False

    def test_each_mistake_is_caught(self):
        self.world(BEFORE)
        self.program = BUILD / "tests/seatwatchd_seeded"
        base = self.filled()
        for mistake in self.MISTAKES:
            with self.subTest(mistake):
                self.assertTrue(self.caught(base, mistake))


if __name__ == "__main__":
    unittest.main()
