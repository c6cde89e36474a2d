# SPDX-License-Identifier: MIT
"""seatwatchd against a Graph that others have written: Prism, led by the OpenAPI document of the API.

Every request must pass Prism's validation and use only what the document declares for its call; the
sums that are told must be those of the bodies that Prism sent."""
import copy
import json
import re
import tempfile
import unittest

import prism
from harness import Scenario

SEEDS = 40
LISTS = ("allotments", "waitingMembers", "assignmentErrors")
SUMS = ("allotments", "allotted_units", "consumed_units", "waiting_members", "assignment_errors")
PAGED = {"SYNTHETIC-OPAQUE-1": "example=page2Empty", "SYNTHETIC-OPAQUE-2": "example=page3Last"}


def setUpModule():
    global DOCUMENT, PRISM
    DOCUMENT = prism.read_document()
    PRISM = prism.Prism(prism.DOCUMENT)


def tearDownModule():
    PRISM.stop()


def declared(path):
    """The query options that the document knows for a GET of this path; None: it does not know the path."""
    for template, item in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path):
            names = [p["$ref"].rsplit("/", 1)[1] for p in item["get"]["parameters"] if "$ref" in p]
            found = [DOCUMENT["components"]["parameters"][name] for name in names]
            return {p["name"] for p in found if p["in"] == "query"}
    return None


class Asking(Scenario):
    def server(self):
        return PRISM

    def setUp(self):
        super().setUp()
        self.assertIsNone(self.server().process.poll(), "Prism has ended")
        self.front = prism.Front(self.server())
        self.addCleanup(self.front.stop)
        self.configure(self.front, receivers=[f'{{ name = "log"; type = "syslog"; socket = "{self.directory}/none"; }}'])
        # Prism says Retry-After: 10 with every 429: then this poll has failed, and says so at once.
        self.config.write_text(self.config.read_text().replace('timeout = "20s"', 'timeout = "8s"'))

    def ask(self, *options, statuses=(200,), **steer):
        """One run of the daemon, and what went over the wire."""
        self.front.steer = steer
        done = self.run_daemon(*options)
        self.assertNotIn("Sanitizer", done.stderr)
        seen = self.front.take()
        for r in seen:
            where = f"{r['method']} {r['path']} {r['query']}: {r['status']} {r['body'][:300]}"
            self.assertIn(r["status"], (200, *statuses), where)
            self.assertIsNone(r["violations"], where)
            names = [name for name, _ in r["query"]]
            self.assertEqual(len(names), len(set(names)), where)
            known = declared(r["path"]) if r["method"] == "GET" else None
            if known is not None:
                self.assertLessEqual(set(names), known, where)
            elif r["method"] == "GET":
                self.assertEqual(r["status"], 404, where)
        return done, seen

    def poll(self, **steer):
        """One --once: the tenant's part of the report, the alerts, and what went over the wire."""
        done, seen = self.ask("--once", "--json", **steer)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        told = json.loads(done.stdout)
        return told["tenants"][0], told["alerts"], seen

    def assert_sums(self, tenant, seen, whole=True):
        """The sums are those of the bodies; where a part was not read (not `whole`), each may also be unknown."""
        errors = None if prism.unfinished(seen, "assignmentErrors") else len(prism.rows(seen, "assignmentErrors"))
        sums = zip(SUMS[1:], (*prism.units(seen), prism.waiting(seen), errors))
        for name, true in sums:
            told = tenant[name]
            if whole or told is not None:
                self.assertEqual(told, true, f"{name}: {tenant}\n{[(r['path'], r['body'][:3000]) for r in seen]}")


