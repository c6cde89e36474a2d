# SPDX-License-Identifier: MIT
"""Many tenants, some of which hang, are throttled, answer nonsense or are configured wrongly: each costs
only itself. And polls that take longer than their interval."""
import collections
import re
import signal
import unittest

from many import Many, ident


class Pressure(Many):
    def test_tenants_that_hang_hold_up_nobody(self):
        hang = [{"match": {"tenant": ident(n), "path": "/beta/*"}, "do": {"delay_ms": 60000}} for n in range(1, 9)]
        graph = self.many(12, hang)
        self.start()
        self.wait("those that hang have every place", lambda: all(self.seen(graph, n, "token") for n in range(1, 9)))
        taken = max(self.seen(graph, n, "token")[0] for n in range(1, 9))
        self.wait("another poll of the others", lambda: all(self.seen(graph, n)[-1:] > [taken + 0.5] for n in range(9, 13)), 13)
        self.assertNotIn("poll incomplete", self.stderr(), "their polls go on")
        self.wait("the end of those polls", lambda: all(f"t{n}: poll incomplete" in self.stderr() for n in range(1, 9)))
        self.assertGreater(min(len(self.seen(graph, n)) for n in range(9, 13)), 3)

    def test_each_kind_of_trouble_costs_only_its_tenant(self):
        trouble = [{"delay_ms": 60000}, {"status": 429, "headers": {"Retry-After": "3600"}}, {"status": 503}, {"garbage": "bomb"},
                   {"garbage": "html"}, {"close": True}, {"status": 403}]
        graph = self.many(12, [{"match": {"tenant": ident(n), "path": "/beta/*"}, "do": do} for n, do in enumerate(trouble, 1)],
                          concurrency=2)
        done = self.once()
        self.assertEqual([t["name"] for t in done["tenants"] if t["complete"]], [f"t{n}" for n in range(8, 13)])
        first = min(self.seen(graph, 1, "token"))
        self.assertLess(max(self.seen(graph, 12)) - first, 14, "before the one that hangs has reached its time-out")

    def test_a_poll_longer_than_its_interval_never_overlaps_and_what_is_left_out_is_counted(self):
        graph = self.many(1, [{"match": {"path": "allotments"}, "from": 1, "times": 2, "do": {"delay_ms": 2300}}], interval="1s")
        self.start()
        said = self.wait("the log line", lambda: re.search(r"t1: a poll took (\d+) s, longer than the interval: polls skipped: (\d+);", self.stderr()))
        self.assertGreaterEqual(int(said[1]), 2)
        self.assertEqual(said[1], said[2])
        end = self.wait("the end of it", lambda: re.search(r"t1: polls end within the interval again; polls skipped: (\d+)$", self.stderr(), re.M))
        self.assertGreaterEqual(int(end[1]), 4)
        polls = collections.defaultdict(list)
        for r in graph.requests():
            if r["endpoint"] != "token":
                polls[r["poll"]].append(r)
        for n in sorted(polls)[1:]:
            self.assertGreater(min(r["started_us"] for r in polls[n]), max(r["ended_us"] for r in polls[n - 1]), "all of it is over")
        self.assertEqual(self.stderr()[:end.start()].count("longer than the interval"), 1, "said once")

    def test_polls_begin_an_interval_apart_however_long_each_takes(self):
        graph = self.many(1, [{"match": {"path": "allotments"}, "do": {"delay_ms": 2000}}], interval="4s")
        self.start()
        self.wait("five polls", lambda: len(self.seen(graph, 1)) >= 5)
        begun = self.seen(graph, 1)
        apart = sorted(b - a for a, b in zip(begun, begun[1:]))
        self.assertLess(apart[1], 5, "6 s, were the interval counted from the end")

    def test_neither_a_reload_nor_a_person_breaks_the_silence_that_was_asked_for(self):
        graph = self.many(2, [{"match": {"tenant": ident(1), "path": "/beta/*"}, "at": 1,
                               "do": {"status": 429, "headers": {"Retry-After": "600"}}}], interval="1s")
        self.start()
        self.wait("it was told", lambda: "t1: poll incomplete" in self.stderr())
        self.wait("what was on its way is written down", lambda: len(self.seen(graph, 2)) >= 3)
        told = len([r for r in graph.requests() if r["tenant"] == ident(1)])
        for how, said in ((signal.SIGUSR1, "polling every tenant now"), (signal.SIGHUP, "configuration reloaded")):
            self.daemon.send_signal(how)
            self.wait(said, lambda: said in self.stderr())
            before = len(self.seen(graph, 2))
            self.wait("two polls of the other", lambda: len(self.seen(graph, 2)) >= before + 2)
        self.assertEqual(len([r for r in graph.requests() if r["tenant"] == ident(1)]), told)


if __name__ == "__main__":
    unittest.main()
