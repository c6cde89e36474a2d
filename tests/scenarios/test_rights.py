# SPDX-License-Identifier: MIT
"""People and groups that must hold a licence: what is told when one does not, and what is not told
when nobody knows."""
import hashlib
import re
import unittest

from harness import E5, Scenario, pool, state

USER, GROUP = "oncall@contoso.com", "d8ee6ba1-2b90-4e77-90e8-3e52a09bc35a"
HASH = hashlib.sha256(USER.encode()).hexdigest()[:12]
WELL = pool()
MAIL = {"planId": "efb87545-963c-4e0d-99df-69c6916d9eb0", "planName": "EXCHANGE_S_ENTERPRISE"}
TEAMS = {"planId": "57ff2da0-773e-42df-b2af-ffb7a2317929", "planName": "TEAMS1"}
E5_ALLOTMENT = {"id": "pool-1", "skuId": E5, "skuPartNumber": "SPE_E5"}
ASSIGNED = {"id": "a1", "disabledServicePlanIds": [], "allotment": E5_ALLOTMENT,
            "assignedTo": {"@odata.type": "#microsoft.graph.user", "id": "u1"}}
WAITING = {"id": "w1", "waitingSinceDateTime": "2026-11-22T02:00:00Z", "allotment": E5_ALLOTMENT}
ERROR = {"id": "e1", "code": "MissingDependency", "message": "Service plan 1 needs service plan 2", "skuId": E5,
         "occurrenceDateTime": "2026-11-22T02:00:00.6635939+00:00"}


def right(*plans, part="SPE_E5"):
    return {"@odata.type": "#microsoft.graph.cloudLicensing.usageRight", "id": "r1", "skuId": E5, "skuPartNumber": part,
            "services": list(plans)}


def user(*rights, name=USER, **lists):
    return {"users": {name: {"usageRights": list(rights), **lists}}}


HELD = user(right(MAIL, TEAMS), assignments=[ASSIGNED])
GONE = user()


