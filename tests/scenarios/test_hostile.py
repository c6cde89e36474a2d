# SPDX-License-Identifier: MIT
"""Hostile answers: whatever comes instead of a good one, the daemon lives, talks to nobody else, and
neither raises nor clears anything. What to say of its own reading is all that it may."""
import json
import re
import unittest

from hostile import Foreign, Front, answer
from hostile_table import TABLES
from harness import CLIENT, CLIENT_SECRET, E3, TENANT, Scenario, pool, state

GOOD = "control: the good answer itself"
WHAT = ("alert_id", "episode", "state", "severity", "rule", "allotment_id", "value", "threshold", "since")


class Hostile(Scenario):
    def setUp(self):
        super().setUp()
        self.foreign = [Foreign("127.0.0.2"), Foreign("::1")]
        for listener in self.foreign:
            self.addCleanup(listener.stop)

    def tenants(self, cases, **how):
        """A tenant a case, each with alerts: somebody waits for a full pool, a group of errors; and
        with a pool that is quiet."""
        self.sim = self.graph(state(pool("full", 100, 100, waiting=3), pool("quiet", 100, 50, sku=E3, part="SPE_E3"),
                                    errors=[{"count": 6, "code": "MissingDependency"}]), copies=len(cases), **how)
        upstream = int(self.sim.ready["http"].rsplit(":", 1)[1])
        self.fronts = {name: Front(upstream, self.foreign, make) for name, make in cases.items()}
        for front in self.fronts.values():
            self.addCleanup(front.stop)
        self.receiver = self.hook()

    def poll(self, attacked=None, timeout="60s"):
        """One poll of everybody with `attacked` under attack: exit code and report."""
        rows = []
        for i, (name, front) in enumerate(self.fronts.items()):
            front.attacked, root = attacked, f"http://127.0.0.1:{front.port}"
            identity = f"{TENANT[:-12]}{i:012}" if i else TENANT
            rows.append(f'{{ name = "t{i:03}"; tenant_id = "{identity}"; client_id = "{CLIENT}"; '
                        f'client_secret_file = "{self.directory}/secrets/tenant.secret"; graph_url = "{root}"; login_url = "{root}"; }}')
        self.configure(self.sim, [self.receiver])
        text = self.config.read_text()
        at, end = text.index("tenants = ("), text.index("receivers = (")
        text = text[:at] + f'tenants = ( {", ".join(rows)} );\n' + text[end:]
        self.config.write_text(text.replace('timeout = "20s";', f'timeout = "{timeout}"; concurrency = 512;'))
        done = self.run_daemon("--once", "--json", timeout=300)
        self.assertIn(done.returncode, (0, 1), done.stderr[-3000:])
        for word in ("Sanitizer", "runtime error"):
            self.assertNotIn(word, done.stderr)
        return done.returncode, json.loads(done.stdout)

    def alerts(self, report):
        """What is alerted, by case: not about the reading itself, and not in which words."""
        found = {name: [] for name in self.fronts}
        for alert in report["alerts"]:
            if alert["rule"] != "poll":
                found[list(self.fronts)[int(alert["tenant"][1:])]].append({key: alert[key] for key in WHAT})
        return {name: sorted(alerts, key=lambda a: a["alert_id"]) for name, alerts in found.items()}

    def told(self):
        return [m for m in self.receiver.messages() if m["data"]["rule"] != "poll"]

    def attack(self, endpoint, **how):
        cases = {GOOD: lambda g: answer(g.body), **TABLES[endpoint]}
        self.tenants(cases, **how)
        code, report = self.poll()
        before, told = self.alerts(report), self.told()
        self.assertEqual((code, [t["error"] for t in report["tenants"] if not t["complete"]]), (0, []))
        self.assertEqual({len(alerts) for alerts in before.values()}, {2})
        self.assertEqual(len(told), 2 * len(cases))

        for attempt in range(6):  # on a busy machine some do not come as far as the list in question
            _, report = self.poll(attacked=endpoint, timeout=f"{6 << min(attempt, 3)}s")
            if all(front.hits for front in self.fronts.values()) and report["tenants"][0]["complete"]:
                break
        after = self.alerts(report)
        for name, front in self.fronts.items():
            with self.subTest(name):
                self.assertEqual(after[name], before[name])
                self.assertGreater(front.hits, 0)
        self.assertEqual([(m["type"], m["data"]["summary"]) for m in self.told()[len(told):]], [])
        self.assertTrue(report["tenants"][0]["complete"], report["tenants"][0])

        code, report = self.poll()
        self.assertEqual((code, self.alerts(report)), (0, before))
        self.assertEqual(len(self.told()), len(told))
        self.assertEqual([f.connections for f in self.foreign], [0, 0])

    def test_of_allotments(self):
        self.attack("allotments")

    def test_of_waiting_members(self):
        self.attack("waitingMembers", inline="omit")

    def test_of_assignment_errors(self):
        self.attack("errors")

    def test_of_the_sign_in(self):
        self.attack("token")

    def test_a_foreign_listener_counts_who_comes(self):
        for listener in self.foreign:
            self.configure(self.graph(state()))
            self.config.write_text(re.sub('(graph|login)_url = "[^"]*"', rf'\1_url = "{listener.root}"', self.config.read_text()))
            self.once(expect=1)
            self.assertGreater(listener.connections, 0)


if __name__ == "__main__":
    unittest.main()
