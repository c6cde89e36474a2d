# SPDX-License-Identifier: MIT
"""A changed configuration: what takes over, what ends, what is kept, and what is refused."""
import collections
import contextlib
import os
import re
import shutil
import signal
import subprocess
import unittest

from clocks import Clocks
from harness import CLIENT, CLIENT_SECRET, E5, TENANT, Scenario, pool, scenario, state
from many import Many

FULL = state(pool(allotted=100, consumed=100, waiting=3))
ROUNDS = (0, 2, 5, 9, 14, 20, 30, 50)


class Reload(Scenario):
    def reload(self, text):
        said = self.stderr().count("configuration reloaded")
        self.config.write_text(text)
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the reload", lambda: self.stderr().count("configuration reloaded") > said)

    def move_tenant_to_its_own_file(self, graph):
        """The tenant of the main file goes to tenants.d; another one, disabled, stays behind."""
        text = self.config.read_text()
        start, end = text.index("tenants = ("), text.index("receivers = (")
        (self.directory / "tenants.d").mkdir()
        self.tenants = self.directory / "tenants.d/contoso.conf"
        self.tenants.write_text(text[start:end])
        other = (f'tenants = ( {{ name = "other"; tenant_id = "{TENANT[:-1]}9"; client_id = "{CLIENT}"; enabled = false; '
                 f'client_secret_file = "{self.directory}/secrets/tenant.secret"; }} );\n')
        self.config.write_text(text[:start] + other + text[end:])

    def test_a_tenant_that_is_removed_takes_its_alerts_along_and_says_so(self):
        hook = self.hook()
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.firing")
        self.reload(self.config.read_text().replace(TENANT, TENANT[:-1] + "9"))
        end = self.wait_message(hook, "alert.resolved", rule="waiting")["data"]
        self.assertEqual(end["tenant"]["id"], TENANT)
        self.assertIn("configur", end["title"] + end["summary"] + end["description"])

    def test_a_tenant_that_is_added_again_counts_on_also_after_a_restart(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        here = self.config.read_text()
        self.reload(here.replace(TENANT, TENANT[:-1] + "9"))
        ended = self.wait_message(hook, "alert.resolved", rule="waiting")["data"]
        self.stop()
        self.config.write_text(here)
        self.start()
        self.wait("it fires again", lambda: self.waiting(hook).count("alert.firing") == 2)
        fired = [m["data"] for m in hook.messages() if m["type"] == "alert.firing" and m["data"]["rule"] == "waiting"][1]
        self.assertEqual((fired["alert_id"], fired["episode"], fired["seq"]), (ended["alert_id"], 2, ended["seq"] + 1))

    def waiting(self, hook):
        return [m["type"] for m in hook.messages() if m["data"]["rule"] == "waiting"]

    def test_a_tenant_whose_id_is_written_in_upper_case_is_the_same_one(self):
        letters = "abcdef12-3456-4890-abcd-ef1234567890"
        hook = self.hook()
        graph = self.graph(FULL)
        graph.change({"tenants": [{**scenario()["tenants"][0], "id": letters, "states": [FULL]}]})
        self.configure(graph, [hook])
        text = self.config.read_text().replace(TENANT, letters)
        self.config.write_text(text)
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        self.reload(text.replace(letters, letters.upper()))
        polls = len(graph.requests("assignmentErrors"))
        self.wait("four more polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 4)
        self.assertEqual([m["type"] for m in hook.messages() if m["data"]["rule"] == "waiting"], ["alert.firing"])

    def test_a_tenants_file_that_cannot_be_read_ends_nothing(self):
        hook = self.hook()
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        self.move_tenant_to_its_own_file(graph)
        self.start()
        self.wait_message(hook, "alert.firing", rule="waiting")
        good = self.tenants.read_text()
        self.tenants.write_text(good.replace(";", "", 1) + "}}}")
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the reload", lambda: "configuration reloaded" in self.stderr() or "old one stays active" in self.stderr())
        self.tenants.write_text(good)
        self.daemon.send_signal(signal.SIGHUP)
        polls = len(graph.requests("assignmentErrors"))
        self.wait("it is read again", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
        self.assertNotIn("alert.resolved", [m["type"] for m in hook.messages() if m["data"]["rule"] == "waiting"])
        self.assertEqual(len([m for m in hook.messages() if m["data"]["rule"] == "waiting"]), 1)

    def test_limits_that_change_are_applied_to_the_last_reading_at_once(self):
        hook = self.hook()
        graph = self.graph(state(pool(allotted=100, consumed=92)))
        self.configure(graph, [hook], interval="1h")
        base = self.config.read_text().replace("thresholds: {", "thresholds: { #LIMITS#\n")
        self.assertIn("#LIMITS#", base)
        self.config.write_text(base.replace("#LIMITS#", 'usage = { warning = "95%"; };'))
        self.start()
        self.wait("the first poll", lambda: "contoso: 1 pool," in self.stderr())
        polls = len(graph.requests("allotments"))
        self.assertEqual(hook.messages(), [])
        with self.subTest("three polls in a row are asked for: this reading is enough"):
            text = base.replace("min_samples = 1", "min_samples = 3")
            self.reload(text.replace("#LIMITS#", 'usage = { warning = "70%"; };'))
            fired = self.wait_message(hook, "alert.firing", rule="usage")["data"]
            self.assertEqual((fired["value"], fired["threshold"]), (92, 70))
        with self.subTest("back again"):
            self.reload(text.replace("#LIMITS#", 'usage = { warning = "99%"; };'))
            ended = self.wait_message(hook, "alert.resolved", rule="usage")["data"]
            self.assertEqual((ended["alert_id"], ended["detail"]), (fired["alert_id"], None))
        with self.subTest("no reading shows that it has lasted"):
            self.reload(text.replace("#LIMITS#", 'usage = { warning = "70%"; for = "1m"; };'))
            self.assertEqual(len(hook.messages()), 2)
        with self.subTest("an override; and the rule that is off again"):
            self.reload(text.replace("#LIMITS#", "") +
                        'overrides = ( { match: { sku = "SPE_E5"; }; usage = { warning = "80%"; }; } );\n')
            self.wait("it fires", lambda: [m["type"] for m in hook.messages()].count("alert.firing") == 2)
            self.reload(text.replace("#LIMITS#", 'usage = "off";'))
            self.wait("it ends", lambda: [m["type"] for m in hook.messages()].count("alert.resolved") == 2)
            self.assertEqual(hook.messages()[-1]["data"]["detail"]["reason"], "rule_removed")
            self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.resolved"] * 2)
        self.assertEqual(len(graph.requests("allotments")), polls, "nothing was read meanwhile")

    def test_a_rule_that_is_switched_off_ends_its_alert(self):
        hook = self.hook()
        self.configure(self.graph(state(pool(allotted=100, consumed=95))), [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="usage")
        self.reload(self.config.read_text().replace("thresholds: {", 'thresholds: { usage = "off"; '))
        self.assertEqual(self.wait_message(hook, "alert.resolved")["data"]["rule"], "usage")

    def test_a_rule_that_does_not_look_at_pools_ends_its_alert_before_the_next_poll(self):
        hook = self.hook()
        errors = [{"id": f"e{n}", "code": "MissingDependency", "message": "m", "skuId": E5,
                   "occurrenceDateTime": "2026-11-22T01:00:00Z"} for n in range(6)]
        graph = self.graph(state(pool(), errors=errors))
        self.configure(graph, [hook], interval="1h")
        self.start()
        fired = self.wait_message(hook, "alert.firing", rule="assignment_errors")["data"]
        here = self.config.read_text()
        away = here.replace('assignment_errors = { warning = 5; critical = "off"; for = "0s"; };', 'assignment_errors = "off";')
        self.assertNotEqual(here, away)
        self.reload(away)
        ended = self.wait_message(hook, "alert.resolved", rule="assignment_errors")["data"]
        self.assertEqual((ended["alert_id"], ended["detail"]["reason"]), (fired["alert_id"], "rule_removed"))
        self.assertEqual(len(graph.requests("allotments")), 1)

    def test_a_pool_that_is_left_out_or_judged_with_its_sku_ends_its_own_alert(self):
        for change in ('overrides = ( { match: { sku = "SPE_E5"; }; ignore = "all"; } );\n', 'scope = "sku";\n'):
            with self.subTest(change):
                hook = self.hook(f"hook{len(self.peers)}")
                self.configure(self.graph(state(pool(allotted=100, consumed=95))), [hook])
                self.start()
                fired = self.wait_message(hook, "alert.firing", rule="usage")["data"]
                self.reload(self.config.read_text() + change)
                ended = self.wait_message(hook, "alert.resolved")["data"]
                self.assertEqual((ended["alert_id"], ended["detail"]["reason"]), (fired["alert_id"], "rule_removed"))
                self.stop()
                shutil.rmtree(self.directory / "state")
                (self.directory / "stderr").unlink()

    def test_an_alert_of_a_sku_goes_on_over_a_reload_whatever_the_source(self):
        for source in "cloud_licensing", "subscribed_skus":
            with self.subTest(source):
                hook = self.hook(f"hook{len(self.peers)}")
                self.configure(self.graph(state(pool(allotted=100, consumed=95))), [hook], extra='scope = "sku";\n',
                               tenant_extra=f'source = "{source}";', interval="1h")
                self.start()
                fired = self.wait_message(hook, "alert.firing", rule="usage")["data"]
                self.reload(self.config.read_text().replace("warning = 1;", "warning = 2;"))
                os.kill(self.daemon.pid, signal.SIGUSR1)
                self.wait("another poll", lambda: self.stderr().count("polled in ") == 2)
                self.assertEqual([m["data"]["alert_id"] for m in hook.messages()], [fired["alert_id"]])
                self.stop()
                shutil.rmtree(self.directory / "state")
                (self.directory / "stderr").unlink()

    def test_deliveries_on_their_way_are_not_repeated_by_a_reload(self):
        hook = self.hook()
        hook.answer([{"from": 1, "times": 1, "do": {"delay_ms": 1500}}])
        self.configure(self.graph(FULL), [hook])
        self.start()
        self.wait("the delivery begins", lambda: "polled in" in self.stderr())
        self.reload(self.config.read_text() + "\n")
        self.wait_message(hook, "alert.firing")
        ids = collections.Counter(r["headers"]["webhook-id"] for r in hook.requests())
        self.assertEqual(set(ids.values()), {1})

    def test_a_renamed_receiver_leaves_its_messages_parked_and_its_open_alerts_to_others(self):
        hook = self.hook()
        hook.answer([{"from": 1, "times": 1000, "do": {"status": 503}}])
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        self.assertEqual(self.once(expect=1)["deliveries"]["pending"], 1)
        self.config.write_text(self.config.read_text().replace('name = "hook"', 'name = "renamed"'))
        hook.answer([])
        for delivered in 1, 0:
            report = self.once(expect=1)
            self.assertEqual(report["deliveries"], {"delivered": delivered, "pending": 0, "failed": 1})
        self.assertEqual([m["data"]["reason"] for m in hook.messages()[-1:]], ["receiver_removed"])
        self.config.write_text(self.config.read_text().replace('name = "renamed"', 'name = "hook"'))
        report = self.once(expect=0)
        self.assertEqual((report["deliveries"]["delivered"], report["deliveries"]["failed"]), (1, 0))

    def test_parked_messages_of_a_receiver_that_returns_survive_a_kill_at_the_reload(self):
        hook = self.hook()
        hook.answer([{"from": 1, "times": 1, "do": {"status": 503}}])
        self.configure(self.graph(FULL), [hook], interval="1h")
        here = self.config.read_text()
        away = here.replace('name = "hook"', 'name = "renamed"')
        self.once(expect=1)
        self.config.write_text(away)
        self.assertEqual(self.once(expect=1)["deliveries"]["failed"], 1)
        shutil.copytree(self.directory / "state", self.directory / "parked")
        for delay_ms in ROUNDS:
            shutil.rmtree(self.directory / "state")
            shutil.copytree(self.directory / "parked", self.directory / "state")
            told = len(hook.messages())
            self.config.write_text(away)
            (self.directory / "stderr").unlink(missing_ok=True)
            self.start()
            self.wait("the start", lambda: "has started" in self.stderr())
            self.config.write_text(here)
            self.daemon.send_signal(signal.SIGHUP)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.daemon.wait(delay_ms / 1000)  # the moment of the kill is what is tried
            self.stop(signal.SIGKILL)
            self.once(expect=0)
            self.assertGreater(len(hook.messages()), told, f"killed after {delay_ms} ms")

    def test_polls_keep_their_rhythm(self):
        graph = self.graph(FULL)
        self.configure(graph, interval="1h")
        self.start()
        self.wait("the first poll", lambda: graph.requests("assignmentErrors"))
        for _ in range(3):
            self.reload(self.config.read_text() + "\n")
        self.assertEqual(len([r for r in graph.requests() if r["endpoint"] == "allotments"]), 1, "a reload polls nobody")


class FewOfMany(Many, Clocks):
    """Time passes as in a sleep, which a reading of half an hour's interval does not notice."""
    MINUTE = 60

    def tokens(self, graph, n):
        return len(self.seen(graph, n, "token"))

    def test_a_reload_that_touches_three_of_fifty_tenants_leaves_the_others_as_they_are(self):
        with self.same_world():
            hook = self.hook()
            nearly = {"id": "p", "skuPartNumber": "SPE_E5", "allottedUnits": 100, "consumedUnits": 96}
            full = {**nearly, "consumedUnits": 100, "waiting": {"count": 30, "since": "@now-2h"}}
            graph = self.many(51, [], interval="30m", timeout="60s", hooks=[hook], allotments=[nearly],
                              states=[{}, {"when": {"signal": True}, "allotments": [full]}])
        text = self.config.read_text()
        rows = re.findall(r'\{ name = "t\d+";.*?\}', text)
        self.config.write_text(text.replace(",\n" + rows[50], ""))
        self.start()
        self.wait("fifty alerts", lambda: len(hook.messages()) == 50)
        before = {m["data"]["tenant"]["name"]: m["data"] for m in hook.messages()}
        self.sleep(20 * self.MINUTE)
        self.config.write_text(text.replace(rows[0] + ",\n", "").replace('name = "t2";', 'name = "t2"; source = "cloud_licensing";'))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the alert of the new one", lambda: any(m["data"]["tenant"]["name"] == "t51" for m in hook.messages()))
        self.wait("the end of what the first one had", lambda: any(m["type"] == "alert.resolved" for m in hook.messages()))
        told = sorted((m["data"]["tenant"]["name"], m["type"]) for m in hook.messages()[50:])
        self.assertEqual(told, [("t1", "alert.resolved"), ("t51", "alert.firing")])
        self.assertEqual([len(self.seen(graph, n)) for n in range(1, 52)], [1] * 51, "nobody else is read out of turn")
        graph.process.send_signal(signal.SIGUSR1)
        self.sleep(15 * self.MINUTE)
        self.wait("all but the new one are read when they were due", lambda: len(hook.messages()) == 52 + 49)
        self.assertEqual([len(self.seen(graph, n)) for n in range(1, 52)], [1] + [2] * 49 + [1])
        self.assertEqual([self.tokens(graph, n) for n in range(1, 52)], [1, 2] + [1] * 49, "one sign-in; two of what was changed")
        for m in hook.messages()[52:]:
            then, now = before[m["data"]["tenant"]["name"]], m["data"]
            self.assertEqual((m["type"], now["alert_id"], now["episode"], now["seq"]),
                             ("alert.escalated", then["alert_id"], then["episode"], then["seq"] + 1))

    def test_a_token_outlasts_a_reload_unless_the_secret_on_disk_is_another(self):
        graph = self.many(1, [], interval="1h")
        self.start()
        self.wait("a reading", lambda: self.stderr().count("polled in ") == 1)
        for n, tokens in ((2, 1), (3, 2)):
            if tokens == 2:
                self.secret("tenant.secret", CLIENT_SECRET + "\n")  # rotated: the same to the simulator, and newer
            self.daemon.send_signal(signal.SIGHUP)
            self.wait("the reload", lambda: self.stderr().count("configuration reloaded") == n - 1)
            self.daemon.send_signal(signal.SIGUSR1)
            self.wait("another reading", lambda: self.stderr().count("polled in ") == n)
            self.assertEqual(self.tokens(graph, 1), tokens)


if __name__ == "__main__":
    unittest.main()