class Examples(Asking):
    def test_every_documented_list_gives_the_sums_of_its_example(self):
        cases = {
            "as documented": ({}, (1, 250, 224, 1, 1)),
            "waiting members within": ({"allotments": "example=expandWaitingMembers"}, (1, 250, 224, 1, 1)),
            "waiting lists by themselves": ({"waitingMembers": "example=mixed", "assignmentErrors": "example=mixed"}, (1, 250, 224, 3, 3)),
            "three pages, one of them empty": (
                {"allotments": lambda q: PAGED.get(q.get("$skiptoken"), "example=page1")}, (5, 10650, 670, 5, 1)),
            "a list that goes on by itself": ({"allotments": "example=nestedNextLink", "waitingMembers": "example=list"}, (1, 50, 57, 8, 1)),
            "words that nobody knows yet": ({"allotments": "example=unknownEnum"}, (1, 10, 1, 1, 1)),
        }
        for name, (steer, sums) in cases.items():
            with self.subTest(name):
                tenant, _, seen = self.poll(**steer)
                self.assertTrue(tenant["complete"], tenant)
                self.assertEqual(tuple(tenant[k] for k in SUMS), sums)
                self.assert_sums(tenant, seen)

    def test_the_older_source_gives_the_sums_of_its_example(self):
        text = self.config.read_text()
        self.config.write_text(text.replace("labels =", 'source = "subscribed_skus"; labels ='))
        tenant, _, seen = self.poll(statuses=(404,))  # the document has no list of subscriptions: only dates are lost
        self.assertTrue(tenant["complete"])
        # Of the two rows one is suspended: its units cannot be assigned.
        self.assertEqual(tuple(tenant[k] for k in SUMS), (2, 25, 28, None, None))
        self.assertEqual({(r["endpoint"], r["status"]) for r in seen},
                         {("token", 200), ("subscribedSkus", 200), ("subscriptions", 404)})

    def test_no_refusal_is_taken_for_an_answer(self):
        """What fired stays, sums are not known, whichever call is refused and however."""
        full = {"allotments": "example=nestedNextLink"}
        tenant, before, _ = self.poll(**full)
        self.assertEqual([a["state"] for a in before], ["firing"])
        rests = {"allotments": SUMS[:4], "waitingMembers": SUMS[3:4], "assignmentErrors": SUMS[4:]}
        for code in (400, 401, 403, 404, 429, 503, 504):
            for endpoint, unknown in rests.items():
                with self.subTest(code=code, endpoint=endpoint):
                    tenant, alerts, seen = self.poll(statuses=(code,), **{**full, endpoint: f"code={code}"})
                    self.assertIn(code, [r["status"] for r in seen])
                    self.assertFalse(tenant["complete"])
                    self.assertTrue(tenant["error"])
                    self.assertEqual({tenant[k] for k in unknown}, {None})
                    self.assert_sums(tenant, seen, whole=False)
                    kept = [a for a in alerts if a["alert_id"] == before[0]["alert_id"]]
                    self.assertEqual([(a["state"], a["severity"]) for a in kept], [("firing", before[0]["severity"])])
        self.assertTrue(self.poll(**full)[0]["complete"])

    def test_a_link_to_somewhere_else_is_not_followed(self):
        tenant, _, seen = self.poll(allotments="example=foreignNextLink")
        self.assertFalse(tenant["complete"])
        self.assertEqual([tenant[k] for k in SUMS[:4]], [None] * 4)

    def test_access_is_checked_call_by_call(self):
        done, seen = self.ask("--check-access")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual({r["endpoint"] for r in seen}, {"token", "subscribedSkus", "allotments", "waitingMembers", "assignmentErrors"})
        done, _ = self.ask("--check-access", statuses=(403,), allotments="code=403")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?s)GET /beta/admin/cloudLicensing/allotments:.*403.*Directory\.Read\.All")

    def test_prism_refuses_what_the_document_does_not_allow(self):
        """Otherwise its silence in the other tests would say nothing."""
        path = "/beta/admin/cloudLicensing/allotments"
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        bearer = {"Authorization": "Bearer t"}
        for command, target, body, headers, status in (
                ("GET", path + "?$top=100", b"", bearer, 200), ("GET", path + "?$top=0", b"", bearer, 400),
                ("GET", path + "?$top=many", b"", bearer, 400), ("GET", path, b"", {}, 401), ("GET", path + "s", b"", bearer, 404),
                ("POST", "/t/oauth2/v2.0/token", b"client_id=c&scope=s&grant_type=client_credentials", form, 200),
                ("POST", "/t/oauth2/v2.0/token", b"client_id=c&grant_type=client_credentials", form, 400),
                ("POST", "/t/oauth2/v2.0/token", b"client_id=c&scope=s&grant_type=password", form, 400)):
            answer, text = self.front.ask(command, target, body, headers, None)
            self.assertEqual(answer.status, status, f"{target}: {text}")


