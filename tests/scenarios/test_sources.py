# SPDX-License-Identifier: MIT
"""The older source: where it takes over, what it knows of subscriptions, and the way back."""
import json
import pathlib
import shutil
import unittest

from harness import E5, Scenario, pool, scenario, state

ONLY_OLDER = 'source = "subscribed_skus";'
QUIET = 'thresholds: { usage = "off"; remaining = "off"; };'


def sku(consumed=50, enabled=100, status="Enabled"):
    return {"id": "tenant_sku", "skuId": E5, "skuPartNumber": "SPE_E5", "consumedUnits": consumed, "capabilityStatus": status,
            "prepaidUnits": {"enabled": enabled, "warning": 0, "suspended": 0}, "appliesTo": "User"}


def company(identity, status="Enabled", ends="@now+400d", licenses=60, **more):
    return {"id": f"directory-{identity}", "commerceSubscriptionId": identity, "skuId": E5, "skuPartNumber": "SPE_E5",
            "status": status, "totalLicenses": licenses, "isTrial": False, "createdDateTime": "2020-01-01T00:00:00Z",
            "nextLifecycleDateTime": ends, **more}


def older(*companies, rows=(sku(),), **more):
    return state(subscribedSkus=list(rows), companySubscriptions=list(companies), **more)


class Subscriptions(Scenario):
    def read(self, *states, **kw):
        """One reading; what the hook has been told so far."""
        if not self.peers:
            self.the_hook = self.hook()
            self.simulator = self.graph(*states, **kw)
            self.configure(self.simulator, [self.the_hook], extra=QUIET, tenant_extra=ONLY_OLDER)
        else:
            self.simulator.change(scenario(*states, **kw))
        report = self.once(expect=0)["tenants"][0]
        self.assertEqual((report["source"], report["complete"], report["allotted_units"]), ("subscribed_skus", True, 100))
        return [(m["type"], m["data"]["rule"]) for m in self.the_hook.messages()]

    def test_one_in_its_grace_period_is_told_with_its_date(self):
        fired = [("alert.firing", "subscription")]
        ending = company("11111111-aaaa", "Warning", "@now+3d", licenses=60)
        self.assertEqual(self.read(older(ending, company("22222222-bbbb", licenses=40))), fired)
        data = self.the_hook.messages()[0]["data"]
        self.assertEqual((data["severity"], data["detail"]["subscription_id"]), ("critical", "11111111-aaaa"))
        self.assertIn(data["value"], (3, 4), "a day begins at dates_at")
        self.assertIn("subscription 11111111", data["title"])
        self.assertIn("60 of its units come from this subscription", data["description"])
        self.assertIn("subscribedSkus fallback", data["description"])
        broken = {"match": {"path": "subscriptions"}, "do": {"status": 500}}
        html = {"match": {"path": "subscriptions"}, "do": {"body": "<html>", "content_type": "text/html"}}
        for name, steps in {"out of order": {"faults": [broken]}, "a proxy's page": {"faults": [html]}, "back again": {}}.items():
            with self.subTest(name):
                self.assertEqual(self.read(older(ending, company("22222222-bbbb")), **steps), fired)
        with self.subTest("no permission: the SKU is enabled, and of that one subscription nothing is known"):
            self.assertEqual(self.read(older(ending, company("22222222-bbbb"), deny=["subscriptions"])), fired)
        with self.subTest("only its own recovery ends it"):
            self.assertEqual(self.read(older(company("11111111-aaaa"), company("22222222-bbbb")))[1:], [("alert.resolved", "subscription")])

    def test_what_ended_years_ago_is_no_news_while_another_one_is_in_force(self):
        old = [company(f"0000000{i}-old", status, "2021-01-01T00:00:00Z") for i, status in enumerate(("Deleted", "Suspended", "LockedOut"))]
        self.assertEqual(self.read(older(company("new"), *old)), [])
        self.assertEqual(self.read(older(company("new", "Suspended"), *old, rows=[sku(status="Suspended")]))[0], ("alert.firing", "subscription"))

    def test_units_that_a_row_does_not_name_are_none_of_it(self):
        """`lockedOut` and `suspended` came later than the list itself, and are not part of what can be used."""
        for units in ({"enabled": 100, "warning": 0}, {"enabled": 90, "warning": 10, "suspended": 7},
                      {"enabled": 100, "warning": 0, "suspended": 0, "lockedOut": 5}):
            with self.subTest(units):
                self.assertEqual(self.read(older(company("one"), rows=[{**sku(), "prepaidUnits": units}])), [])

    def test_without_the_list_the_state_of_the_sku_is_judged(self):
        dead = older(rows=[sku(status="Suspended")], deny=["subscriptions"])
        self.assertEqual(self.read(dead), [("alert.firing", "subscription")])
        self.assertIsNone(self.the_hook.messages()[0]["data"]["value"])

    def test_units_in_grace_are_told_without_the_list_and_without_an_id_of_ours(self):
        row = {**sku(60, status="Enabled"), "prepaidUnits": {"enabled": 0, "warning": 100, "suspended": 0}}
        self.assertEqual(self.read(older(rows=[row], deny=["subscriptions"])), [("alert.firing", "subscription")])
        data = self.the_hook.messages()[0]["data"]
        self.assertEqual((data["severity"], [s["state"] for s in data["subscriptions"]]), ("warning", ["warning"]))
        self.assertIn("has units in the grace period", data["title"])
        for key in ("title", "summary", "description", "next_step"):
            self.assertNotIn("sku:", data[key])
            self.assertNotIn("not known", data[key])
        self.assertEqual(self.read(older(rows=[sku(60)], deny=["subscriptions"]))[1:], [("alert.resolved", "subscription")])
        end = self.the_hook.messages()[1]["data"]
        self.assertEqual(end["subscriptions"][0]["state"], "active")
        self.assertIn("is active", end["title"])


