#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Numbers of one pool that cannot be used, while its neighbours are fine."""
import unittest

from harness import E3, Scenario, pool, scenario, state

THRESHOLDS = 'thresholds: { poll = { warning = "2 polls"; critical = "off"; }; };'


def odd(member="consumedUnits", text="null"):
    return pool("b", 100, 50, sku=E3, part="SPE_E3", json={member: text})


class Unusable(Scenario):
    def test_it_is_told_with_pool_and_member_outlasts_a_restart_and_ends_with_good_numbers(self):
        hook = self.hook()
        graph = self.graph(state(pool("a", 100, 50), odd()))
        self.configure(graph, [hook], extra=THRESHOLDS)
        self.start()
        alarm = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertEqual((alarm["severity"], alarm["detail"]["cause"]), ("warning", "unusable_numbers"))
        self.assertIn("the numbers of a pool cannot be used: b (SPE_E3): consumedUnits", alarm["title"])
        self.assertIn("admin center", alarm["next_step"])
        self.stop()
        polls = self.stderr().count("polled in")
        self.start()
        self.wait("three more polls", lambda: self.stderr().count("polled in") >= polls + 3)
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing"])
        graph.change(scenario(state(pool("a", 100, 50), pool("b", 100, 50, sku=E3, part="SPE_E3"))))
        end = self.wait_message(hook, "alert.resolved", rule="poll")["data"]
        self.assertEqual(end["alert_id"], alarm["alert_id"])

    def test_a_pool_that_is_gone_is_no_trouble_any_more(self):
        hook = self.hook()
        graph = self.graph(state(pool("a", 100, 50), pool("c", 100, 50), odd("allottedUnits", '"many"')))
        self.configure(graph, [hook], extra=THRESHOLDS)
        self.start()
        self.assertIn("b (SPE_E3): allottedUnits", self.wait_message(hook, "alert.firing", rule="poll")["data"]["title"])
        graph.change(scenario(state(pool("a", 100, 50), pool("c", 100, 50))))
        self.wait_message(hook, "alert.resolved", rule="poll")

    def test_once_says_it_at_once(self):
        self.configure(self.graph(state(pool("a", 100, 50), odd(text="-3"))))
        why = "the numbers of a pool cannot be used: b (SPE_E3): consumedUnits"
        tenant = self.once(expect=1)["tenants"][0]
        self.assertEqual((tenant["complete"], tenant["error"], tenant["allotments"]), (False, why, 2))
        self.assertEqual((tenant["allotted_units"], tenant["consumed_units"]), (None, None))
        done = self.run_daemon("--once")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"contoso: not polled completely: {why}\n", done.stdout)

    def test_units_of_the_older_source_too(self):
        row = {"id": "t_s", "skuId": E3, "skuPartNumber": "SPE_E3", "consumedUnits": 5, "capabilityStatus": "Enabled", "appliesTo": "User",
               "prepaidUnits": {"enabled": 10, "warning": None, "suspended": 0}}
        good = {**row, "id": "t_g", "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "skuPartNumber": "SPE_E5",
                "prepaidUnits": {"enabled": 10, "warning": 0, "suspended": 0}}
        self.configure(self.graph(state(subscribedSkus=[row, good])), tenant_extra='source = "subscribed_skus";')
        self.assertEqual(self.once(expect=1)["tenants"][0]["error"],
                         "the numbers of a pool cannot be used: SPE_E3: prepaidUnits.warning")


if __name__ == "__main__":
    unittest.main()
