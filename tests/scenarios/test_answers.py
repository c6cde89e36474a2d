# SPDX-License-Identifier: MIT
"""Answers of Graph that ask for patience, are odd or are less than they were: what is tried again and how often, what
is kept, and what is said. A case is a tenant; one run of the daemon meets them all."""
import json
import pathlib
import signal
import time
import unittest
from email.utils import formatdate

from clocks import Clocks
from harness import E3, Scenario, pool, state
from many import Many, ident


class Answers(Many):
    def read(self, cases, timeout="20s", latency_ms=0, **more):
        """{name: what is done to the requests of that tenant}: the reports by name, and what was said."""
        rules = [{**rule, "match": {"tenant": ident(n), "path": "allotments", **rule.get("match", {})}}
                 for n, rule in enumerate(cases.values(), 1)]
        self.sim = self.many(len(cases), rules, timeout, concurrency=32, **more)
        self.sim.change({**json.loads(self.sim.file.read_text()), "latency_ms": latency_ms})
        self.wait("the simulator has read it", lambda: "reload" in pathlib.Path(self.sim.ready["events"]).read_text())
        done = self.run_daemon("--once", "--json", timeout=120)
        return dict(zip(cases, json.loads(done.stdout)["tenants"])), done.stderr

    def requests(self, cases, name, endpoint="allotments"):
        tenant = ident(1 + list(cases).index(name))
        return [r for r in self.sim.requests() if r["tenant"] == tenant and r["endpoint"] == endpoint]


class Patience(Answers):
    def test_every_form_of_retry_after_is_obeyed_and_an_absurd_one_is_said(self):
        def wait(value, status=429):
            return {"at": 1, "do": {"status": status, **({"headers": {"Retry-After": value}} if value is not None else {})}}
        cases = {"seconds": wait("2"), "seconds of a 503": wait("2", 503), "a date": wait(formatdate(time.time() + 3600, usegmt=True)),
                 "a date that is over": wait("Sun, 06 Nov 1994 08:49:37 GMT"), "zero": wait("0"), "years": wait("99999999"),
                 "missing": wait(None), "missing in a 503": wait(None, 503), "a word": wait("soon"), "negative": wait("-1")}
        reports, said = self.read(cases)
        for name, least in {"seconds": 2, "seconds of a 503": 2, "a date that is over": 1, "zero": 1, "missing": 0.5,
                            "missing in a 503": 0.5, "a word": 0.5, "negative": 0.5}.items():
            with self.subTest(name):
                self.assertTrue(reports[name]["complete"], reports[name])
                first, second = self.requests(cases, name)
                self.assertGreaterEqual(second["started_us"] - first["ended_us"], least * 1e6 - 20_000)
        for name in ("a date", "years"):
            with self.subTest(name):
                self.assertFalse(reports[name]["complete"])
                self.assertIsNone(reports[name]["consumed_units"])
                self.assertEqual(len(self.requests(cases, name)), 1, "longer than a poll may last")
        for name, seconds in {"zero": 1, "a date that is over": 1, "years": 3600}.items():
            tenant = f"t{1 + list(cases).index(name)}"
            self.assertIn(f"{tenant}: Graph's Retry-After was beyond 1 s to 1 h and was clamped to {seconds} s", said)

    def test_while_it_is_throttled_a_tenant_has_one_request_in_flight(self):
        cases = {"busy": {"match": {"path": "waitingMembers"}, "at": 8, "do": {"status": 429, "headers": {"Retry-After": "1"}}}}
        rows = [pool(f"p{i}", 100, 100, waiting=2) for i in range(40)]
        reports, _ = self.read(cases, latency_ms=100, allotments=rows, inline="omit")
        self.assertTrue(reports["busy"]["complete"], reports)
        lists = sorted(self.requests(cases, "busy", "waitingMembers"), key=lambda r: r["n"])
        (refused,) = [i for i, r in enumerate(lists) if r["status"] == 429]
        self.assertGreater(max(r["in_flight"] for r in lists[:refused + 1]), 1)
        after = [r for r in lists if r["started_us"] > lists[refused]["ended_us"] + 900_000]
        self.assertEqual({r["in_flight"] for r in after[:3]}, {1})

    def test_what_passes_is_tried_five_times_and_no_more(self):
        cases = {name: {"do": do} for name, do in {"500": {"status": 500}, "502": {"status": 502}, "504": {"status": 504}, "reset": {"reset": True},
                                                   "closed": {"close": True}, "cut": {"cut_after": 40}, "html": {"garbage": "html"}}.items()}
        reports, _ = self.read(cases, timeout="60s")
        for name in cases:
            with self.subTest(name):
                self.assertFalse(reports[name]["complete"])
                self.assertIsNone(reports[name]["consumed_units"])
                # libcurl itself sends a request once more where a connection that had been idle turns out to be dead.
                self.assertEqual(len({r["client_request_id"] for r in self.requests(cases, name)}), 5)

    def test_of_a_page_that_is_none_little_is_quoted_and_that_is_clean(self):
        page = "<html><title>Sign in\x1b[31m\u202e\x07</title>" + "x" * 5000
        reports, _ = self.read({"portal": {"do": {"body": page, "headers": {"Content-Type": "text/html"}}}}, timeout="3s")
        error = reports["portal"]["error"]
        self.assertIn("<html><title>Sign in", error)
        self.assertNotIn("x" * 200, error)
        self.assertTrue(error.isprintable(), error)


