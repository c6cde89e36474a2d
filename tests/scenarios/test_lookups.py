# SPDX-License-Identifier: MIT
"""seatwatchctl's commands that ask Graph: what they show, of whom, and what happens when Graph refuses, is busy or is hostile."""
import hashlib
import json
import os
import subprocess
import unittest

from described import compare_with_description
from harness import BUILD, ROOT, Scenario, pool, read_lines, state

CTL = str(BUILD / "daemon/seatwatchctl")
EXAMPLES = ROOT / "tests/fixtures/graph/examples"
USER, GROUP, DEVICE = "stevefred@contoso.com", "d8ee6ba1-2b90-4e77-90e8-3e52a09bc35a", "0f4a1d7c-0d3c-4a3f-9f0e-2d3c4b5a6978"


def example(name):
    value = json.loads((EXAMPLES / f"{name}.json").read_text())
    return value["value"] if "value" in value else value


STEVE = example("assignmenterror-get-assignedto")
SALES = {"@odata.type": "#microsoft.graph.group", "id": GROUP, "displayName": "Sales"}
ALLOTMENT = example("allotment-get")
SKU = ALLOTMENT["skuId"]
RIGHT = example("user-usageright-get-expand-allotments")
(ASSIGNMENT,) = example("assignments-list-expand")
(ERROR,) = example("assignmenterrors-list")
(WAITING,) = example("allotment-list-waitingmembers")
(USER_WAITING,) = example("user-list-waitingmembers")
(DEVICE_RIGHT,) = example("device-list-usagerights")
(GROUP_RIGHT,) = example("group-list-usagerights")
ROWS = {
    "assignments": [{**ASSIGNMENT, "allotment": None}, {"id": "a2", "disabledServicePlanIds": [], "assignedTo": SALES}],
    "waiting": [{**WAITING, "assignedTo": STEVE}],
}
PEOPLE = {
    "users": {USER: {"usageRights": [RIGHT],
                     "assignments": [ASSIGNMENT, {**ASSIGNMENT, "id": "a2", "assignedTo": SALES}],
                     "waitingMembers": [USER_WAITING], "assignmentErrors": [ERROR],
                     "licenseDetails": example("user-licensedetails-list")}},
    "groups": {GROUP: {"usageRights": [{**GROUP_RIGHT, "allotments": RIGHT["allotments"]}],
                       "assignments": [{**ASSIGNMENT, "assignedTo": SALES}]}},
    "devices": {DEVICE: {"usageRights": [{**DEVICE_RIGHT, "allotments": RIGHT["allotments"]}], "assignments": [],
                         "waitingMembers": example("device-list-waitingmembers")}},
}


def world(people=PEOPLE, **more):
    allotment = {k: v for k, v in ALLOTMENT.items() if k != "@odata.type"}
    return state({**allotment, **ROWS}, pool("fde5-other"),
                 errors=[{**ERROR, "skuId": SKU, "assignedTo": STEVE}, {**ERROR, "id": "e2"}], people=people, **more)


class Lookups(Scenario):
    def start_up(self, *states, interval="1h", extra="", faults=(), others=(), hooks=(), polled=True, **tenant):
        self.sim = self.graph(*states or [world()], faults=faults, others=others, **tenant)
        self.configure(self.sim, hooks, interval=interval, extra=extra)
        self.start()
        self.wait("the start", lambda: "has started" in self.stderr())
        if polled:
            self.wait("the first poll", lambda: '"complete"' in self.ctl("status").stdout or " complete " in self.ctl("status").stdout)

    def ctl(self, *args, code=0, name="control", text=True, **env):
        done = subprocess.run([CTL, "--socket", str(self.directory / f"{name}.sock"), *args], capture_output=True, text=text,
                              timeout=90, env={**self.short(args[:1]), "LC_ALL": "C.UTF-8", **env})
        if text:
            self.shown += [("standard output", done.stdout.encode()), ("standard error", done.stderr.encode())]
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def change(self, **tenant):
        """The only tenant, from now on."""
        was = json.loads(self.sim.file.read_text())
        was["tenants"][0].update(tenant)
        events = len(read_lines(self.sim.ready["events"]))
        self.sim.change(was)
        self.wait("the change", lambda: len(read_lines(self.sim.ready["events"])) > events)

    def answer(self, *args, **kw):
        return json.loads(self.ctl(*args, "--json", **kw).stdout)

    def requests(self, endpoint):
        return [r for r in self.sim.requests() if r.get("endpoint") == endpoint]


