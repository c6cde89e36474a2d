# SPDX-License-Identifier: MIT
"""Many tenants, some of which hang, are throttled, answer nonsense or are configured wrongly: each costs
only itself. And polls that take longer than their interval."""
import re
import signal
import unittest

from harness import CLIENT, CLIENT_SECRET, TENANT, Graph, Scenario


def ident(n):
    return TENANT[:24] + f"{n:012d}"


class Pressure(Scenario):
    def many(self, n, faults, timeout="16s", concurrency=8, interval="2s", hooks=(), **more):
        """n tenants t1 .. tn that are alike, but for the faults."""
        graph = Graph(self.directory / "graph", {"faults": faults, "tenants": [{
            "id": TENANT, "client_id": CLIENT, "client_secret": CLIENT_SECRET, "copies": n + 1,
            "allotments": [{"id": "p", "skuPartNumber": "SPE_E5", "allottedUnits": 100, "consumedUnits": 50}], **more}]})
        self.peers.append(graph)
        self.configure(graph, hooks, interval=interval)
        secret = self.directory / "secrets/tenant.secret"
        rows = ",\n".join(f'{{ name = "t{i}"; tenant_id = "{ident(i)}"; client_id = "{CLIENT}"; client_secret_file = "{secret}"; '
                          f'graph_url = "{graph.ready["http"]}"; login_url = "{graph.ready["http"]}"; }}' for i in range(1, n + 1))
        text = re.sub(r"tenants = \(.*?\n.*?\);\n", lambda _: f"tenants = ( {rows} );\n", self.config.read_text(), count=1, flags=re.S)
        self.config.write_text(text.replace('timeout = "20s"', f'timeout = "{timeout}"; concurrency = {concurrency}'))
        return graph

    def seen(self, graph, n, endpoint="allotments"):
        """When this tenant's requests came; those that hang are written down at their end only."""
        return [r["started_us"] / 1e6 for r in graph.requests() if r["tenant"] == ident(n) and r["endpoint"] == endpoint]

    def test_tenants_that_hang_hold_up_nobody(self):
        hang = [{"match": {"tenant": ident(n), "path": "/beta/*"}, "do": {"delay_ms": 60000}} for n in range(1, 9)]
        graph = self.many(12, hang)
        self.start()
        self.wait("those that hang have every place", lambda: all(self.seen(graph, n, "token") for n in range(1, 9)))
        taken = max(self.seen(graph, n, "token")[0] for n in range(1, 9))
        self.wait("another poll of the others", lambda: all(self.seen(graph, n)[-1:] > [taken + 0.5] for n in range(9, 13)), 13)
        self.assertNotIn("could not be read completely", self.stderr(), "their polls go on")
        self.wait("the end of those polls", lambda: all(f"t{n}: could not be read completely" in self.stderr() for n in range(1, 9)))
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
        said = self.wait("it is said", lambda: re.search(r"t1: a poll took (\d+) s, longer than the interval: polls left out: (\d+);", self.stderr()))
        self.assertGreaterEqual(int(said[1]), 2)
        self.assertEqual(said[1], said[2])
        end = self.wait("the end of it", lambda: re.search(r"t1: polls end within the interval again; left out: (\d+)$", self.stderr(), re.M))
        self.assertGreaterEqual(int(end[1]), 4)
        polls = [r for r in graph.requests() if r["endpoint"] == "allotments"]
        for a, b in zip(polls, polls[1:]):
            self.assertLess(a["ended_us"], b["started_us"])
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
        self.wait("it was told", lambda: "t1: could not be read" in self.stderr())
        self.wait("what was on its way is written down", lambda: len(self.seen(graph, 2)) >= 3)
        told = len([r for r in graph.requests() if r["tenant"] == ident(1)])
        for how, said in ((signal.SIGUSR1, "polling every tenant now"), (signal.SIGHUP, "configuration reloaded")):
            self.daemon.send_signal(how)
            self.wait(said, lambda: said in self.stderr())
            before = len(self.seen(graph, 2))
            self.wait("two polls of the other", lambda: len(self.seen(graph, 2)) >= before + 2)
        self.assertEqual(len([r for r in graph.requests() if r["tenant"] == ident(1)]), told)

    def test_a_reload_that_touches_three_of_fifty_tenants_leaves_the_others_as_they_are(self):
        hook = self.hook()
        graph = self.many(51, [], interval="1h", timeout="60s", hooks=[hook],
                          allotments=[{"id": "p", "skuPartNumber": "SPE_E5", "allottedUnits": 100, "consumedUnits": 96}])
        text = self.config.read_text()
        rows = re.findall(r'\{ name = "t\d+";.*?\}', text)
        new = rows[50]
        before = text.replace(",\n" + new, "")
        self.config.write_text(before)
        self.start()
        self.wait("fifty alerts", lambda: len(hook.messages()) == 50, 60)
        self.config.write_text(text.replace(rows[0] + ",\n", "").replace('name = "t2";', 'name = "t2"; enabled = false;'))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the alert of the new one", lambda: any(m["data"]["tenant"]["name"] == "t51" for m in hook.messages()))
        self.wait("the end of what the first one had", lambda: any(m["type"] == "alert.resolved" for m in hook.messages()))
        told = [(m["data"]["tenant"]["name"], m["type"]) for m in hook.messages()[50:]]
        self.assertTrue({("t51", "alert.firing"), ("t1", "alert.resolved")} <= set(told) <=
                        {("t51", "alert.firing"), ("t1", "alert.resolved"), ("t2", "alert.resolved")}, told)
        polled = [len(self.seen(graph, n)) for n in range(3, 51)]
        self.assertEqual(polled, [1] * 48, "nobody else is read out of turn")


if __name__ == "__main__":
    unittest.main()