class Switching(Scenario):
    FULL = state(pool("pool-1", 100, 101), absent=404)

    def told(self, hook):
        return [m["type"] for m in hook.messages()]

    def test_the_api_appears_and_nothing_is_raised_or_cleared_by_that(self):
        hook = self.hook()
        graph = self.graph(self.FULL)
        self.configure(graph, [hook], extra='alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; };')
        self.assertEqual(self.once(expect=0)["tenants"][0]["source"], "subscribed_skus")
        self.assertEqual(self.told(hook), ["alert.digest"])
        self.assertIn(f"sku:{E5}", [a["allotment"]["id"] for a in hook.messages()[0]["data"]["alerts"]])

        graph.change(scenario(state(pool("pool-1", 100, 101))))
        done = self.run_daemon("--once", "--json")
        self.assertIn("the Cloud Licensing API answers now and is the source again", done.stderr)
        self.assertIn('"source":"cloud_licensing"', done.stdout.replace(": ", ":"))
        self.assertEqual(self.told(hook), ["alert.digest", "alert.digest"])
        self.assertEqual([a["allotment"]["id"] for a in hook.messages()[1]["data"]["alerts"]], ["pool-1"])

        done = self.run_daemon("--once")
        self.assertNotIn("is the source again", done.stderr, "said once")
        graph.change(scenario(self.FULL))
        report = self.once(expect=1)["tenants"][0]
        self.assertEqual((report["source"], report["allotted_units"]), ("cloud_licensing", None), "it has answered: no way back")
        with self.subTest("but after the loss of all that was known"):
            shutil.rmtree(self.directory / "state")
            self.assertEqual(self.once(expect=0)["tenants"][0]["source"], "subscribed_skus")
        self.assertEqual({"alert.resolved"} & set(self.told(hook)), set())

    def test_what_was_told_before_a_switch_goes_on_being_told_and_ends_with_it(self):
        hook = self.hook()
        graph = self.graph(state(pool("pool-1", 100, 50)))
        there = {"older": 'source = "subscribed_skus";', "newer": 'source = "cloud_licensing";'}
        quick = 'alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; };'

        def read(source, consumed):
            before = len(hook.messages())
            graph.change(scenario(state(pool("pool-1", 100, consumed))))
            self.configure(graph, [hook], extra=quick, tenant_extra=there[source])
            self.once(expect=0)
            told = [(m["type"], (m["data"].get("allotment") or {}).get("id"), (m["data"].get("detail") or {}).get("reason"))
                    for m in hook.messages()[before:]]
            return sorted(told, key=str)

        for old, new in (("older", "newer"), ("newer", "older")):
            with self.subTest(f"from the {old} one to the {new} one"):
                name = {"older": f"sku:{E5}", "newer": "pool-1"}
                self.assertEqual(read(old, 50), [])
                self.assertEqual(read(old, 101), [("alert.firing", name[old], None)])
                self.assertEqual(read(new, 101), [("alert.firing", name[new], None)], "no digest, no end")
                self.assertEqual(read(new, 101), [])
                self.assertEqual(read(new, 50), sorted([("alert.resolved", name[new], None),
                                                        ("alert.resolved", name[old], "source_changed")], key=str))
                self.assertEqual(read(new, 50), [])
                shutil.rmtree(self.directory / "state")

    def test_the_log_says_from_where(self):
        self.configure(self.graph(self.FULL), [])
        self.start()
        self.wait("two readings", lambda: self.stderr().count(", from subscribedSkus") >= 2)
        self.assertEqual(self.stderr().count("/subscribedSkus is read instead"), 1)