class Details(Lookups):
    def test_what_graph_knows_of_an_allotment_a_user_a_group_and_a_device(self):
        self.start_up()
        for name in ("allotment", "names", "user", "group", "device", "errors", "audit"):
            with self.subTest(name):
                getattr(self, f"check_{name}")()

    def check_allotment(self):
        got = self.answer("allotment", "FDE42873")  # the begin of an id, in any case
        compare_with_description(self, "/v1/allotments/{id}", got)
        a = got["allotment"]
        self.assertEqual((got["tenant"], a["id"], a["sku_part_number"], a["allotted_units"], a["consumed_units"], a["assignable_to"]),
                         ("contoso", ALLOTMENT["id"], "Teams_Ess", 100, 84, ["user", "group"]))
        self.assertEqual(a["subscriptions"], [{"id": "f196adf8-75fa-8e4f-c61d-42d8114de4f4", "state": ["active"], "tags": ["none"],
                                               "start_date": "2025-07-18", "next_lifecycle_date": "2025-09-30"}])
        self.assertEqual(a["services"], [{"id": "f4f2f6de-6830-442b-a433-e92249faebe2", "name": "TeamsEss",
                                          "assignable_to": ["user", "group"]}])
        direct, through = got["assignments"]["rows"]
        self.assertEqual(direct["assigned_to"], {"kind": "user", "id": STEVE["id"], "name": None, "user_principal_name": None})
        self.assertEqual(direct["disabled_services"], ["5e62787c-c316-451f-b873-1d05acd4d12c"])
        self.assertEqual((through["assigned_to"]["kind"], through["assigned_to"]["name"]), ("group", "Sales"))
        (waits,) = got["waiting"]["rows"]
        self.assertEqual((waits["since"], waits["assigned_to"]["id"]), ("2024-09-22T17:11:10Z", STEVE["id"]))
        (error,) = got["sku_errors"]["rows"]  # those of other SKUs are left out
        self.assertEqual((error["code"], error["message"]), ("MissingDependency", ERROR["message"]))
        self.assertEqual({got[s]["state"] for s in ("assignments", "waiting", "sku_errors")}, {"complete"})
        text = self.ctl("allotment", ALLOTMENT["id"]).stdout
        self.assertRegex(text, r"(?m)^units +84 of 100 consumed; assignable to user, group$")
        self.assertRegex(text, r"(?m)^TeamsEss f4f2f6de\S+ +user, group$")
        self.assertRegex(text, rf"(?m)^a2 +0 group {GROUP} \(Sales\)$")
        self.assertRegex(text, rf"(?m)^2024-09-22 17:11 UTC user {STEVE['id']}$")
        self.assertNotIn("Steve Fred", text)
        self.ctl("allotment", "fde", code=1)  # two begin with it
        self.assertIn("no tenant", self.ctl("allotment", "fde4", "--tenant", "fabrikam", code=1).stderr)
        self.assertIn("HTTP 404", self.ctl("allotment", "none", code=1).stderr)

    def check_names(self):
        self.assertRegex(self.ctl("allotment", "fde4", "--names").stdout, r"user a6c034b8\S+ \(Steve Fred, stevefred@contoso.com\)")

    def check_user(self):
        got = self.answer("user", USER)
        compare_with_description(self, "/v1/users/{id}", got)
        (right,) = got["usage_rights"]["rows"]
        self.assertEqual((got["kind"], got["id"], got["source"], right["sku_part_number"]),
                         ("user", USER, "cloudLicensing", "Microsoft_365_Copilot"))
        self.assertEqual(right["services"][0]["assignable_to"], ["user", "group"])
        (behind,) = right["allotments"]["rows"]
        self.assertEqual((behind["id"], behind["allotted_units"], behind["consumed_units"], behind["subscriptions"][0]["state"]),
                         ("405ee855-dd74-f695-8d7e-be35a6788fe8", 100, 50, ["active"]))
        direct, through = got["assignments"]["rows"]
        self.assertEqual((direct["assigned_to"]["kind"], direct["allotment"]["sku_part_number"]), ("user", "Teams_Ess"))
        self.assertEqual((through["assigned_to"]["kind"], through["assigned_to"]["name"]), ("group", "Sales"))
        (waits,) = got["waiting"]["rows"]
        self.assertEqual((waits["since"], waits["allotment"]["sku_part_number"]), ("2024-11-22T17:11:10Z", "EXCHANGESTANDARD"))
        self.assertEqual([e["message"] for e in got["errors"]["rows"]], [ERROR["message"]])
        text = self.ctl("user", USER).stdout
        for line in (r"right +i6sq\S+  Microsoft_365_Copilot", r"from +allotment 405ee855\S+: 50 of 100 units consumed",
                     r"COPILOT_STUDIO_IN_COPILOT_FOR_M365 \S+ +user, group", r"2024-11-22 17:11 UTC EXCHANGESTANDARD 551f1755",
                     r"MissingDependency .* Service plan 0337d124"):
            self.assertRegex(text, rf"(?m)^{line}")
        done = self.ctl("user", "nobody@contoso.com", code=1)
        self.assertIn('contoso has no user "nobody@contoso.com"', done.stderr)
        for bad in ("../groups", "a/b", "%2e%2e"):
            self.ctl("user", bad, code=1)

    def check_group(self):
        got = self.answer("group", GROUP)
        compare_with_description(self, "/v1/groups/{id}", got)
        self.assertEqual([r["sku_part_number"] for r in got["usage_rights"]["rows"]], ["Microsoft_365_Copilot"])
        self.assertEqual((got["waiting"]["state"], got["errors"]["state"]), ("not_offered", "not_offered"))
        self.assertIn("not offered by Graph", self.ctl("group", GROUP).stdout)

    def check_device(self):
        got = self.answer("device", DEVICE)
        compare_with_description(self, "/v1/devices/{id}", got)
        (right,) = got["usage_rights"]["rows"]
        self.assertEqual((right["sku_part_number"], right["services"][0]["assignable_to"], right["allotments"]["rows"][0]["id"]),
                         ("FABRIKAM_DEVICE", ["user", "device", "group"], "405ee855-dd74-f695-8d7e-be35a6788fe8"))
        self.assertEqual(len(got["waiting"]["rows"]), 1)

    def check_errors(self):
        """A word that is mistyped, and the read socket, which may not ask."""
        self.assertIn("did you mean", self.ctl("users", USER, code=64).stderr)
        self.assertIn("this socket is read-only", self.ctl("user", USER, name="read", code=1).stderr)

    def check_audit(self):
        """The log names who asked, and a person by a hash."""
        digest = hashlib.sha256(USER.encode()).hexdigest()[:12]
        self.assertIn(f"control socket: GET /v1/users/{{id}} id user {digest}: status 200, for process ", self.stderr())
        self.assertNotIn(USER, self.stderr())
        self.assertNotIn(STEVE["id"], self.stderr())

    def test_names_are_asked_for_only_where_they_are_wanted(self):
        self.start_up(extra='privacy = "names";')
        self.assertIn("Steve Fred", self.ctl("allotment", "fde4").stdout)
        self.assertEqual(self.requests("waitingMembers")[-1]["query"], {"$expand": "assignedTo"})
        self.config.write_text(self.config.read_text().replace('privacy = "names";', ""))
        self.ctl("reload")
        self.assertNotIn("Steve Fred", self.ctl("allotment", "fde4").stdout)
        self.assertEqual(self.requests("waitingMembers")[-1]["query"], {"$expand": "assignedTo($select=id,displayName)"})

    def test_long_lists_are_read_page_by_page_to_a_bound(self):
        rows = [{"id": f"a{i}", "disabledServicePlanIds": [], "assignedTo": {**SALES, "displayName": "x\u202e\u001b[2J"}}
                for i in range(60)]
        self.start_up(state(pool("p", assignments=rows)), page_size=7)
        got = self.answer("allotment", "p")
        self.assertEqual((got["assignments"]["state"], len(got["assignments"]["rows"])), ("complete", 60))
        text = self.ctl("allotment", "p").stdout
        self.assertNotIn("\u202e", text)
        self.assertNotIn("\x1b", text)
        self.change(page_size=1)
        got = self.answer("allotment", "p")
        self.assertEqual((got["assignments"]["state"], len(got["assignments"]["rows"])), ("more", 50))
        self.assertIn("the first 50; there are more", self.ctl("allotment", "p").stdout)

    def test_any_read_only_query_is_passed_on_and_its_json_back(self):
        hostile = [{**ERROR, "id": f"e{i}", "message": "x\u202e\u009b2J & y"} for i in range(7)]
        self.start_up(state(pool("p"), errors=hostile, people=PEOPLE), page_size=2)
        path = f"/users/{USER}/cloudLicensing/usageRights?$select=id,skuId&$filter=skuId eq {RIGHT['skuId']}"
        self.assertEqual(self.answer("get", path)["value"], [{k: RIGHT[k] for k in ("@odata.type", "id", "skuId")}])
        self.assertEqual(self.requests("usageRights")[-1]["query"], {"$select": "id,skuId", "$filter": f"skuId eq {RIGHT['skuId']}"})
        self.assertEqual(self.answer("get", "/v1.0/subscribedSkus?$select=id,skuPartNumber")["value"][0]["skuPartNumber"], "SPE_E5")
        errors = "/admin/cloudLicensing/assignmentErrors"
        page = self.answer("get", errors)
        self.assertEqual(len(page["value"]), 2)
        self.assertIn("@odata.nextLink", page)
        done = self.ctl("get", errors, "--all")
        joined = json.loads(done.stdout)
        self.assertEqual([e["id"] for e in joined["value"]], [f"e{i}" for i in range(7)])
        self.assertEqual({e["message"] for e in joined["value"]}, {"x\u202e\u009b2J & y"})
        self.assertNotIn("@odata.nextLink", joined)
        self.assertNotIn("\x9b", done.stdout)
        self.assertNotIn("\u202e", done.stdout)
        self.assertEqual(self.answer("get", "/admin/cloudLicensing/allotments/p", "--all")["value"]["id"], "p")  # no list
        sent = len(self.sim.requests())
        for path, word in (("/users/../admin", '".."'), ("https://evil.example/x", "only the tenant's own Graph"),
                           ("//evil.example", "empty part"), ("/$batch", "$batch"), ("/%2e%2e/x", '"%"'), ("/users?$top", "no value")):
            self.assertIn(word, self.ctl("get", path, code=1).stderr)
        self.assertIn("read-only", self.ctl("get", "/users", name="read", code=1).stderr)
        self.assertEqual(len(self.sim.requests()), sent)
        self.assertIn("HTTP 400", self.ctl("get", errors + "?$orderby=id", code=1).stderr)
        self.assertIn("HTTP 404", self.ctl("get", "/nothing", code=1).stderr)
        self.assertIn("control socket: GET /v1/graph: status 404, for process ", self.stderr())

    def test_the_two_sources_are_compared_by_sku(self):
        def sku(identity, part, enabled, consumed, applies_to="User", **prepaid):
            return {"id": f"t_{identity}", "skuId": identity, "skuPartNumber": part, "consumedUnits": consumed, "appliesTo": applies_to,
                    "capabilityStatus": "Enabled", "prepaidUnits": {"enabled": enabled, "warning": 0, "suspended": 0, **prepaid}}
        ids = [f"{i}0000000-0000-4000-8000-000000000000" for i in range(6)]
        older = [sku(ids[0].upper(), "SAME", 90, 50, warning=10), sku(ids[1], "FEWER", 95, 50), sku(ids[2], "USED", 100, 49),
                 sku(ids[3], "COMPANY", 1, 0, "Company"), sku(ids[4], "ONLY_OLDER", 5, 0), {**sku(ids[5], "BROKEN", 1, 1), "prepaidUnits": None}]
        self.start_up(state(pool("a", 60, 30, sku=ids[0], part="SAME"), pool("b", 40, 20, sku=ids[0], part="SAME"),
                            pool("c", 100, 50, sku=ids[1], part="FEWER"), pool("d", 100, 50, sku=ids[2], part="USED"),
                            pool("e", 7, 0, sku="f0000000-0000-4000-8000-000000000000", part="ONLY_NEWER"), subscribedSkus=older))
        got = self.answer("compare")
        compare_with_description(self, "/v1/comparison", got)
        states = {s["sku_part_number"]: s["state"] for s in got["skus"]}
        self.assertEqual(states, {"SAME": "equal", "FEWER": "different", "USED": "different", "COMPANY": "equal",
                                  "ONLY_OLDER": "different", "ONLY_NEWER": "different", "BROKEN": "unknown"})
        self.assertEqual([s["state"] for s in got["skus"]][-2:], ["equal", "equal"])
        (same,) = [s for s in got["skus"] if s["sku_part_number"] == "SAME"]
        self.assertEqual((same["cloud_licensing"], same["subscribed_skus"]),
                         ({"allotments": 2, "allotted_units": 100, "consumed_units": 50},
                          {"applies_to": "User", "enabled": 90, "warning": 10, "consumed_units": 50}))
        self.assertRegex(self.ctl("compare", "contoso").stdout, r"(?m)^different +100 +95 +0 +50 +50 FEWER")
        self.change(deny=["subscribedSkus"])
        self.assertIn("LicenseAssignment.Read.All", self.ctl("compare", code=1).stderr)

    def test_the_older_source_tells_what_a_user_has(self):
        self.start_up(absent=501)
        got = self.answer("user", USER)
        self.assertEqual(got["source"], "subscribedSkus")
        self.assertEqual(got["usage_rights"]["rows"][0]["services"][0],
                         {"id": "cd31b152-6326-4d1b-ae1b-997b625182e6", "name": "MIP_S_Exchange",
                          "provisioning_status": "PendingProvisioning"})
        self.assertIn("MIP_S_Exchange", self.ctl("user", USER).stdout)
        for args in (("group", GROUP), ("device", DEVICE), ("allotment", "x")):
            self.assertIn("subscribedSkus", self.ctl(*args, code=1).stderr)


