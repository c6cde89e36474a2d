# SPDX-License-Identifier: MIT
"""Not known is never fine: half-read, refused, emptied and hostile answers raise and clear nothing
that the data does not show. The simulator's ledger is the truth."""
import unittest

from harness import E5, Scenario, pool, state

FIRING = state(pool(allotted=100, consumed=100, waiting=3))
WELL = pool(allotted=100, consumed=10)


class Unknown(Scenario):
    def polls(self, graph):
        return [r for r in graph.requests() if r.get("endpoint") == "allotments" and not r["continuation"]]

    def nothing_resolves(self, hook, graph, n):
        """n more polls begin, and nobody hears "resolved"."""
        have = len(self.polls(graph))
        self.wait(f"{n} more polls", lambda: len(self.polls(graph)) >= have + n)
        self.assertNotIn("alert.resolved", [m["type"] for m in hook.messages()])

    def test_a_date_beyond_all_sense_is_not_known_and_the_alert_is_told_once(self):
        hook = self.hook()
        member = {"id": "w", "waitingSinceDateTime": "2299-12-31T00:00:00Z"}
        self.configure(self.graph(state(pool(allotted=100, consumed=105) | {"waiting": [member]})), [hook])
        for _ in range(3):
            tenant = self.once(expect=0)["tenants"][0]
            self.assertEqual((tenant["waiting_members"], tenant["oldest_waiting_since"]), (1, None))
        (message,) = hook.messages()
        self.assertEqual((message["type"], message["data"]["allotment"]["oldest_waiting_since"]), ("alert.firing", None))

    def test_a_failing_list_resolves_nothing(self):
        hook = self.hook()
        graph = self.graph(FIRING, state(WELL, poll=3),
                           faults=[{"match": {"path": "allotments"}, "from": 3, "times": 1000, "do": {"status": 500}}])
        self.configure(graph, [hook], tenant_extra='interval = "1s";')
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        self.nothing_resolves(hook, graph, 8)

    def test_an_unread_waiting_room_holds_its_own_rules_only(self):
        hook = self.hook()
        graph = self.graph(state(pool("p", 100, 50, waiting=3)), state(pool("p", 100, 99, waiting=2), poll=2), inline_limit=0,
                           faults=[{"match": {"path": "waitingMembers"}, "from": 2, "times": 1000, "do": {"status": 403}}])
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        self.nothing_resolves(hook, graph, 4)
        self.assertEqual(self.stop(), 0)
        (alert,) = [a for a in self.once(expect=1)["alerts"] if a["rule"] != "poll"]
        self.assertEqual((alert["state"], alert["rule"]), ("firing", "waiting"))

    def test_an_emptied_list_is_a_fault_of_the_reading(self):
        hook = self.hook()
        graph = self.graph(FIRING, state(poll=3))
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        alarm = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertIn("Directory.Read.All", alarm["next_step"] + alarm["description"])
        self.nothing_resolves(hook, graph, 3)

    def test_a_refused_permission_alarms_at_once_and_clears_nothing(self):
        hook = self.hook()
        graph = self.graph(FIRING, faults=[{"match": {"path": "allotments"}, "from": 3, "times": 1000, "do": {"status": 403}}])
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        alarm = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertEqual(alarm["detail"]["cause"], "permission")
        self.nothing_resolves(hook, graph, 2)

    def test_one_401_renews_the_token_once_and_costs_nothing(self):
        graph = self.graph(FIRING, faults=[{"match": {"path": "allotments"}, "at": [1], "do": {"status": 401}}])
        self.configure(graph)
        report = self.once()
        self.assertTrue(report["tenants"][0]["complete"], report)
        self.assertEqual(len(graph.requests("/oauth2/v2.0/token")), 2)

    def test_a_second_401_is_a_refused_sign_in(self):
        hook = self.hook()
        graph = self.graph(FIRING, faults=[{"match": {"path": "allotments"}, "from": 1, "times": 1000, "do": {"status": 401}}])
        self.configure(graph, [hook])
        report = self.once(expect=1)
        self.assertFalse(report["tenants"][0]["complete"])
        self.assertLessEqual(len(graph.requests("/oauth2/v2.0/token")), 2)
        self.assertEqual([m["data"]["detail"]["cause"] for m in hook.messages()], ["auth"])

    def test_a_wrong_secret_is_said_with_what_to_do(self):
        graph = self.graph(FIRING, client_secret="another")
        self.configure(graph)
        report = self.once(expect=1)
        tenant = report["tenants"][0]
        self.assertFalse(tenant["complete"])
        self.assertIn("7000215", tenant["error"])
        self.assertIsNone(tenant["allotments"])
        self.assertIsNone(tenant["consumed_units"])

    def test_retry_after_is_obeyed(self):
        graph = self.graph(FIRING, faults=[{"match": {"path": "allotments"}, "at": [1],
                                            "do": {"status": 429, "headers": {"Retry-After": "2"}}}])
        self.configure(graph)
        report = self.once()
        self.assertTrue(report["tenants"][0]["complete"], report)
        first, second = [r["time_us"] for r in self.polls(graph)][:2]
        self.assertGreaterEqual(second - first, 1_900_000)

    def test_a_foreign_next_link_is_never_followed(self):
        for kind in ("foreign", "off_prefix", "userinfo", "repeat", "http"):
            with self.subTest(kind):
                graph = self.graph(state(pool("a"), pool("b"), pool("c")), page_size=1,
                                   faults=[{"match": {"path": "allotments"}, "from": 1, "times": 1000, "do": {"next_link": kind}}])
                self.configure(graph, tls=kind == "http")
                tenant = self.once(expect=1)["tenants"][0]
                self.assertFalse(tenant["complete"], kind)
                self.assertIsNone(tenant["consumed_units"], kind)
                self.peers.pop().stop()

    def test_broken_bodies_are_not_obtained_and_never_empty(self):
        for kind in ("html", "truncated_json", "bad_utf8", "empty", "bomb"):
            with self.subTest(kind):
                graph = self.graph(FIRING, faults=[{"match": {"path": "allotments"}, "from": 1, "times": 1000, "do": {"garbage": kind}}])
                self.configure(graph)
                tenant = self.once(expect=1)["tenants"][0]
                self.assertFalse(tenant["complete"], kind)
                self.assertIsNone(tenant["allotments"], kind)
                self.peers.pop().stop()

    def test_cut_and_closed_answers_are_tried_again(self):
        for do in ({"cut_after": 40}, {"close": True}, {"status": 503}):
            with self.subTest(str(do)):
                graph = self.graph(FIRING, faults=[{"match": {"path": "allotments"}, "at": [1], "do": do}])
                self.configure(graph)
                self.assertTrue(self.once()["tenants"][0]["complete"], do)
                self.peers.pop().stop()

    def test_a_pool_that_is_replaced_hands_its_alert_over_silently(self):
        hook = self.hook()
        graph = self.graph(state(pool("old", 100, 99)), state(pool("new", 100, 99), poll=3), state(pool("new", 100, 10), poll=6))
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.resolved")
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.resolved"])
        self.assertEqual(hook.messages()[1]["data"]["allotment"]["id"], "new")

    def test_a_pool_that_is_gone_is_told_after_its_absence(self):
        hook = self.hook()
        rest = [pool(f"stays-{n}", 100, 1, sku=E5) for n in range(3)]
        graph = self.graph(state(pool("goes", 100, 50, sku="0000000a-0000-4000-8000-000000000000", part="X"), *rest), state(*rest, poll=3))
        self.configure(graph, [hook], extra='alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; first_run = "each"; absence = "2s"; };')
        self.start()
        gone = self.wait_message(hook, "alert.firing", rule="allotment_gone")["data"]
        self.assertEqual(gone["allotment"]["id"], "goes")
        self.nothing_resolves(hook, graph, 2)


if __name__ == "__main__":
    unittest.main()
