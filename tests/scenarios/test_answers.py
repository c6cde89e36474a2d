# SPDX-License-Identifier: MIT
"""Answers of Graph that ask for patience, are odd or are less than they were: what is tried again and how often, what
is kept, and what is said. A case is a tenant; one run of the daemon meets them all."""
import json
import pathlib
import re
import signal
import time
import unittest
from email.utils import formatdate

from harness import CLIENT, CLIENT_SECRET, E3, TENANT, Graph, Scenario, pool, state


def ident(n):
    return TENANT[:24] + f"{n:012d}"


class Answers(Scenario):
    def read(self, cases, timeout="20s", hooks=(), **more):
        """{name: what is done to the tenant's requests}: reports by name; `requests` are those for its pools."""
        rules = [{**rule, "match": {"tenant": ident(n), "path": "allotments", **rule.get("match", {})}}
                 for n, rule in enumerate(cases.values(), 1)]
        self.sim = Graph(self.directory / "graph", {"faults": rules, "tenants": [{
            "id": TENANT, "client_id": CLIENT, "client_secret": CLIENT_SECRET, "copies": len(cases) + 1,
            "allotments": [pool(allotted=100, consumed=50)], **more}]})
        self.peers.append(self.sim)
        self.configure(self.sim, hooks)
        secret = self.directory / "secrets/tenant.secret"
        rows = ",\n".join(f'{{ name = "{name}"; tenant_id = "{ident(n)}"; client_id = "{CLIENT}"; client_secret_file = "{secret}"; '
                          f'graph_url = "{self.sim.ready["http"]}"; login_url = "{self.sim.ready["http"]}"; }}' for n, name in enumerate(cases, 1))
        text = re.sub(r"tenants = \(.*?\n.*?\);\n", lambda _: f"tenants = ( {rows} );\n", self.config.read_text(), count=1, flags=re.S)
        self.config.write_text(text.replace('timeout = "20s"', f'timeout = "{timeout}"; concurrency = 32'))
        done = self.run_daemon("--once", "--json", timeout=120)
        self.said = done.stderr
        return {t["name"]: t for t in json.loads(done.stdout)["tenants"]}

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
        reports = self.read(cases)
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
            self.assertIn(f"{name}: Graph's Retry-After was beyond 1 s to 1 h and was clamped to {seconds} s", self.said)

    def test_while_it_is_throttled_a_tenant_has_one_request_in_flight(self):
        cases = {"busy": {"match": {"path": "waitingMembers"}, "at": 8, "do": {"status": 429, "headers": {"Retry-After": "1"}}}}
        rows = [pool(f"p{i}", 100, 100, waiting=2) for i in range(40)]
        reports = self.read(cases, allotments=rows, inline="omit")
        self.assertTrue(reports["busy"]["complete"], reports)
        lists = sorted(self.requests(cases, "busy", "waitingMembers"), key=lambda r: r["n"])
        (refused,) = [i for i, r in enumerate(lists) if r["status"] == 429]
        self.assertGreater(max(r["in_flight"] for r in lists[:refused + 1]), 1)
        after = [r for r in lists if r["started_us"] > lists[refused]["ended_us"] + 900_000]
        self.assertEqual({r["in_flight"] for r in after[:3]}, {1})

    def test_what_passes_is_tried_five_times_and_no_more(self):
        cases = {name: {"do": do} for name, do in {"500": {"status": 500}, "502": {"status": 502}, "504": {"status": 504}, "reset": {"reset": True},
                                                   "closed": {"close": True}, "cut": {"cut_after": 40}, "html": {"garbage": "html"}}.items()}
        reports = self.read(cases, timeout="60s")
        for name in cases:
            with self.subTest(name):
                self.assertFalse(reports[name]["complete"])
                self.assertIsNone(reports[name]["consumed_units"])
                # libcurl itself sends a request once more where a connection that had been idle turns out to be dead.
                self.assertEqual(len({r["client_request_id"] for r in self.requests(cases, name)}), 5)

    def test_of_a_page_that_is_none_little_is_quoted_and_that_is_clean(self):
        page = "<html><title>Sign in\x1b[31m\u202e\x07</title>" + "x" * 5000
        reports = self.read({"portal": {"do": {"body": page, "headers": {"Content-Type": "text/html"}}}}, timeout="3s")
        error = reports["portal"]["error"]
        self.assertIn("<html><title>Sign in", error)
        self.assertNotIn("x" * 200, error)
        self.assertTrue(error.isprintable(), error)


class Meaning(Answers):
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


if __name__ == "__main__":
    unittest.main()
