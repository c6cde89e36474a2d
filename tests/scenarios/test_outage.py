# SPDX-License-Identifier: MIT
"""Graph, or the way to it, is away for all tenants: one alert instead of one each, through the whole daemon. What three
hours of it bring to 300 tenants is shown in virtual time: tests/outage."""
import json
import signal
import unittest

from many import Many, ident

N = 6
FULL = [{"id": "p", "skuPartNumber": "SPE_E5", "allottedUnits": 100, "consumedUnits": 96}]


class Outage(Many):
    def fleet(self, hooks, faults=(), extra="", **more):
        """Tenants whose polls are told of when two have failed in a row; a poll tries again for a while."""
        graph = self.many(N, list(faults), timeout="3s", interval="1s", hooks=hooks, **more)
        text = self.config.read_text().replace("thresholds: {", 'thresholds: { poll = { warning = "2 polls"; critical = "off"; };')
        self.config.write_text(text + extra)
        return graph

    def faults(self, graph, *faults):
        """What goes wrong from now on."""
        graph.change(json.loads(graph.file.read_text()) | {"faults": list(faults)})

    def told(self, hook):
        """But for news of another cause: the simulator forgets its tokens when it changes."""
        return [(m["type"], m["data"]["rule"]) for m in hook.messages() if m["type"] != "alert.updated"]

    def everybody_is_read(self, graph):
        have = [len(self.seen(graph, n)) for n in range(1, N + 1)]
        self.wait("two more polls of everybody", lambda: all(
            len(self.seen(graph, n)) >= have[n - 1] + 2 for n in range(1, N + 1)))

    def test_any_outage_is_one_alert_and_one_end(self):
        api = {"path": "/beta/*"}
        hook = self.hook()
        graph = self.fleet([hook], allotments=FULL)
        self.start()
        self.wait("what is full is told", lambda: len(hook.messages()) == N)
        for what, do in (("503", {"status": 503}), ("503, and when to come again", {"status": 503, "headers": {"Retry-After": "20"}}),
                         ("connections that are closed", {"reset": True})):
            with self.subTest(what):
                before = len(hook.messages())
                self.faults(graph, {"match": api, "do": do})
                alarm = self.wait("it is told", lambda: hook.messages()[before:], 90)[0]["data"]
                self.assertEqual((alarm["rule"], alarm["tenant"], alarm["detail"]["host"]), ("service", None, "127.0.0.1"))
                self.assertIn(f"of {N} tenants", alarm["title"])
                self.faults(graph)
                self.wait("its end is told", lambda: len(hook.messages()) >= before + 2, 90)
                self.everybody_is_read(graph)
                self.assertEqual(self.told(hook)[before:], [("alert.firing", "service"), ("alert.resolved", "service")])

    def test_who_hangs_is_an_outage_too_and_a_restart_in_the_middle_is_no_news(self):
        hook = self.hook()
        graph = self.fleet([hook])
        self.start()
        self.everybody_is_read(graph)
        self.freeze(graph.process)
        self.addCleanup(graph.process.send_signal, signal.SIGCONT)
        self.wait_message(hook, "alert.firing", 90, rule="service")
        self.stop()
        failures = self.stderr().count("poll incomplete")
        self.start()
        self.wait("it reads again, in vain", lambda: self.stderr().count("did not end within") > failures or
                  self.stderr().count("poll incomplete") > failures)
        graph.process.send_signal(signal.SIGCONT)
        self.wait_message(hook, "alert.resolved", 90, rule="service")
        self.everybody_is_read(graph)
        self.assertEqual(self.told(hook), [("alert.firing", "service"), ("alert.resolved", "service")])

    def test_a_secret_that_ends_for_all_is_one_alert_also_of_a_single_run(self):
        hook = self.hook()
        self.fleet([hook], client_secret="another")
        report = self.once(expect=1)
        self.assertEqual(self.told(hook), [("alert.firing", "service")])
        alarm = hook.messages()[0]["data"]
        self.assertEqual((alarm["unit"], alarm["detail"]["cause"], alarm["detail"]["tenants"]), ("tenants", "auth", N))
        self.assertGreaterEqual(alarm["value"], N // 2)
        self.assertIn("7000215", alarm["next_step"])
        self.assertEqual([(a["rule"], a["tenant"]) for a in report["alerts"]], [("service", None)])

    def test_a_tenant_with_a_trouble_of_its_own_is_told_by_itself(self):
        hook = self.hook()
        graph = self.fleet([hook])
        self.start()
        self.everybody_is_read(graph)
        self.faults(graph, {"match": {"tenant": ident(2), "path": "/beta/*"}, "do": {"status": 403}})
        alarm = self.wait_message(hook, "alert.firing", 60, rule="poll")["data"]
        self.assertEqual((alarm["tenant"]["name"], alarm["detail"]["cause"], alarm["detail"]["source"]), ("t2", "permission", "cloud_licensing"))
        self.everybody_is_read(graph)
        self.assertEqual(self.told(hook), [("alert.firing", "poll")])

    def test_whoever_would_hear_of_a_tenant_hears_of_the_outage(self):
        """Routes that name tenants do not match an alert that belongs to none. Nobody is left out for that: neither
        those of tenants that fail from the beginning, nor those of one that joins later."""
        one, late, rest = self.hook("one"), self.hook("late"), self.hook("rest")
        others = [{"match": {"tenant": ident(n), "path": "/beta/*"}, "do": {"status": 403}} for n in range(1, N)]
        graph = self.fleet([one, late, rest], extra=(
            'routes = ( { match: { tenant = "t3"; }; to = [ "one" ]; }, { match: { tenant = "t6"; }; to = [ "late" ]; },\n'
            '           { to = [ "rest" ]; } );\n'))
        self.start()
        self.everybody_is_read(graph)
        self.faults(graph, *others)
        self.wait_message(rest, "alert.firing", 60, rule="service")
        self.wait("whoever watches t3 hears of it", lambda: one.messages(), 60)
        self.everybody_is_read(graph)
        self.assertEqual(late.messages(), [])
        self.faults(graph, {"match": {"path": "/beta/*"}, "do": {"status": 403}})
        self.wait("and of t6", lambda: late.messages(), 60)
        self.assertEqual(self.told(rest), [("alert.firing", "service")])
        self.faults(graph)
        for hook in (one, late, rest):
            self.wait_message(hook, "alert.resolved", 60)
            self.assertEqual(len(self.told(hook)), 2, self.told(hook))


if __name__ == "__main__":
    unittest.main()