class Foreign(Scenario):
    """Whoever stands in between is not Graph: no switch, no consent, no talk of a secret."""
    def test_a_block_page_on_every_call_is_a_proxy_and_switches_nothing(self):
        for status in (400, 403, 404, 501):
            with self.subTest(status):
                faults = [{"match": {"path": p}, "do": {"status": status, "garbage": "html"}} for p in ("allotments", "assignmentErrors")]
                hook = self.hook(f"hook{status}")
                graph = self.graph(state(pool()), faults=faults)
                self.configure(graph, [hook], extra='thresholds: { poll = { warning = "1 polls"; }; };')
                for _ in range(2):
                    tenant = self.once(expect=1)["tenants"][0]
                    self.assertEqual((tenant["source"], tenant["complete"]), ("cloud_licensing", False))
                    self.assertIn(f"HTTP {status} with text/html instead of JSON (a proxy or filter?): <!DOCTYPE html>", tenant["error"])
                self.assertEqual(graph.requests("subscribedSkus"), [])
                alarm = hook.messages()[0]["data"]
                self.assertEqual(alarm["detail"]["cause"], "network")
                self.assertNotIn("grant the application permission", alarm["next_step"])
                self.peers.remove(graph)
                graph.stop()
                shutil.rmtree(self.directory / "state")

    def test_a_captive_portal_before_the_sign_in_blames_no_secret(self):
        hook = self.hook()
        graph = self.graph(state(pool()), faults=[{"match": {"path": "token"}, "do": {"status": 403, "garbage": "html"}}])
        self.configure(graph, [hook], extra='thresholds: { poll = { warning = "1 polls"; }; };')
        self.once(expect=1)
        alarm = hook.messages()[0]["data"]
        self.assertEqual(alarm["detail"]["cause"], "network")
        self.assertIn("sign-in: HTTP 403 with text/html instead of JSON (a proxy or filter?)", alarm["next_step"])
        self.assertNotIn("secret", alarm["next_step"])

    def test_an_outage_of_the_sign_in_is_no_fault_of_the_credential_and_passes(self):
        hook = self.hook()
        busy = {"status": 503, "body": {"error": "server_error", "error_codes": [50087]}}
        graph = self.graph(state(pool()), faults=[{"match": {"path": "token"}, "at": 1, "do": busy}])
        self.configure(graph, [hook])
        self.assertTrue(self.once(expect=0)["tenants"][0]["complete"])
        self.assertEqual([m for m in hook.messages() if m["data"].get("rule") == "poll"], [])

    def test_a_503_is_trouble_of_the_service_and_asks_nobody_to_poll_less_often(self):
        hook = self.hook()
        graph = self.graph(state(pool()), faults=[{"match": {"path": "allotments"}, "do": {"status": 503}}])
        self.configure(graph, [hook], extra='thresholds: { poll = { warning = "1 polls"; }; };')
        self.once(expect=1)
        alarm = hook.messages()[0]["data"]
        self.assertEqual(alarm["detail"]["cause"], "unavailable")
        self.assertRegex(alarm["next_step"], r"since \d\d:\d\d UTC .*HTTP 503.*service health")
        self.assertNotIn("less often", alarm["next_step"])