class Rights(Scenario):
    def watch(self, *people, who=f'user = "{USER}";', plans='plans = [ "EXCHANGE_S_ENTERPRISE" ];', extra="", sku="SPE_E5",
              severity="critical", faults=(), tenant_extra="", **tenant):
        """Each of `people` holds until the simulator is signalled."""
        self.receiver = self.hook()
        states = [state(WELL, people=p) for p in people]
        for later in states[1:]:
            later["when"] = {"signal": True}
        self.sim = self.graph(*states, faults=faults, **tenant)
        self.configure(self.sim, [self.receiver], tenant_extra=tenant_extra, extra=f"""{extra}
usage_rights = ( {{ tenant = "contoso"; {who} sku = "{sku}"; {plans} severity = "{severity}"; }} );
""")

    def turn(self):
        self.sim.process.send_signal(10)  # SIGUSR1

    def lookups(self, endpoint="usageRights"):
        return [r for r in self.sim.requests() if r.get("endpoint") == endpoint]

    def more_lookups(self, n=3, endpoint="usageRights"):
        have = len(self.lookups(endpoint))
        self.wait(f"{n} more look-ups", lambda: len(self.lookups(endpoint)) >= have + n)

    def told(self, kind):
        return [m["data"] for m in self.receiver.messages() if m["type"] == kind]

    def test_a_lost_right_is_told_with_its_reason_and_resolved_when_it_is_back(self):
        self.watch(HELD, GONE, user(waitingMembers=[WAITING]), HELD)
        self.start()
        self.more_lookups()
        self.assertEqual(self.receiver.messages(), [])
        self.turn()
        alarm = self.wait_message(self.receiver, "alert.firing")["data"]
        self.assertEqual((alarm["rule"], alarm["severity"], alarm["unit"]), ("usage_right", "critical", "entries"))
        self.assertEqual(alarm["detail"], {"principal": f"user {HASH}", "missing_plans": []})
        self.assertEqual(alarm["sku"]["id"], E5)
        self.assertIn(f"user {HASH} lacks Microsoft 365 E5: not assigned", alarm["title"])
        self.turn()
        update = self.wait_message(self.receiver, "alert.updated")["data"]
        self.assertEqual((update["alert_id"], update["episode"]), (alarm["alert_id"], alarm["episode"]))
        self.assertEqual(update["allotment"]["id"], "pool-1")
        self.assertIn("in the waiting room of allotment pool-1 since ", update["description"])
        self.turn()
        self.wait_message(self.receiver, "alert.resolved", alert_id=alarm["alert_id"])
        self.assertNotIn(USER, "".join(str(m) for m in self.receiver.messages()))

    def test_a_missing_plan_is_a_loss_and_names_stand_where_they_are_wanted(self):
        off = {**ASSIGNED, "disabledServicePlanIds": [MAIL["planId"]]}
        self.watch(HELD, user(right(TEAMS), assignments=[off]), extra='privacy = "names";', severity="warning")
        self.start()
        self.more_lookups()
        self.turn()
        alarm = self.wait_message(self.receiver, "alert.firing", severity="warning")["data"]
        self.assertEqual(alarm["detail"], {"principal": f"user {USER}", "missing_plans": ["EXCHANGE_S_ENTERPRISE"]})
        self.assertIn("switched off", alarm["title"])

    def test_an_assignment_error_is_the_reason_that_is_told(self):
        self.watch(user(assignmentErrors=[{**ERROR, "skuId": "other"}, ERROR], assignments=[ASSIGNED]))
        self.start()
        alarm = self.wait_message(self.receiver, "alert.firing")["data"]
        self.assertIn("MissingDependency", alarm["title"])

    def test_a_group_is_looked_up_by_its_id(self):
        held, gone = ({"groups": {GROUP: {"usageRights": rights, "assignments": []}}} for rights in ([right(MAIL)], []))
        self.watch(held, gone, who=f'group = "{GROUP}";', sku=E5.upper())
        self.start()
        self.more_lookups()
        self.assertEqual(self.receiver.messages(), [])
        self.turn()
        alarm = self.wait_message(self.receiver, "alert.firing")["data"]
        self.assertEqual(alarm["detail"]["principal"], f"group {GROUP}")
        self.assertEqual(self.lookups("userWaiting"), [])

    def test_a_look_up_that_fails_changes_nothing_and_the_poll_stays_whole(self):
        fault = {"match": {"path": "usageRights"}, "from": 4, "times": 6, "do": {"status": 500}}
        self.watch(GONE, HELD, faults=[fault])
        self.start()
        self.wait_message(self.receiver, "alert.firing", rule="usage_right")
        self.wait("failing look-ups", lambda: len(self.lookups()) >= 5)
        self.turn()  # it is back, and nobody can see it
        self.wait("all failing look-ups", lambda: len(self.lookups()) >= 9)
        self.assertEqual(self.told("alert.resolved"), [])
        self.assertIn("look-up of usage rights failed: GET /users/{id}/cloudLicensing/usageRights for user " + HASH,
                      self.stderr())
        self.assertNotIn("poll incomplete", self.stderr())
        self.wait_message(self.receiver, "alert.resolved", rule="usage_right")
        self.assertEqual(self.stderr().count("look-up of usage rights failed"), 1)
        self.assertIn("look-up of usage rights succeeded", self.stderr())

    def test_a_missing_permission_is_said_once_and_is_no_loss(self):
        self.watch(HELD, deny=["usageRights"])
        self.start()
        alarm = self.wait_message(self.receiver, "alert.firing")["data"]
        self.assertEqual((alarm["rule"], alarm["severity"], alarm["detail"]["cause"]), ("poll", "warning", "permission"))
        self.assertIn("User-UsageRight.Read.All", alarm["next_step"])
        self.more_lookups()
        self.assertEqual(len(self.told("alert.firing")), 1)
        self.assertEqual(self.stderr().count("grant the application permission"), 1)
        self.stop()
        self.assertTrue(self.once(expect=0)["tenants"][0]["complete"])

    def test_somebody_who_does_not_exist_is_a_matter_of_the_configuration(self):
        self.watch(user(right(MAIL), name="other@contoso.com"))
        self.start()
        alarm = self.wait_message(self.receiver, "alert.firing")["data"]
        self.assertEqual((alarm["rule"], alarm["detail"]["cause"]), ("poll", "config"))
        self.assertIn("the tenant has no such user: correct its name or id", alarm["next_step"])
        self.assertNotIn("usage_right", {m["data"]["rule"] for m in self.receiver.messages()})

    def test_the_older_source_tells_by_license_details(self):
        def detail(status):
            return {"users": {USER: {"licenseDetails": [
                {"id": "l1", "skuId": E5, "skuPartNumber": "SPE_E5",
                 "servicePlans": [{"servicePlanId": MAIL["planId"], "servicePlanName": MAIL["planName"],
                                   "provisioningStatus": status, "appliesTo": "User"}]}]}}}
        self.watch(detail("PendingProvisioning"), detail("Disabled"), detail("Success"), absent=501)
        self.start()
        self.more_lookups(endpoint="licenseDetails")
        self.assertEqual(self.receiver.messages(), [])
        self.turn()
        self.wait_message(self.receiver, "alert.firing", rule="usage_right")
        self.turn()
        self.wait_message(self.receiver, "alert.resolved", rule="usage_right")

    def test_a_list_in_pages_is_read_to_its_end(self):
        rights = [{**right(MAIL), "id": f"r{i}", "skuId": f"{i:08d}-0000-4000-8000-000000000000", "skuPartNumber": f"S{i}"}
                  for i in range(5)]
        self.watch(user(*rights, right(MAIL)), user(*rights), page_size=2)
        self.start()
        self.more_lookups(9)
        self.assertEqual(self.receiver.messages(), [])
        self.turn()
        self.wait_message(self.receiver, "alert.firing", rule="usage_right")

    def test_look_ups_never_delay_the_reading_of_the_pools(self):
        slow = {"match": {"path": "usageRights"}, "do": {"delay_ms": 20000}}
        self.watch(HELD, faults=[slow])
        self.start()
        self.wait("five polls", lambda: len(self.lookups("allotments")) >= 5, seconds=15)
        self.assertNotIn("poll incomplete", self.stderr())

    def test_a_success_without_a_page_is_no_page_whatever_its_status_and_over_restarts(self):
        statuses = (204, 202, 206)
        self.watch(HELD, faults=[{"match": {"path": "usageRights"}, "at": n, "do": {"status": s}} for n, s in enumerate(statuses, 1)])
        for n, status in enumerate(statuses, 1):
            self.start()
            self.wait("the next answer", lambda: f"for user {HASH}: HTTP {status}, which is not a page" in self.stderr())
            self.assertEqual(self.stop(), 0)
        self.start()
        self.more_lookups(1)
        self.assertEqual([m["data"]["rule"] for m in self.receiver.messages() if m["data"].get("rule") == "usage_right"], [])

    def test_a_throttled_look_up_ends_the_round(self):
        self.watch(HELD, GONE, faults=[{"match": {"path": "usageRights"}, "at": 2,
                                        "do": {"status": 429, "headers": {"Retry-After": "3"}}}])
        self.start()
        self.wait("the refusal", lambda: len(self.lookups()) >= 2)
        self.turn()
        self.wait_message(self.receiver, "alert.firing", rule="usage_right")
        refused = self.lookups()[1]
        again = self.lookups()[2]
        self.assertGreaterEqual(again["started_us"] - refused["ended_us"], 2_900_000)

    def test_a_restart_remembers_what_was_told(self):
        self.watch(GONE, HELD)
        self.start()
        alarm = self.wait_message(self.receiver, "alert.firing", rule="usage_right")["data"]
        self.assertEqual(self.stop(), 0)
        self.start()
        self.more_lookups()
        self.assertEqual(len(self.told("alert.firing")), 1)
        self.turn()
        self.wait_message(self.receiver, "alert.resolved", alert_id=alarm["alert_id"], episode=alarm["episode"])

    def test_an_entry_that_is_taken_away_ends_its_alert(self):
        self.watch(GONE)
        self.start()
        self.wait_message(self.receiver, "alert.firing", rule="usage_right")
        self.config.write_text(re.sub(r"(?m)^usage_rights = .*$", "", self.config.read_text()))
        self.daemon.send_signal(1)  # SIGHUP
        gone = self.wait_message(self.receiver, "alert.resolved", rule="usage_right")["data"]
        self.assertEqual(gone["detail"]["reason"], "rule_removed")

    def test_check_access_tries_the_call(self):
        self.watch(HELD, deny=["usageRights"])
        done = self.run_daemon("--check-access")
        self.assertIn(f'usage rights of {USER}, "user {HASH}" in alerts', done.stdout)
        self.assertIn(f"GET /users/{{id}}/cloudLicensing/usageRights for user {HASH}: HTTP 403", done.stdout)
        self.assertIn("User-UsageRight.Read.All", done.stdout)


if __name__ == "__main__":
    unittest.main()
