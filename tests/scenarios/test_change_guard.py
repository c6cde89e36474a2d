# SPDX-License-Identifier: MIT
"""Lists that change more than licences do: empty, half gone, or with fewer units than yesterday. What looks like a
fault of the reading is held until it has been so for some complete polls; what only an order can have done is told."""
import shutil
import unittest

from clocks import HOUR, Clocks
from harness import E5, pool, scenario, state

MANY = [pool(f"p{n}", 100, 50, sku=f"0000000{n}-0000-4000-8000-000000000000", part=f"SKU_{n}") for n in range(5)]
ALERTS = ('alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; first_run = "each"; absence = "2s"; };')
DAY = 24 * HOUR


class Changing(Clocks):
    def begin(self, *pools):
        with self.same_world():
            hook, graph = self.hook(), self.graph(state(*pools))
        self.configure(graph, [hook], extra=ALERTS)
        self.start()
        self.more_polls(2)
        return hook, graph

    def more_polls(self, n):
        read = self.stderr().count("polled in")
        self.wait(f"{n} more polls", lambda: self.stderr().count("polled in") >= read + n)

    def told(self, hook):
        return [(m["type"], m["data"]["rule"], (m["data"]["allotment"] or {}).get("id")) for m in hook.messages()]


class ChangeGuard(Changing):
    def test_an_empty_list_is_held_for_as_long_as_it_is_empty(self):
        full = pool("p0", 100, 100, waiting=3)
        hook, graph = self.begin(full, *MANY[1:])
        self.wait_message(hook, "alert.firing", rule="waiting")
        graph.change(scenario(state()))
        self.wait_message(hook, "alert.firing", rule="poll")
        self.more_polls(5)
        self.assertEqual([m[:2] for m in self.told(hook)], [("alert.firing", "waiting"), ("alert.firing", "poll")])
        alarm = hook.messages()[-1]["data"]
        self.assertEqual((alarm["detail"]["cause"], alarm["detail"]["source"]), ("emptied", "cloud_licensing"))
        self.stop()
        self.start()  # what was known before outlasts a restart, and that alone is no news
        self.more_polls(3)
        self.assertEqual(len(hook.messages()), 2)
        graph.change(scenario(state(full, *MANY[1:])))
        self.wait_message(hook, "alert.resolved", rule="poll")
        self.more_polls(3)
        self.assertEqual(len(hook.messages()), 3, "who waited still does, and nothing is gone")

    def test_consumption_of_0_in_all_pools_at_once_is_held_until_one_shows_use(self):
        used = [pool(f"p{n}", 100, 100 if n < 3 else 40, sku=f"0000000{n}-0000-4000-8000-000000000000", part=f"SKU_{n}")
                for n in range(8)]
        zero = [dict(p, consumedUnits=0) for p in used]
        hook, graph = self.begin(*used)
        self.wait("three full pools are told", lambda: len(hook.messages()) >= 3)
        graph.change(scenario(state(*zero)))
        alarm = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertEqual((alarm["detail"]["cause"], alarm["severity"]), ("zero_consumption", "warning"))
        self.assertIn("no consumed units", alarm["title"])
        self.more_polls(4)
        self.assertEqual(len(hook.messages()), 4, "nothing is over")
        self.stop()
        self.start()  # what was in use outlasts a restart, and so does the hold
        self.more_polls(3)
        self.sleep(DAY - HOUR)
        self.more_polls(3)
        self.assertEqual({m["type"] for m in hook.messages()} & {"alert.resolved"}, set())
        self.sleep(2 * HOUR)
        self.wait("after a day it is believed", lambda: sum(m[0] == "alert.resolved" for m in self.told(hook)) == 4)
        graph.change(scenario(state(*used)))
        self.wait("they are full again", lambda: [m[0] for m in self.told(hook)].count("alert.firing") == 7)

    def test_most_pools_gone_at_once_is_a_fault_first_and_a_loss_when_it_stays_so(self):
        hook, graph = self.begin(*MANY)
        graph.change(scenario(state(*MANY[:2])))
        alarm = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertEqual(alarm["detail"]["cause"], "mass_disappearance")
        self.wait("each that stays away is told", lambda: len(hook.messages()) >= 4)
        self.assertEqual(hook.messages()[0]["data"]["rule"], "poll", "the fault comes before the losses")
        gone = [m for m in self.told(hook) if m[1] == "allotment_gone"]
        self.assertEqual(sorted(gone), [("alert.firing", "allotment_gone", f"p{n}") for n in (2, 3, 4)])
        graph.change(scenario(state(*MANY)))
        self.wait("they are back", lambda: sum(m[0] == "alert.resolved" for m in self.told(hook)) == 4)

    def test_a_list_that_is_short_for_a_single_poll_is_no_loss(self):
        hook = self.hook()
        graph = self.graph(state(*MANY), state(*MANY[:2], poll=3), state(*MANY, poll=4))
        self.configure(graph, [hook], extra=ALERTS)
        self.start()
        self.more_polls(8)
        self.assertNotIn("allotment_gone", [m[1] for m in self.told(hook)])
        self.assertEqual([m[:2] for m in self.told(hook)], [("alert.firing", "poll"), ("alert.resolved", "poll")])

    def test_once_shows_no_number_that_is_not_believed(self):
        """Emptied, without consumption, or of another schema: null, incomplete, an error, exit 1."""
        zero = [dict(p, consumedUnits=0) for p in MANY]
        other = [dict(p, json={"consumedUnits": ""}) for p in MANY]
        for what, pools, words in (("emptied", [], "lists no licences"), ("zero", zero, "no consumed units"),
                                   ("schema", other, "missing in every row")):
            with self.subTest(what):
                shutil.rmtree(self.directory / "state", ignore_errors=True)
                self.configure(self.graph(state(*MANY), state(*pools, poll=2)), extra=ALERTS)
                self.assertTrue(self.once(expect=0)["tenants"][0]["complete"])
                report = self.once(expect=1)
                tenant = report["tenants"][0]
                self.assertFalse(tenant["complete"])
                self.assertIn(words, tenant["error"])
                self.assertEqual([tenant[k] for k in ("allotments", "allotted_units", "consumed_units", "waiting_members",
                                                      "oldest_waiting_since", "skus")], [None] * 6)
                self.assertEqual(tenant["assignment_errors"], None if what == "emptied" else 0)
                self.assertEqual(report["pools"], [])
                text = self.run_daemon("--once")
                self.assertEqual(text.returncode, 1, text.stdout)
                self.assertIn("not polled completely", text.stdout)
                self.assertIn(words, text.stdout)
                self.assertNotIn(" 0 of ", text.stdout)

    def test_units_that_are_all_gone_at_once_are_believed(self):
        """Every pool is listed, with a number that is valid: that is no shape of a lost permission or of a broken answer,
        but what Graph shows when subscriptions end. Held back it would be people without licences and nobody told."""
        hook, graph = self.begin(*MANY)
        graph.change(scenario(state(*(dict(p, allottedUnits=0) for p in MANY))))
        self.wait("each pool is told", lambda: len(hook.messages()) >= 5)
        self.more_polls(2)
        self.assertEqual(len(hook.messages()), 5)
        for m in hook.messages():
            self.assertEqual((m["type"], m["data"]["severity"]), ("alert.firing", "critical"))
            self.assertIn("capacity_drop", m["data"]["findings"])


