# SPDX-License-Identifier: MIT
"""A tenant of the Graph simulator changes when the scenario says so, and every scripted fault is
really seen by a client."""
import http.client
import json
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.parse
import zlib

from harness import BUILD, ROOT, read_lines
from simulated import ALLOTMENTS, CLIENT, E3, E5, ERRORS, OTHER, SECRET, TENANT, Simulated, pool, rule, tenant


class States(Simulated):
    def ids(self, sim, token):
        return [(r["id"], r["consumedUnits"]) for r in self.get(sim, ALLOTMENTS, token).json["value"]]

    def test_a_state_begins_with_its_poll_and_leaves_the_rest_as_it_was(self):
        sim = self.sim(tenant(states=[
            {"allotments": [pool("a", consumed=1), pool("b", consumed=1)], "errors": [{"count": 3}]},
            {"when": {"poll": 2}, "change": [{"id": "b", "consumedUnits": 9}, pool("c", consumed=2)]},
            {"when": {"poll": 4}, "remove": ["a"], "errors": []}]))
        token = self.token(sim)
        seen = []
        for _ in range(4):
            seen.append((self.ids(sim, token), len(self.get(sim, ERRORS, token).json["value"])))
        changed = [("a", 1), ("b", 9), ("c", 2)]
        self.assertEqual(seen, [([("a", 1), ("b", 1)], 3), (changed, 3), (changed, 3), (changed[1:], 0)])
        self.assertEqual([(e["state"], e["cause"], e["poll"]) for e in read_lines(sim.ready["events"])], [(1, "poll", 2), (2, "poll", 4)])

    def test_retries_and_continuations_belong_to_the_poll_they_serve(self):
        sim = self.sim(tenant(*[pool(str(n)) for n in range(3)], page_size=2), faults=[rule({"status": 503}, at=[2, 3])])
        token = self.token(sim)
        link = self.get(sim, ALLOTMENTS, token).json["@odata.nextLink"]
        polls = []
        for target in (link, link, link, ERRORS, ALLOTMENTS, link, ERRORS, ERRORS, ALLOTMENTS):
            self.get(sim, target, token)
            polls.append(self.ledger(sim)[-1]["poll"])
        self.assertEqual(polls, [1, 1, 1, 1, 2, 2, 2, 3, 3])

    def test_a_failed_first_page_does_not_end_its_poll(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"status": 503}, at=[2, 3, 4])])
        token = self.token(sim)
        polls = []
        for target in (ALLOTMENTS, ERRORS, ALLOTMENTS, ALLOTMENTS, ERRORS, ALLOTMENTS, ERRORS, ALLOTMENTS, ERRORS, ALLOTMENTS):
            self.get(sim, target, token)
            polls.append(self.ledger(sim)[-1]["poll"])
        self.assertEqual(polls, [1, 1, 2, 2, 2, 2, 2, 2, 2, 3])

    def test_a_tenant_without_the_api_polls_by_its_older_source(self):
        sim = self.sim(tenant(pool("a"), absent=404))
        token = self.token(sim)
        polls = []
        for _ in range(3):
            for target in (ALLOTMENTS, ERRORS, "/v1.0/subscribedSkus"):
                self.get(sim, target, token)
            polls.append(self.ledger(sim)[-1]["poll"])
        self.assertEqual(polls, [1, 2, 3])

    def test_states_follow_requests_time_and_signals(self):
        sim = self.sim(tenant(pool("a", consumed=0), states=[
            {}, {"when": {"after_requests": {"path": "assignmentErrors", "n": 2}}, "change": [{"id": "a", "consumedUnits": 1}]},
            {"when": {"signal": True}, "change": [{"id": "a", "consumedUnits": 2}]},
            {"when": {"after_s": "0.001"}, "change": [{"id": "a", "consumedUnits": 3}]}]))
        token = self.token(sim)
        self.get(sim, ERRORS, token)
        self.assertEqual(self.ids(sim, token), [("a", 0)])
        self.get(sim, ERRORS, token)
        self.assertEqual(self.ids(sim, token), [("a", 1)])
        sim.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + 10
        while self.ids(sim, token) != [("a", 3)] and time.monotonic() < deadline:
            pass
        self.assertEqual([(e["state"], e["cause"]) for e in read_lines(sim.ready["events"])], [(1, "requests"), (2, "signal"), (3, "time")])

    def test_a_scenario_is_read_again_and_tokens_stay_good(self):
        sim = self.sim(tenant(pool("a", consumed=0)))
        token = self.token(sim)
        self.file.write_text(json.dumps({"tenants": [tenant(pool("a", consumed=7))]}))
        sim.process.send_signal(signal.SIGHUP)
        self.assertTrue(self.event(sim, "reload")["ok"])
        self.assertEqual(self.ids(sim, token), [("a", 7)])
        self.file.write_text('{"tenants": [{"id": 1}]}')
        sim.process.send_signal(signal.SIGHUP)
        event = self.event(sim, "reload")
        self.assertFalse(event["ok"])
        self.assertIn('"id"', event["error"])
        self.assertEqual(self.ids(sim, token), [("a", 7)])

    def test_times_are_relative_to_the_start(self):
        sim = self.sim(tenant(pool("a", waiting=[{"id": "w", "since": "@now-2h"}],
                                   subscriptions=[{"subscriptionId": "s", "nextLifecycleDate": "@today+20d", "state": "active"}])))
        row = self.get(sim, ALLOTMENTS + "?$expand=waitingMembers").json["value"][0]
        ends = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 20 * 86400))
        self.assertIn(row["subscriptions"][0]["nextLifecycleDate"], (ends, time.strftime("%Y-%m-%d", time.gmtime(time.time() + 20 * 86400 - 60))))
        self.assertRegex(row["waitingMembers"][0]["waitingSinceDateTime"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_members_can_be_anything_at_all(self):
        sim = self.sim(tenant(pool("a", raw={"consumedUnits": "12", "extra": [1, {"b": None}, False]}, json={"allottedUnits": "1.5", "skuId": ""})))
        answer = self.get(sim, ALLOTMENTS)
        row = answer.json["value"][0]
        self.assertEqual((row["consumedUnits"], row["extra"], row["allottedUnits"]), ("12", [1, {"b": None}, False], 1.5))
        self.assertNotIn("skuId", row)

    def test_the_older_source_is_given_or_summed_up(self):
        sim = self.sim(tenant(pool("a", 10, 4), pool("b", 5, 5), pool("c", 7, 1, skuId=E3)))
        rows = self.get(sim, "/v1.0/subscribedSkus").json["value"]
        self.assertEqual([(r["skuId"], r["prepaidUnits"]["enabled"], r["consumedUnits"]) for r in rows], [(E5, 15, 9), (E3, 7, 1)])
        sim = self.sim(tenant(pool("a"), subscribedSkus=[{"id": "x", "skuId": E3, "odd": 1}]))
        self.assertEqual(self.get(sim, "/v1.0/subscribedSkus?$select=skuId").json["value"], [{"skuId": E3, "odd": 1}])


class Faults(Simulated):
    def test_a_status_comes_with_its_headers_and_the_usual_body(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"status": 429, "headers": {"Retry-After": "7"}}, times=1, name="throttled"),
                                                 rule({"status": 503}, path="token", times=1)])
        answer = self.sign_in(sim)
        self.assertEqual((answer.status, answer.json["error"]), (503, "temporarily_unavailable"))
        token = self.token(sim)
        answer = self.get(sim, ALLOTMENTS, token)
        self.assertEqual((answer.status, answer.headers["Retry-After"], answer.json["error"]["code"]), (429, "7", "TooManyRequests"))
        self.assertEqual([(x["status"], x["fault"]) for x in self.ledger(sim)][-1], (429, "throttled"))
        self.assertEqual(self.get(sim, ALLOTMENTS, token).status, 200)
        self.assertIsNone(self.ledger(sim)[-1]["fault"])

    def test_an_ordinary_answer_can_have_headers_of_any_size(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"status": 200, "headers": {"X-Pad": "x" * 60000, "Content-Type": "text/plain"}})])
        answer = self.get(sim, ALLOTMENTS)
        self.assertEqual((answer.status, len(answer.headers["X-Pad"]), answer.headers["Content-Type"]), (200, 60000, "text/plain"))
        self.assertEqual(len(answer.json["value"]), 1)
        sim = self.sim(tenant(pool("a")), faults=[rule({"headers": {"X-Pad": "x" * 150000}})])
        with self.assertRaises(http.client.LineTooLong):
            self.get(sim, ALLOTMENTS)

    def test_rules_count_what_they_match(self):
        cases = [({"at": [2, 4]}, [200, 500, 200, 500, 200]), ({"at": 1}, [500, 200, 200, 200, 200]), ({"from": 4}, [200, 200, 200, 500, 500]),
                 ({"times": 2}, [500, 500, 200, 200, 200]), ({"from": 2, "times": 1}, [200, 500, 200, 200, 200]), ({}, [500] * 5)]
        for more, want in cases:
            with self.subTest(str(more)):
                sim = self.sim(tenant(pool("a")), faults=[rule({"status": 500}, **more)])
                token = self.token(sim)
                self.assertEqual([self.get(sim, ALLOTMENTS, token).status for _ in want], want)
                self.assertEqual(self.get(sim, ERRORS, token).status, 200)

    def test_rules_match_on_what_they_say(self):
        cases = [({"path": "*/assignmentErrors"}, [200, 200, 500]), ({"path": "/beta/*"}, [500, 500, 500]), ({"tenant": OTHER}, [200, 200, 200]),
                 ({"tenant": TENANT, "query_has": "$top=1"}, [200, 500, 200]), ({"path": "allotments", "query_lacks": "$top"}, [500, 200, 200]),
                 ({"method": "POST"}, [200, 200, 200]), ({"listener": "https"}, [200, 200, 200]), ({"poll": 2}, [200, 500, 500]),
                 ({"poll": {"to": 1}}, [500, 500, 500]), ({"poll": {"from": 2, "to": 3}}, [200, 500, 500])]
        for match, want in cases:
            with self.subTest(str(match)):
                sim = self.sim(tenant(pool("a")), faults=[{"match": match, "do": {"status": 500}}])
                if match == {"method": "POST"}:
                    self.assertEqual(self.sign_in(sim).status, 500)
                    continue
                token = self.token(sim)
                self.assertEqual([self.get(sim, t, token).status for t in (ALLOTMENTS, ALLOTMENTS + "?$top=1", ERRORS)], want)

    def test_a_body_and_a_redirect_are_sent_as_written(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"status": 200, "body": "not json"}, at=1), rule({"body": {"value": [{"id": "x"}]}}, at=2),
                                                 rule({"redirect": "http://127.0.0.1:1/x"}, at=3), rule({"redirect": "/y", "status": 307}, at=4),
                                                 rule({"headers": {"x-ms-throttle-limit-percentage": "0.9"}}, at=5)])
        token = self.token(sim)
        answers = [self.get(sim, ALLOTMENTS, token) for _ in range(5)]
        self.assertEqual([a.status for a in answers], [200, 200, 302, 307, 200])
        self.assertEqual((answers[0].body, answers[1].json["value"]), (b"not json", [{"id": "x"}]))
        self.assertEqual([a.headers["Location"] for a in answers[2:4]], ["http://127.0.0.1:1/x", "/y"])
        self.assertEqual((answers[4].headers["x-ms-throttle-limit-percentage"], len(answers[4].json["value"])), ("0.9", 1))

    def test_a_cut_a_close_and_a_reset_break_the_connection(self):
        for listener in ("http", "https"):
            with self.subTest(listener):
                sim = self.sim(tenant(pool("a")), faults=[rule({"cut_after": 40}, at=1), rule({"close": True}, at=2), rule({"reset": True}, at=3),
                                                         rule({"cut_after": 40, "chunked": True}, at=4)])
                token = self.token(sim)
                with self.assertRaises(http.client.IncompleteRead) as cut:
                    self.get(sim, ALLOTMENTS, token, listener)
                self.assertEqual(len(cut.exception.partial), 40)
                for _ in range(2):
                    with self.assertRaises((ConnectionError, ssl.SSLError, http.client.RemoteDisconnected)):
                        self.get(sim, ALLOTMENTS, token, listener)
                with self.assertRaises(http.client.IncompleteRead):
                    self.get(sim, ALLOTMENTS, token, listener)
                self.assertEqual(self.get(sim, ALLOTMENTS, token, listener).status, 200)
                self.assertEqual([x["status"] for x in self.ledger(sim)][1:], [200, 0, 0, 200, 200])

    def test_a_delay_delays_one_request_and_nobody_else(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"delay_ms": 700})])
        token = self.token(sim)
        done = []
        slow = [threading.Thread(target=lambda: done.append(self.get(sim, ALLOTMENTS, token).status)) for _ in range(2)]
        start = time.monotonic()
        for thread in slow:
            thread.start()
        self.assertEqual(self.get(sim, ERRORS, token).status, 200)
        self.assertEqual(done, [])
        for thread in slow:
            thread.join()
        self.assertEqual(done, [200, 200])
        self.assertGreaterEqual(time.monotonic() - start, 0.7)
        lines = [x for x in self.ledger(sim) if x["endpoint"] == "allotments"]
        self.assertGreaterEqual(max(x["in_flight"] for x in lines), 2)
        for line in lines:
            self.assertGreaterEqual(line["ended_us"] - line["started_us"], 690_000)

    def test_the_token_endpoint_is_not_slowed_by_the_latency_of_graph(self):
        sim = self.sim(tenant(pool("a")), latency_ms=1000)
        self.get(sim, ALLOTMENTS)
        token, graph = [x["ended_us"] - x["started_us"] for x in self.ledger(sim)]
        self.assertLess(token, 900_000)
        self.assertGreaterEqual(graph, 995_000)

    def test_each_kind_of_garbage_is_what_it_says(self):
        def unpacked(answer):
            return len(zlib.decompressobj(31).decompress(answer.body))
        checks = {
            "html": lambda a: a.body.startswith(b"<!DOCTYPE html") and a.headers["Content-Type"].startswith("text/html"),
            "empty": lambda a: a.body == b"",
            "truncated_json": lambda a: len(a.body) == int(a.headers["Content-Length"]) and not a.body.endswith(b"}"),
            "bad_utf8": lambda a: b"\xff" in a.body,
            "trailing": lambda a: a.body.endswith(b"}{}"),
            "duplicate_key": lambda a: a.body.count(b'"value"') == 2,
            "deep": lambda a: a.body.count(b"[") == 50000,
            "bomb": lambda a: len(a.body) < 300_000 and unpacked(a) == 64 << 20,
            "null": lambda a: a.json is None, "array": lambda a: a.json == [], "no_value": lambda a: a.json == {},
            "value_null": lambda a: a.json == {"value": None}, "value_object": lambda a: a.json == {"value": {}},
            "error_in_200": lambda a: a.json["error"]["code"] == "serviceNotAvailable",
            "not_gzip": lambda a: a.headers["Content-Encoding"] == "gzip" and a.body.startswith(b"{"),
        }
        sim = self.sim(tenant(pool("a")), faults=[rule({"garbage": kind}, at=n + 1) for n, kind in enumerate(checks)])
        token = self.token(sim)
        for kind, check in checks.items():
            with self.subTest(kind):
                answer = self.get(sim, ALLOTMENTS, token)
                self.assertEqual(answer.status, 200)
                self.assertTrue(check(answer), answer.body[:200])

    def test_an_endless_body_has_no_end_and_a_crawling_one_comes_slowly(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"garbage": "endless"}, at=1), rule({"crawl_ms": 50, "body": "x" * 200}, at=2)])
        token = self.token(sim)
        url = urllib.parse.urlsplit(sim.ready["http"])
        with socket.create_connection((url.hostname, url.port), 20) as s:
            s.sendall(f"GET {ALLOTMENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            got = 0
            while got < 4 << 20:
                got += len(s.recv(1 << 20))
        start = time.monotonic()
        self.assertEqual(self.get(sim, ALLOTMENTS, token).body, b"x" * 200)
        self.assertGreaterEqual(time.monotonic() - start, 0.15)

    def test_links_lead_where_the_rule_wants_them(self):
        kinds = {"foreign": "https://attacker.example" + ALLOTMENTS, "off_prefix": "{o}/elsewhere" + ALLOTMENTS, "http": "https://127.0.0.1:{p}" + ALLOTMENTS,
                 "userinfo": "http://someone@127.0.0.1:{p}" + ALLOTMENTS, "host_as_userinfo": "{o}@attacker.example" + ALLOTMENTS,
                 "dots": "{o}/beta/../elsewhere" + ALLOTMENTS, "relative": ALLOTMENTS, "repeat": "{o}" + ALLOTMENTS, "empty": "", "null": None, "number": 1,
                 "http://127.0.0.1:9/x": "http://127.0.0.1:9/x"}
        sim = self.sim(tenant(pool("a", waiting={"count": 1})), faults=[rule({"next_link": kind, "nested_link": kind}, at=n + 1) for n, kind in enumerate(kinds)])
        token = self.token(sim)
        for kind, want in kinds.items():
            with self.subTest(kind):
                body = self.get(sim, ALLOTMENTS, token).json
                if isinstance(want, str):
                    want = want.format(o=sim.ready["http"], p=sim.ready["http"].rsplit(":", 1)[1])
                self.assertEqual(body["@odata.nextLink"], want)
        self.assertNotIn("@odata.nextLink", self.get(sim, ALLOTMENTS, token).json)
        sim = self.sim(tenant(pool("a", waiting={"count": 1})), faults=[rule({"nested_link": "foreign"})])
        row = self.get(sim, ALLOTMENTS + "?$expand=waitingMembers").json["value"][0]
        self.assertTrue(row["waitingMembers@odata.nextLink"].startswith("https://attacker.example/"))

    def test_a_repeating_link_never_ends(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"next_link": "repeat"})])
        token = self.token(sim)
        target = ALLOTMENTS
        for _ in range(5):
            target = self.get(sim, target, token).json["@odata.nextLink"]
        self.assertEqual(target, sim.ready["http"] + ALLOTMENTS)

    def test_every_documented_body_can_be_served(self):
        examples = ROOT / "tests/fixtures/graph/examples"
        names = [i["file"] for i in json.loads((examples / "index.json").read_text())["items"] if i["method"] == "GET"]
        sim = self.sim(tenant(pool("a")), faults=[{"match": {"path": "/*"}, "at": n + 2, "do": {"fixture": name}} for n, name in enumerate(names)])
        token = self.token(sim)
        for name in names:
            with self.subTest(name):
                want = (examples / name).read_text().replace("https://graph.microsoft.com", sim.ready["http"])
                self.assertEqual(self.get(sim, "/beta/any/path", token).body.decode(), want)


