# SPDX-License-Identifier: MIT
"""First polls of several tenants share one digest, also when the daemon is killed while it waits."""
import json
import signal
import sqlite3
import unittest

from harness import CLIENT, CLIENT_SECRET, Scenario, pool, state

TENANTS = {f"3333333{i}-2222-4333-8444-555555555555": f"tenant{i}" for i in range(3)}
BASELINE = 'alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; };\n'


class FirstDigest(Scenario):
    def begin(self, faults=()):
        self.told = self.hook()
        others = [{"id": t, "client_id": CLIENT, "client_secret": CLIENT_SECRET, "scope": "https://graph.microsoft.com/.default",
                   "states": [state(pool(f"pool-{t[:8]}", 100, 95))]} for t in TENANTS]
        graph = self.graph(state(pool("a", 100, 95)), others=others, faults=faults)
        self.configure(graph, [self.told], extra=BASELINE)
        (self.directory / "tenants.d").mkdir()
        root, secret = graph.ready["http"], self.directory / "secrets/tenant.secret"
        for tenant, name in TENANTS.items():
            (self.directory / f"tenants.d/{name}.conf").write_text(
                f'tenants = ( {{ name = "{name}"; tenant_id = "{tenant}"; client_id = "{CLIENT}"; client_secret_file = "{secret}"; '
                f'graph_url = "{root}"; login_url = "{root}"; }} );\n')
        self.start()
        return graph

    def held(self):
        database = self.directory / "state/seatwatchd.db"
        if not database.exists():
            return 0
        with sqlite3.connect(database) as db:
            exists = db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'held'").fetchone()[0]
            return db.execute("SELECT count(*) FROM held").fetchone()[0] if exists else 0

    def pools(self):
        digest = self.wait_message(self.told, "alert.digest")["data"]
        self.assertEqual((digest["reason"], digest["parts"]), ("first_run", 1))
        return sorted(a["tenant"]["name"] for a in digest["alerts"])

    def test_all_tenants_are_in_one_digest(self):
        self.begin()
        self.assertEqual(self.pools(), ["contoso", "tenant0", "tenant1", "tenant2"])
        self.wait("nothing is deferred", lambda: self.held() == 0)
        self.assertEqual([m["type"] for m in self.told.messages()], ["alert.digest"])

    def test_it_waits_for_a_tenant_that_cannot_be_polled_yet_and_survives_a_kill(self):
        blocked = next(iter(TENANTS))
        graph = self.begin(faults=[{"match": {"path": "allotments", "tenant": blocked}, "do": {"status": 503}}])
        self.wait("three tenants wait for the fourth", lambda: self.held() == 3)
        self.stop(signal.SIGKILL)
        self.assertEqual(self.told.requests(), [])
        world = json.loads(graph.file.read_text())
        graph.change({**world, "faults": []})
        self.start()
        self.assertEqual(self.pools(), ["contoso", "tenant0", "tenant1", "tenant2"])


if __name__ == "__main__":
    unittest.main()