class CapacityDrop(Changing):
    def drop(self):
        hook, graph = self.begin(pool("p", 100, 50, sku=E5))
        graph.change(scenario(state(pool("p", 80, 50, sku=E5))))
        alarm = self.wait_message(hook, "alert.firing")["data"]
        self.assertEqual((alarm["rule"], alarm["value"], alarm["unit"], alarm["severity"]), ("capacity_drop", 20.0, "percent", "warning"))
        self.assertEqual((alarm["detail"]["reference_units"], alarm["allotment"]["allotted_units"]), (100, 80))
        self.assertRegex(alarm["title"] + alarm["description"], r"100\D.*80|80\D.*100")
        return hook, graph

    def test_a_restart_keeps_what_there_was_and_restored_units_end_it(self):
        hook, graph = self.drop()
        self.stop()
        self.start()
        self.more_polls(3)
        self.assertEqual(len(hook.messages()), 1)
        graph.change(scenario(state(pool("p", 99, 50, sku=E5))))
        self.more_polls(3)
        self.assertEqual(len(hook.messages()), 1, "what there was is the measure, not what there is")
        graph.change(scenario(state(pool("p", 100, 50, sku=E5))))
        end = self.wait_message(hook, "alert.resolved")["data"]
        self.assertEqual((end["rule"], end["detail"]), ("capacity_drop", {"reason": "restored"}))

    def test_after_a_week_it_is_the_new_normal_and_says_so(self):
        hook, _ = self.drop()
        self.sleep(6 * DAY)
        self.more_polls(3)
        self.assertEqual(len(hook.messages()), 1)
        self.sleep(2 * DAY)
        end = self.wait_message(hook, "alert.resolved")["data"]
        self.assertEqual((end["rule"], end["detail"]["reason"]), ("capacity_drop", "new_normal"))
        self.assertIn("no longer reported: ", end["title"])
        self.assertIn("not because the units came back", end["description"])
        self.more_polls(2)
        self.assertEqual(len(hook.messages()), 2)


if __name__ == "__main__":
    unittest.main()
