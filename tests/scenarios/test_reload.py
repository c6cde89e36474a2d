# SPDX-License-Identifier: MIT
"""A changed configuration: what takes over, what ends, what is kept, and what is refused."""
import collections
import shutil
import signal
import unittest

from harness import CLIENT, TENANT, Scenario, pool, state

FULL = state(pool(allotted=100, consumed=100, waiting=3))


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
        self.wait("the reload", lambda: "configuration reloaded" in self.stderr() or "old one runs on" in self.stderr())
        self.tenants.write_text(good)
        self.daemon.send_signal(signal.SIGHUP)
        polls = len(graph.requests("assignmentErrors"))
        self.wait("it is read again", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
        self.assertNotIn("alert.resolved", [m["type"] for m in hook.messages() if m["data"]["rule"] == "waiting"])
        self.assertEqual(len([m for m in hook.messages() if m["data"]["rule"] == "waiting"]), 1)

    def test_a_rule_that_is_switched_off_ends_its_alert(self):
        hook = self.hook()
        self.configure(self.graph(state(pool(allotted=100, consumed=95))), [hook])
        self.start()
        self.wait_message(hook, "alert.firing", rule="usage")
        self.reload(self.config.read_text().replace("thresholds: {", 'thresholds: { usage = "off"; '))
        self.assertEqual(self.wait_message(hook, "alert.resolved")["data"]["rule"], "usage")

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

    def test_deliveries_on_their_way_are_not_repeated_by_a_reload(self):
        hook = self.hook()
        hook.answer([{"from": 1, "times": 1, "do": {"delay_ms": 1500}}])
        self.configure(self.graph(FULL), [hook])
        self.start()
        self.wait("the delivery begins", lambda: "read in" in self.stderr())
        self.reload(self.config.read_text() + "\n")
        self.wait_message(hook, "alert.firing")
        ids = collections.Counter(r["headers"]["webhook-id"] for r in hook.requests())
        self.assertEqual(set(ids.values()), {1})

    def test_a_renamed_receiver_leaves_its_messages_parked_and_visible(self):
        hook = self.hook()
        hook.answer([{"from": 1, "times": 1000, "do": {"status": 503}}])
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        self.assertEqual(self.once(expect=1)["deliveries"]["pending"], 1)
        self.config.write_text(self.config.read_text().replace('name = "hook"', 'name = "renamed"'))
        report = self.once(expect=1)
        self.assertEqual((report["deliveries"]["pending"], report["deliveries"]["failed"]), (0, 1))

    def test_polls_keep_their_rhythm_and_the_token_is_asked_for_once_per_reload(self):
        graph = self.graph(FULL)
        self.configure(graph, interval="1h")
        self.start()
        self.wait("the first poll", lambda: graph.requests("assignmentErrors"))
        for _ in range(3):
            self.reload(self.config.read_text() + "\n")
        self.assertEqual(len([r for r in graph.requests() if r["endpoint"] == "allotments"]), 1, "a reload polls nobody")


if __name__ == "__main__":
    unittest.main()