class Refusals(Lookups):
    def test_a_missing_permission_is_named_and_the_rest_is_shown(self):
        self.start_up(deny=["userWaiting", "allotmentAssignments"])
        got = self.answer("user", USER)
        self.assertEqual((got["usage_rights"]["state"], got["waiting"]["state"]), ("complete", "unknown"))
        self.assertIn("User-UsageRight.Read.All", got["waiting"]["error"])
        text = self.ctl("allotment", "fde4").stdout
        self.assertRegex(text, r"(?m)^assignments +unknown: GET /admin/cloudLicensing/allotments/\{id\}/assignments: HTTP 403.*"
                               r"grant the application permission Directory.Read.All")
        self.change(deny=["usageRights", "userAssignments", "userWaiting", "userErrors"])
        self.assertIn("User-UsageRight.Read.All", self.ctl("user", USER, code=1).stderr)

    def test_a_token_that_was_revoked_is_renewed_once(self):
        self.start_up(world(), world(revoke_tokens=True, when={"signal": True}))
        self.sim.process.send_signal(10)  # SIGUSR1

        def is_renewed():
            self.assertEqual(self.answer("user", USER)["usage_rights"]["state"], "complete")
            return len(self.requests("token")) > 1
        self.wait("a new token", is_renewed)
        self.assertEqual(len(self.requests("token")), 2)

    def test_a_retry_after_that_fits_is_waited_for_and_one_that_does_not_is_told(self):
        def throttle(endpoint, seconds, **more):
            return {"match": {"path": endpoint}, **more, "do": {"status": 429, "headers": {"Retry-After": str(seconds)}}}
        self.start_up(faults=[throttle("userWaiting", 1, at=1), throttle("userErrors", 600, at=2)])
        self.assertEqual(self.answer("user", USER)["waiting"]["state"], "complete")
        refused, again = self.requests("userWaiting")
        self.assertGreaterEqual(again["started_us"] - refused["ended_us"], 950_000)
        self.assertEqual(self.answer("user", USER)["errors"]["state"], "unknown")
        sent = len(self.sim.requests())
        self.assertIn("Graph has asked to wait", self.ctl("user", USER, code=1).stderr)
        self.assertEqual(len(self.sim.requests()), sent)
        self.ctl("poll")  # polls are not held back
        self.wait("a poll", lambda: len(self.sim.requests()) > sent)

    def test_polls_go_first_and_no_alert_changes(self):
        slow = {"match": {"path": "userErrors"}, "from": 1, "times": 3, "do": {"delay_ms": 2500}}
        hook = self.hook()
        self.start_up(interval="1s", faults=[slow], hooks=[hook])
        polls = len(self.requests("allotments"))
        got = self.answer("user", USER)
        self.assertGreaterEqual(len(self.requests("allotments")), polls + 3)
        self.assertEqual(got["usage_rights"]["state"], "complete")
        self.assertLess(len(self.requests("usageRights")), len(self.requests("userErrors")))  # what was read is not read again
        self.assertNotIn("poll incomplete", self.stderr())
        self.assertEqual([m for m in hook.messages() if m["data"].get("rule") in ("poll", "usage_right")], [])

    def test_a_refused_sign_in_is_not_repeated(self):
        self.start_up(world(client_secret="other"), polled=False)
        self.wait("the refusal", lambda: "7000215" in self.stderr())
        sent = len(self.requests("token"))
        self.assertIn("the last sign-in was refused", self.ctl("user", USER, code=1).stderr)
        self.assertEqual(len(self.requests("token")), sent)

    def test_a_reload_answers_those_who_wait_a_stop_leaves_none_and_too_many_are_refused(self):
        self.start_up(faults=[{"match": {"path": "usageRights"}, "do": {"delay_ms": 20000}}])
        for action, words in ((lambda: self.ctl("reload"), "the configuration is reloaded"),
                              (lambda: self.assertEqual(self.stop(), 0), "control.sock")):
            waiting = [subprocess.Popen([CTL, "--socket", str(self.directory / "control.sock"), "user", USER],
                                        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) for _ in range(5)]
            self.wait("one that is refused", lambda: [p for p in waiting if p.poll() is not None])
            action()
            said = [p.communicate(timeout=60)[1] for p in waiting]
            self.assertEqual(sum("4 other commands ask Graph" in s for s in said), 1, said)
            self.assertEqual(sum(words in s for s in said), 4, said)


if __name__ == "__main__":
    unittest.main()