class Program(Simulated):
    def test_a_misspelt_scenario_is_refused_by_name(self):
        good = tenant(pool("a"))
        cases = [({"tenant": []}, "tenant"), ({}, "tenants"), ({"tenants": [{**good, "pagesize": 1}]}, "pagesize"),
                 ({"tenants": [{**good, "page_size": 0}]}, "page_size"), ({"tenants": [tenant({"id": "a", "consumed": 1})]}, "consumed"),
                 ({"tenants": [tenant({"allottedUnits": 1})]}, "id"), ({"tenants": [{"id": TENANT}]}, "client_id"),
                 ({"tenants": [{**good, "states": [{"when": {"poll": 1, "signal": True}}]}]}, "when"),
                 ({"tenants": [{**good, "states": [{}, {}]}]}, "when"), ({"tenants": [{**good, "refuse": ["$count"]}]}, "$count"),
                 ({"tenants": [{**good, "deny": ["allotment_list"]}]}, "allotment_list"), ({"tenants": [{**good, "sign_in": 5}]}, "AADSTS5"),
                 ({"tenants": [{**good, "inline": "no"}]}, "inline"), ({"tenants": [{**good, "errors": [{"count": 1, "sku": "x"}]}]}, "sku"),
                 ({"tenants": [good], "faults": [{"match": {"paths": "x"}, "do": {}}]}, "paths"), ({"tenants": [good], "faults": [{}]}, "do"),
                 ({"tenants": [good], "faults": [rule({"state": 1})]}, "state"), ({"tenants": [good], "faults": [rule({"garbage": "junk"})]}, "junk"),
                 ({"tenants": [good], "faults": [rule({"next_link": "away"})]}, "away"), ({"tenants": [good], "faults": [rule({"fixture": "nope.json"})]}, "nope.json"),
                 ({"tenants": [good], "faults": [rule({"status": "500"})]}, "status"), ({"tenants": [good], "faults": [rule({}, at=[0])]}, "at"),
                 ({"tenants": [tenant(pool("a", waiting={"count": 1, "since": "yesterday"}))]}, "since")]
        for scenario, word in cases:
            with self.subTest(str(scenario)[-80:]):
                file = self.directory / "bad.json"
                file.write_text(json.dumps(scenario))
                done = subprocess.run([BUILD / "tests/graphsim", "--scenario", file, "--dir", self.directory / "bad"], capture_output=True, text=True, timeout=20)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertIn(word, done.stderr)

    def test_wrong_usage_is_64(self):
        for options in ([], ["--scenario"], ["--scenario", "x", "y"], ["--nope"], ["--scenario", "x", "--certificate", "fine"]):
            self.assertEqual(subprocess.run([BUILD / "tests/graphsim", *options], capture_output=True, timeout=20).returncode, 64, options)

    def test_it_ends_at_once_in_the_middle_of_a_long_answer(self):
        sim = self.sim(tenant(pool("a")), faults=[rule({"delay_ms": 600000}), rule({"garbage": "endless"}, path="assignmentErrors")])
        token = self.token(sim)
        url = urllib.parse.urlsplit(sim.ready["http"])
        sockets = []
        for target in (ALLOTMENTS, ERRORS):
            s = socket.create_connection((url.hostname, url.port), 20)
            s.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            sockets.append(s)
        sockets[1].recv(100)
        start = time.monotonic()
        sim.process.terminate()
        self.assertEqual(sim.process.wait(30), 0)
        self.assertLess(time.monotonic() - start, 10)
        for s in sockets:
            s.close()

    def test_it_ends_with_its_standard_input(self):
        self.sim(tenant(pool("a")))
        p = subprocess.Popen([BUILD / "tests/graphsim", "--scenario", self.file, "--dir", self.directory / "eof", "--until-eof"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.assertTrue(p.stdout.readline())
        p.stdin.close()
        self.assertEqual(p.wait(10), 0)
        p.stdout.close()

    def test_https_is_verified_against_the_test_authority_and_flaws_are_found(self):
        sim = self.sim(tenant(pool("a")), options=("--https",))
        self.assertIsNone(sim.ready["http"])
        self.assertEqual(self.sign_in(sim, listener="https").status, 200)
        for flaw, word in (("expired", "expired"), ("wrong-name", "mismatch"), ("unknown-issuer", "unable to get local issuer|self.signed|unknown")):
            with self.subTest(flaw):
                sim = self.sim(tenant(pool("a")), options=("--https", "--certificate", flaw))
                with self.assertRaisesRegex(ssl.SSLCertVerificationError, word):
                    self.sign_in(sim, listener="https")

    def test_a_generated_tenant_adds_up_and_is_the_same_again(self):
        made = {"allotments": 300, "waiting": 5000, "errors": 2500, "services": 3, "seed": 5}
        first, again, other = [self.sim({"id": TENANT, "client_id": CLIENT, "client_secret": SECRET, "generate": g}) for g in (made, made, {**made, "seed": 6})]
        seen = []
        for sim in (first, again, other):
            token = self.token(sim)
            rows = [r for p in self.walk(sim, ALLOTMENTS + "?$select=id,allottedUnits,consumedUnits&$top=100", token) for r in p]
            errors = [r["id"] for p in self.walk(sim, ERRORS + "?$select=id&$top=999", token) for r in p]
            self.assertEqual((len(rows), len({r["id"] for r in rows}), len(set(errors))), (300, 300, 2500))
            seen.append([(r["id"], r["consumedUnits"]) for r in rows])
        self.assertEqual(seen[0], seen[1])
        self.assertNotEqual(seen[0], seen[2])
        token = self.token(first)
        waiting = 0
        for page in self.walk(first, ALLOTMENTS + "?$select=id&$expand=waitingMembers($select=id)", token):
            for row in page:
                waiting += len(row["waitingMembers"])
                link = row.get("waitingMembers@odata.nextLink")
                waiting += sum(len(p) for p in self.walk(first, link, token)) if link else 0
        self.assertEqual(waiting, 5000)

    def test_copies_are_tenants_of_their_own(self):
        sim = self.sim({**tenant(pool("a")), "copies": 3})
        for where in (TENANT, TENANT[:-12] + "000000000001", TENANT[:-12] + "000000000002"):
            answer = self.get(sim, ALLOTMENTS, self.token(sim, where=where))
            self.assertEqual((answer.status, self.ledger(sim)[-1]["tenant"]), (200, where))
        self.assertEqual(self.sign_in(sim, TENANT[:-12] + "000000000003").json["error_codes"], [90002])

    def test_connections_and_arrivals_are_numbered(self):
        sim = self.sim(tenant(pool("a")))
        token = self.token(sim)
        url = urllib.parse.urlsplit(sim.ready["http"])
        connection = http.client.HTTPConnection(url.hostname, url.port)
        for _ in range(3):
            connection.request("GET", ALLOTMENTS, headers={"Authorization": "Bearer " + token, "User-Agent": "tester/1"})
            connection.getresponse().read()
        connection.close()
        lines = self.ledger(sim)
        self.assertEqual([x["n"] for x in lines], [1, 2, 3, 4])
        self.assertEqual(len({x["connection"] for x in lines[1:]}), 1)
        self.assertNotEqual(lines[0]["connection"], lines[1]["connection"])
        self.assertEqual((lines[1]["user_agent"], lines[1]["in_flight"], lines[1]["auth"]), ("tester/1", 1, "ok"))


if __name__ == "__main__":
    unittest.main()