def narrow(document):
    """The document with what a Graph that obeys our $select would leave out taken away, so that Prism
    is not busy for seconds with rights within assignments within pools; ids as Graph's; and numbers
    and links that are usable more often than not, so that many random bodies can be summed up."""
    d = copy.deepcopy(document)
    schemas = d["components"]["schemas"]
    identity = {"type": "string", "pattern": "^[a-z2-7]{26}$"}
    keep = {"allotment": ("id", "allottedUnits", "consumedUnits", "assignableTo", "skuId", "skuPartNumber", "subscriptions", "waitingMembers"),
            "waitingMember": ("id", "waitingSinceDateTime"), "assignmentError": ("id", "code", "occurrenceDateTime", "skuId")}
    for name, members in keep.items():
        known = schemas[name]["properties"]
        schemas[name] = {"type": "object", "required": ["id"], "properties": {k: known[k] for k in members} | {"id": identity}}
    pool = schemas["allotment"]["properties"]
    usual = {"type": "integer", "minimum": 0, "maximum": 1000}
    for name in ("allottedUnits", "consumedUnits"):
        pool[name] = {"anyOf": [usual] * 9 + [pool[name]]}
    bare = {**schemas["allotment"], "properties": {k: v for k, v in pool.items() if k != "waitingMembers"}}
    schemas["anyAllotment"] = {"anyOf": [{"$ref": "#/components/schemas/allotment"}, bare]}
    for name, row in (("allotment", "anyAllotment"), ("waitingMember", "waitingMember"), ("assignmentError", "assignmentError")):
        whole = {"type": "object", "required": ["value"], "properties": {
            "value": {"type": "array", "items": {"$ref": f"#/components/schemas/{row}"}}}}
        more = {**whole, "properties": {**whole["properties"], "@odata.nextLink": {"type": "string"}}}
        schemas[name + "Collection"] = {"anyOf": [whole] * 4 + [more]}
    d["paths"] = {path: item for path, item in d["paths"].items() if path.endswith(("token", "/allotments", "/waitingMembers", "/assignmentErrors"))
                  and "/users/" not in path and "/devices/" not in path}
    ok = d["paths"]["/beta/admin/cloudLicensing/allotments"]["get"]["responses"]["200"]["content"]["application/json"]
    ok["schema"] = ok["schema"]["anyOf"][0]
    return d


class Random(Asking):
    @classmethod
    def setUpClass(cls):
        # Prism watches the file and starts again if it changes: it stays until Prism has ended.
        file = tempfile.NamedTemporaryFile("w", suffix=".json")
        cls.addClassCleanup(file.close)
        json.dump(narrow(DOCUMENT), file)
        file.flush()
        cls.prism = prism.Prism(file.name)
        cls.addClassCleanup(cls.prism.stop)

    def server(self):
        return self.prism

    def test_random_bodies_are_summed_up_exactly_or_not_at_all(self):
        outcomes = {"summed up": 0, "not known": 0}
        for seed in range(SEEDS):
            with self.subTest(seed=seed):
                tenant, alerts, seen = self.poll(**{name: f"dynamic=true, seed={seed}-{name}" for name in LISTS})
                self.assert_sums(tenant, seen, whole=tenant["complete"])
                outcomes["summed up" if None not in [tenant[k] for k in SUMS] else "not known"] += 1
                # Each body has pools of its own: nothing that fired before has been seen to be well.
                self.assertNotIn("resolved", [a["state"] for a in alerts])
        self.assertGreater(min(outcomes.values()), SEEDS // 8, outcomes)


if __name__ == "__main__":
    unittest.main()