class Absent(Scenario):
    def test_a_segment_that_does_not_exist_is_an_absent_api_at_once(self):
        graph = self.graph(state(pool("pool-1", 100, 60), absent=400))
        self.configure(graph)
        tenant = self.once(expect=0)["tenants"][0]
        self.assertEqual((tenant["source"], tenant["complete"]), ("subscribed_skus", True))
        self.assertEqual(len(graph.requests("allotments")), 1, "no option is dropped for it")

    def test_runs_of_once_fall_back_after_steady_refusals_as_the_service_does(self):
        graph = self.graph(state(pool("pool-1", 100, 60)), deny=["allotments", "assignmentErrors", "waitingMembers"])
        self.configure(graph, [self.hook()])
        first = self.once(expect=1)["tenants"][0]
        self.assertEqual((first["source"], first["complete"]), ("cloud_licensing", False))
        second = self.once(expect=0)["tenants"][0]
        self.assertEqual((second["source"], second["complete"]), ("subscribed_skus", True))


class Version(Scenario):
    """api_version is for the day on which the licensing API is no longer beta."""
    POOLS = state(pool("a", 100, 50, waiting=3), pool("b", 100, 50), pool("c", 100, 50))

    def read(self, said, version, source="auto"):
        graph = self.graph(self.POOLS, page_size=1, inline_limit=1, **{})
        graph.change(scenario(self.POOLS, page_size=1, inline_limit=1) | {"version": version})
        self.wait("the simulator has read it", lambda: "reload" in pathlib.Path(graph.ready["events"]).read_text())
        self.configure(graph, tenant_extra=f'source = "{source}"; {said}', extra='thresholds: { waiting = "off"; };')
        done = self.run_daemon("--once", "--json")
        self.peers.remove(graph)
        graph.stop()
        shutil.rmtree(self.directory / "state")
        return json.loads(done.stdout)["tenants"][0], [r["path"] for r in graph.requests() if "/admin/" in r["path"]], done

    def test_every_call_goes_below_the_version_that_is_said(self):
        for said, version in (("", "beta"), ('api_version = "v1.0";', "v1.0"), ('api_version = "v2.0";', "v2.0")):
            with self.subTest(version):
                tenant, paths, done = self.read(said, version)
                self.assertEqual((tenant["source"], tenant["complete"], tenant["allotments"], tenant["waiting_members"]),
                                 ("cloud_licensing", True, 3, 3), done.stderr)
                self.assertEqual({path.split("/admin/")[0] for path in paths}, {f"/{version}"})
                self.assertEqual({path.rsplit("/", 1)[1] for path in paths}, {"allotments", "waitingMembers", "assignmentErrors"})

    def test_where_that_version_has_no_such_api_the_older_source_is_read_and_said(self):
        tenant, paths, done = self.read('api_version = "v1.0";', "beta")
        self.assertEqual((tenant["source"], tenant["complete"], tenant["allotted_units"]), ("subscribed_skus", True, 300))
        self.assertIsNone(tenant["waiting_members"], "which that one does not know")
        self.assertTrue(all(path.startswith("/v1.0/") for path in paths), paths)
        self.assertIn("/subscribedSkus is read instead", done.stderr)

    def test_who_wants_no_other_source_is_told_to_look_at_the_version(self):
        hook = self.hook()
        graph = self.graph(self.POOLS)
        self.configure(graph, [hook], tenant_extra='source = "cloud_licensing"; api_version = "v1.0";',
                       extra='thresholds: { poll = { warning = "1 polls"; }; };')
        tenant = self.once(expect=1)["tenants"][0]
        self.assertEqual((tenant["complete"], tenant["allotted_units"]), (False, None))
        self.assertEqual(graph.requests("subscribedSkus"), [])
        self.assertIn("api_version", hook.messages()[0]["data"]["next_step"])


if __name__ == "__main__":
    unittest.main()
