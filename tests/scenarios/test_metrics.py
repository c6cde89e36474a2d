# SPDX-License-Identifier: MIT
"""The metrics of a running daemon: read by promtool and by a strict reader of OpenMetrics; what is unknown is absent."""
import subprocess
import time
import unittest

import openmetrics
from harness import BUILD, E5, Scenario, pool, state

HOSTILE = 'E5"} 1\n# EOF\n\\\x1b[31m\u202e<b>'


class Metrics(Scenario):
    def start_up(self, *states, **kw):
        self.graph_sim = self.graph(*states)
        self.configure(self.graph_sim, **kw)
        self.start()
        self.wait("the start", lambda: "has started" in self.stderr())

    def curl(self, *options):
        done = subprocess.run(["curl", "-s", "--max-time", "60", "--unix-socket", self.directory / "read.sock", *options,
                               "http://localhost/v1/metrics"], capture_output=True, timeout=90, check=True)
        self.shown.append(("metrics", done.stdout))
        return done.stdout.decode()

    def samples(self):
        return openmetrics.read(self.curl("-HAccept: application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"))

    def wait_samples(self, name):
        return self.wait(name, lambda: (s := self.samples()).get(name) and s)

    def test_metrics_of_pools_errors_alerts_and_deliveries(self):
        hook = self.hook()
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
        errors = [{"count": 7, "code": "CountViolation", "skuId": E5}]
        self.graph_sim = self.graph(state(pool("p", 100, 100, waiting=30, since=since), pool("q", 10, 2, sku=E5, part=HOSTILE),
                                          errors=errors))
        self.configure(self.graph_sim, [hook])
        self.start()
        self.wait_message(hook, "alert.firing")
        samples = self.wait_samples("seatwatch_alert_active")
        pick = lambda name, **labels: openmetrics.pick(samples, name, **labels)
        self.assertEqual(pick("seatwatch_allotment_allotted_units", tenant="contoso", allotment="p", sku="SPE_E5", sku_id=E5), 100)
        self.assertEqual(pick("seatwatch_allotment_consumed_units", allotment="q"), 2)
        self.assertEqual(pick("seatwatch_allotment_waiting_members", allotment="p"), 30)
        self.assertAlmostEqual(pick("seatwatch_allotment_oldest_waiting_seconds", allotment="p"), 7200, delta=600)
        self.assertEqual(pick("seatwatch_allotment_oldest_waiting_seconds", allotment="q"), 0)
        self.assertEqual(pick("seatwatch_assignment_errors", sku_id=E5, code="CountViolation"), 7)
        self.assertEqual(pick("seatwatch_subscription_next_lifecycle_timestamp_seconds", subscription="sub-p"), 1830211200)
        self.assertEqual(pick("seatwatch_alert_active", rule="waiting", severity="critical", allotment="p"), 1)
        self.assertAlmostEqual(pick("seatwatch_poll_last_complete_timestamp_seconds", tenant="contoso"), time.time(), delta=600)
        self.assertEqual(pick("seatwatch_poll_failures_total", tenant="contoso"), 0)
        self.assertGreater(pick("seatwatch_graph_requests_total", tenant="contoso"), 2)
        self.wait("a delivery counted", lambda: openmetrics.pick(self.samples(), "seatwatch_deliveries_total", receiver="hook", outcome="delivered"))
        text = self.curl()
        self.assertNotIn("# EOF\n", text.replace("u{a}# EOF", ""))
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        done = subprocess.run([BUILD / "daemon/seatwatchctl", "--socket", self.directory / "read.sock", "metrics"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('seatwatch_allotment_consumed_units{tenant="contoso",sku="SPE_E5"', done.stdout)

    def test_a_tenant_that_was_never_polled_completely_has_no_numbers(self):
        self.graph_sim = self.graph(state(pool()), faults=[{"match": {"path": "allotments"}, "do": {"status": 503}}])
        self.configure(self.graph_sim)
        self.start()
        self.wait("the start", lambda: "has started" in self.stderr())
        samples = self.wait("failures", lambda: (s := self.samples()).get("seatwatch_poll_failures_total", {}).get(
            frozenset({("tenant", "contoso")})) and s)
        for name in samples:
            self.assertFalse(name.startswith(("seatwatch_allotment", "seatwatch_subscription", "seatwatch_assignment",
                                              "seatwatch_poll_last")), name)
        self.assertGreater(openmetrics.pick(samples, "seatwatch_poll_failures_total", tenant="contoso"), 0)


class Reader(unittest.TestCase):
    def test_what_openmetrics_forbids_is_refused(self):
        good = '# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds{b="c\\n"} 1.5\n# EOF\n'
        self.assertEqual(openmetrics.read(good), {"a_seconds": {frozenset({("b", "c\n")}): 1.5}})
        for was, now in (("# EOF\n", ""), ("UNIT a_seconds seconds", "UNIT a_seconds minutes"), ("gauge", "gage"), ("c\\n", "c\\t"), ('"c', '"c"'),
                         ("a_seconds{", "a_second{"), ("1.5\n", '1.5\na_seconds{b="c\\n"} 2\n'), ("1.5\n", "1.5\n\n"), ("1.5", "1,5"),
                         ("# EOF", "# TYPE b gauge\nb 1\n# HELP a_seconds x\n# EOF")):
            with self.subTest(now), self.assertRaises(AssertionError):
                openmetrics.read(good.replace(was, now, 1))


if __name__ == "__main__":
    unittest.main()
