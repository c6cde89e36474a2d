# SPDX-License-Identifier: MIT
"""The main job over TLS: what a receiver hears while a tenant runs out and recovers."""
import unittest

from harness import E3, E5, TENANT, Scenario, pool, state

ERRORS = [{"id": f"e{n}", "code": "MissingDependency", "message": "m", "skuId": E5,
           "occurrenceDateTime": "2026-11-22T01:00:00.1234567+00:00"} for n in range(6)]


class Story(Scenario):
    def test_a_pool_fills_people_wait_units_are_bought(self):
        hook = self.hook()
        graph = self.graph(state(pool(allotted=1000, consumed=500)),
                           state(pool(allotted=1000, consumed=940), poll=2),
                           state(pool(allotted=1000, consumed=1000, waiting=26), poll=3),
                           state(pool(allotted=1200, consumed=1026), poll=5))
        self.configure(graph, [hook], tls=True)
        self.start()
        first = self.wait_message(hook, "alert.firing")["data"]
        self.assertEqual((first["rule"], first["severity"], first["value"], first["threshold"], first["unit"]),
                         ("usage", "warning", 94, 90, "percent"))
        worse = self.wait_message(hook, "alert.escalated")["data"]
        self.assertEqual((worse["rule"], worse["severity"], worse["previous_severity"]), ("waiting", "critical", "warning"))
        self.assertEqual((worse["value"], worse["threshold"], worse["unit"]), (26, 25, "members"))
        self.assertEqual((worse["units_to_unblock"], worse["units_to_buy"]), (26, 166))
        self.assertIn("26 waiting", worse["title"])
        self.assertIn("26 units needed", worse["title"])
        self.assertEqual(worse["allotment"]["waiting_members"], 26)
        self.assertEqual(worse["sku"]["part_number"], "SPE_E5")
        self.assertEqual(worse["tenant"], {"name": "contoso", "id": TENANT, "labels": {"group": "gold"}})
        end = self.wait_message(hook, "alert.resolved")["data"]
        self.assertEqual(end["state"], "resolved")
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.escalated", "alert.resolved"])
        data = [m["data"] for m in hook.messages()]
        self.assertEqual(len({d["alert_id"] for d in data}), 1)
        self.assertEqual(len({d["episode"] for d in data}), 1)
        self.assertEqual([d["seq"] for d in data], sorted(d["seq"] for d in data))
        self.assertTrue(all(r["signature"] == "ok" for r in hook.requests()))
        self.assertEqual(self.stop(), 0)

    def test_each_pool_of_a_sku_is_judged_alone_and_room_is_named(self):
        hook = self.hook()
        graph = self.graph(state(pool("full", 50, 50, waiting=2), pool("roomy", 50, 5), pool("other", 10, 1, sku=E3, part="SPE_E3")))
        self.configure(graph, [hook])
        self.once(expect=0)
        (message,) = hook.messages()
        self.assertEqual((message["data"]["allotment"]["id"], message["data"]["rule"]), ("full", "waiting"))
        self.assertIn("45", message["data"]["next_step"], "the room in the other pool is named")

    def test_a_full_pool_with_nobody_waiting_is_quiet_while_another_has_room(self):
        hook = self.hook()
        graph = self.graph(state(pool("full", 50, 50), pool("roomy", 50, 5)))
        self.configure(graph, [hook])
        self.assertEqual(self.once(expect=0)["alerts"], [])
        self.assertEqual(hook.requests(), [])

    def test_waiting_although_units_are_free_says_do_not_buy(self):
        hook = self.hook()
        self.configure(self.graph(state(pool(allotted=100, consumed=50, waiting=4))), [hook])
        self.once(expect=0)
        (message,) = hook.messages()
        self.assertEqual(message["data"]["units_to_unblock"], 0)
        self.assertIn("do not buy", " ".join((message["data"]["title"], message["data"]["summary"], message["data"]["next_step"])))

    def test_assignment_errors_are_one_alert_per_sku_and_code(self):
        hook = self.hook()
        other = [dict(e, id=e["id"] + "x", code="CountViolation", skuId=None) for e in ERRORS]
        graph = self.graph(state(pool(), errors=ERRORS + other), state(pool(), errors=other, poll=3))
        self.configure(graph, [hook])
        self.start()
        gone = self.wait_message(hook, "alert.resolved")["data"]
        self.assertEqual(gone["detail"]["code"], "MissingDependency")
        firing = [m["data"] for m in hook.messages() if m["type"] == "alert.firing"]
        self.assertEqual({f["detail"]["code"] for f in firing}, {"MissingDependency", "CountViolation"})
        self.assertTrue(all(f["value"] == 6 and f["unit"] == "errors" for f in firing))
        self.assertEqual(len({f["alert_id"] for f in firing}), 2)

    def test_free_skus_and_ignored_ones_are_counted_and_not_told(self):
        hook = self.hook()
        graph = self.graph(state(pool("free", 10000, 10000, sku="f30db892-07e9-47e9-837c-80727f46fd3d", part="FLOW_FREE"),
                                 pool("mine", 100, 99), pool("left-out", 100, 100, sku=E3, part="SPE_E3")))
        self.configure(graph, [hook], extra='overrides = ( { match: { sku = "SPE_E5"; }; ignore = "alerts"; },'
                                            ' { match: { sku = "SPE_E3"; }; ignore = "all"; } );')
        report = self.once(expect=0)
        self.assertEqual(hook.requests(), [])
        self.assertGreaterEqual(report["tenants"][0]["allotments"], 2)

    def test_overrides_change_the_limits_of_one_pool(self):
        hook = self.hook()
        graph = self.graph(state(pool("a", 100, 92), pool("b", 1000, 985, sku=E3, part="SPE_E3")))
        self.configure(graph, [hook], extra='overrides = ( { match: { sku = "SPE_E5"; }; usage = { warning = "95%"; }; },'
                                            ' { match: { allotment = "b"; }; remaining = { warning = 50; critical = 20; }; } );')
        self.once(expect=0)
        (message,) = hook.messages()
        d = message["data"]
        self.assertEqual((d["allotment"]["id"], d["rule"], d["severity"], d["value"], d["threshold"]), ("b", "remaining", "critical", 15, 20))

    def test_what_is_already_so_comes_as_one_digest_and_then_only_worse_is_told(self):
        hook = self.hook()
        graph = self.graph(state(pool("a", 100, 95), pool("b", 100, 96, sku=E3, part="SPE_E3")),
                           state(pool("a", 100, 100), pool("b", 100, 96, sku=E3, part="SPE_E3"), poll=4))
        self.configure(graph, [hook], extra='alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; };'
                                            'overrides = ( { match: { allotment = "a"; }; usage = { warning = "90%"; critical = "99%"; }; } );')
        self.start()
        digest = self.wait_message(hook, "alert.digest")["data"]
        self.assertEqual((digest["reason"], digest["part"], digest["parts"]), ("first_run", 1, 1))
        self.assertEqual({a["allotment"]["id"] for a in digest["alerts"]}, {"a", "b"})
        self.assertEqual(digest["counts"], [{"rule": "usage", "severity": "warning", "count": 2}])
        worse = self.wait(
            "only pool a speaks again", lambda: [m for m in hook.messages() if m["type"] in ("alert.firing", "alert.escalated")])
        self.assertEqual(worse[0]["data"]["allotment"]["id"], "a")
        self.assertEqual(len(hook.messages()), 2)

    def test_subscriptions_speak_for_themselves(self):
        hook = self.hook()
        sub = {"subscriptionId": "s-1", "startDate": "2026-01-01", "nextLifecycleDate": "2099-01-01", "state": "active", "tags": "none"}
        graph = self.graph(state(pool("p", 100, 10, subscriptions=[sub])),
                           state(pool("p", 100, 10, subscriptions=[dict(sub, state="warning")]), poll=2),
                           state(pool("p", 100, 10, subscriptions=[dict(sub, state="suspended")]), poll=4),
                           state(pool("p", 100, 10, subscriptions=[sub]), poll=6))
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.resolved", rule="subscription")
        told = [(m["type"], m["data"]["severity"]) for m in hook.messages() if m["data"]["rule"] == "subscription"]
        self.assertEqual(told, [("alert.firing", "warning"), ("alert.escalated", "critical"), ("alert.resolved", "critical")])
        self.assertEqual(hook.messages()[0]["data"]["detail"]["subscription_id"], "s-1")


if __name__ == "__main__":
    unittest.main()