class Meaning(Scenario):
    def test_an_empty_page_with_a_link_is_not_the_end(self):
        graph = self.graph(state(pool("a", 100, 50), pool("b", 100, 50)))
        link = f"{graph.ready['http']}/beta/admin/cloudLicensing/allotments?$top=50"
        graph.change({**json.loads(graph.file.read_text()), "faults": [
            {"path": "allotments", "at": 1, "do": {"body": {"value": [], "@odata.nextLink": link}}}]})
        self.wait("the simulator has read it", lambda: "reload" in pathlib.Path(graph.ready["events"]).read_text())
        self.configure(graph)
        tenant = self.once(expect=0)["tenants"][0]
        self.assertEqual((tenant["complete"], tenant["allotments"]), (True, 2))

    def test_rows_that_all_lack_a_number_are_another_schema(self):
        hook = self.hook()
        gone = pool("pool-1", json={"consumedUnits": ""})
        graph = self.graph(state(pool("pool-1", 100, 101)), {"when": {"signal": True}, "allotments": [gone]},
                           {"when": {"signal": True}, "allotments": [pool("pool-1", 100, 10)]})
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="remaining")
        graph.process.send_signal(signal.SIGUSR1)
        alarm = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertEqual(alarm["detail"]["cause"], "schema_changed")
        self.assertIn("newer seatwatchd", alarm["next_step"])
        polls = len(graph.requests("assignmentErrors"))
        self.wait("three more polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 3)
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.firing"])
        graph.process.send_signal(signal.SIGUSR1)
        self.wait_message(hook, "alert.resolved", rule="remaining")
        self.wait_message(hook, "alert.resolved", rule="poll")
        self.assertEqual(self.stop(), 0)

    def test_a_word_that_nobody_knows_is_kept_and_means_nothing(self):
        hook = self.hook()
        odd = {"subscriptionId": "sub-1", "startDate": "2026-01-01", "nextLifecycleDate": "@today+1d", "state": "hiber\x1bnating", "tags": "none"}
        self.configure(self.graph(state(pool("pool-1", 100, 101, subscriptions=[odd]))), [hook])
        self.once(expect=0)
        (message,) = hook.messages()
        self.assertEqual((message["type"], message["data"]["rule"]), ("alert.firing", "remaining"))
        self.assertEqual([s["state"] for s in message["data"]["subscriptions"]], ["hiber\\u{1b}nating"])

    def test_more_used_than_there_is_is_a_number_like_any_other(self):
        hook = self.hook()
        self.configure(self.graph(state(pool("pool-1", 100, 130), pool("pool-2", 0, 14, sku=E3, part="SPE_E3"))), [hook])
        tenant = self.once(expect=0)["tenants"][0]
        self.assertEqual((tenant["complete"], tenant["allotted_units"], tenant["consumed_units"]), (True, 100, 144))
        self.assertEqual(sorted((m["data"]["allotment"]["id"], m["data"]["severity"]) for m in hook.messages()),
                         [("pool-1", "critical"), ("pool-2", "critical")])

    def test_an_emptied_list_is_believed_again_when_rows_return(self):
        hook = self.hook()
        graph = self.graph(state(pool("pool-1", 100, 101)), {"when": {"signal": True}, "allotments": []},
                           {"when": {"signal": True}, "allotments": [pool("pool-1", 100, 10)]})
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="remaining")
        graph.process.send_signal(signal.SIGUSR1)
        self.assertEqual(self.wait_message(hook, "alert.firing", rule="poll")["data"]["detail"]["cause"], "emptied")
        graph.process.send_signal(signal.SIGUSR1)
        self.wait_message(hook, "alert.resolved", rule="remaining")
        self.wait_message(hook, "alert.resolved", rule="poll")
        self.assertEqual(len(hook.messages()), 4)
        self.assertEqual(self.stop(), 0)

    def test_a_refused_sign_in_freezes_what_is_known_and_says_how_to_mend_it(self):
        hook = self.hook()
        graph = self.graph(state(pool("pool-1", 100, 101)),
                           {"when": {"signal": True}, "sign_in": 7000222, "revoke_tokens": True, "allotments": [pool("pool-1", 100, 10)]})
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="remaining")
        graph.process.send_signal(signal.SIGUSR1)
        alarm = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertEqual(alarm["detail"]["cause"], "auth")
        self.assertIn("(AADSTS7000222)", alarm["next_step"])
        self.assertEqual(self.stop(), 0)
        report = self.once(expect=1)
        self.assertEqual(sorted((a["rule"], a["state"]) for a in report["alerts"]), [("poll", "firing"), ("remaining", "firing")])
        self.assertEqual(len(hook.messages()), 2)


class Backoff(Clocks, Many):
    def test_a_refused_sign_in_is_repeated_after_five_minutes_and_at_last_once_an_hour(self):
        graph = self.many(2, [{"match": {"tenant": ident(1), "path": "token"}, "do": {"status": 401}}], interval="1s")

        def another_poll():
            polls = len(self.seen(graph, 2))
            self.wait("two more polls of the other", lambda: len(self.seen(graph, 2)) >= polls + 2)
        self.start()
        for n, minutes in enumerate((5, 10, 20, 40, 60, 60), 1):
            self.wait(f"refusal {n}", lambda: len(self.seen(graph, 1, "token")) == n)
            another_poll()
            self.sleep(60 * minutes - 45)
            another_poll()
            self.assertEqual(len(self.seen(graph, 1, "token")), n, f"{minutes} min are not over")
            self.sleep(45)
        self.wait("the last one", lambda: len(self.seen(graph, 1, "token")) == 7)
        self.assertEqual(self.stop(), 0)


if __name__ == "__main__":
    unittest.main()
