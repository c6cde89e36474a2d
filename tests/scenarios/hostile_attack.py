# SPDX-License-Identifier: MIT
"""One run of the daemon meets every case of an endpoint: a tenant a case, each with alerts that must
neither change nor end, and with pools that must stay quiet."""
import json
import os
import sys

from harness import CLIENT, CLIENT_SECRET, TENANT, Scenario
from hostile import Foreign
from hostile_graph import KEY, MAIL, TOKEN_MARK, USERS, Everybody, numbered

WHAT = ("alert_id", "episode", "state", "severity", "rule", "allotment_id", "value", "threshold", "since", "notified")
COUNTS = ("allotments", "allotted_units", "consumed_units", "waiting_members", "oldest_waiting_since", "assignment_errors")
ATTEMPTS = 8
AT_ONCE = 'alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; };'


class Attack(Scenario):
    wrapper, source, people = (), "cloud_licensing", USERS

    def setUp(self):
        super().setUp()
        self.foreign = [Foreign("127.0.0.2"), Foreign("::1")]
        self.everybody = Everybody(self.foreign)
        for listener in (*self.foreign, self.everybody):
            self.addCleanup(listener.stop)
        self.canaries += [TOKEN_MARK, KEY]
        self.receiver = self.hook()

    def sign_in(self, i):
        """How tenant I signs in."""
        return f'client_id = "{numbered(CLIENT, i)}"; client_secret_file = "{self.directory}/secrets/tenant.secret"; client_secret_expires = "auto";'

    def write_configuration(self, n, timeout):
        self.secret("tenant.secret", CLIENT_SECRET + "\n")
        rows = [f'{{ name = "t{i:03}"; tenant_id = "{numbered(TENANT, i)}"; {self.sign_in(i)} source = "{self.source}"; '
                f'graph_url = "{self.everybody.root}"; login_url = "{self.everybody.root}"; }}' for i in range(n)]
        who = [f'{"user" if "@" in p else "group"} = "{p}"' for p in self.people]
        rights = [f'{{ tenant = "t{i:03}"; {w}; sku = "SPE_E5"; plans = [ "{MAIL["planName"]}" ]; severity = "critical"; }}'
                  for i in range(n) for w in who]
        text = self.configure(self, [self.receiver], extra=AT_ONCE).read_text()
        at, end = text.index("tenants = ("), text.index("receivers = (")
        text = f'{text[:at]}tenants = ( {", ".join(rows)} );\n{text[end:]}'
        if rights:
            text += f'usage_rights = ( {", ".join(rights)} );\n'
        self.config.write_text(text.replace('timeout = "20s";', f'timeout = "{timeout}"; concurrency = 160;'))

    @property
    def ready(self):  # what configure() asks a simulator for
        return {"http": self.everybody.root}

    def poll(self, timeout="10m"):  # good answers all come, however busy the machine is
        self.write_configuration(self.n, timeout)
        # Memory that was freed comes back sooner than by default, which saves a third of the time.
        done = self.run_daemon("--once", "--json", timeout=900, wrapper=self.wrapper, env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=4:malloc_context_size=10"})
        self.assertIn(done.returncode, (0, 1), done.stderr[-3000:])
        for word in ("Sanitizer", "runtime error"):
            self.assertNotIn(word, done.stderr)
        report = json.loads(done.stdout)
        return done.returncode, report, self.alerts(report)

    def alerts(self, report):
        """What is alerted, by tenant: not about the reading itself, and not in which words."""
        found = [[] for _ in range(self.n)]
        for alert in report["alerts"]:
            if alert["rule"] != "poll":
                seen = {key: alert[key] for key in WHAT}
                if alert["unit"] == "days":  # it may be midnight
                    del seen["value"]
                found[int(alert["tenant"][1:])].append(seen)
        return [sorted(alerts, key=lambda a: a["alert_id"]) for alerts in found]

    def told(self):
        return [(m["type"], m["data"]["summary"]) for m in self.receiver.messages()
                if m["type"] in ("alert.firing", "alert.resolved") and m["data"]["rule"] != "poll"]

    def begin(self, alerts, tables):
        self.tables = self.everybody.tables = {name: list(table.items()) for name, table in tables.items()}
        self.n = 1 + max(len(table) for table in tables.values())
        code, self.right, self.before = self.poll()
        self.assertEqual((code, [t["error"] for t in self.right["tenants"] if not t["complete"]]), (0, []))
        self.assertEqual([len(a) for a in self.before], [alerts] * self.n, self.before[0])
        self.said = self.told()

    def compare(self, report, alerts):
        """Each section is unknown or right, and nothing was raised or ended."""
        for i in range(self.n):
            names = {f"{e}: {self.tables[e][i - 1][0]}" for e in self.everybody.attacked if 0 < i <= len(self.tables[e])}
            with self.subTest(names):
                self.assertEqual(alerts[i], self.before[i])
                one, right = report["tenants"][i], self.right["tenants"][i]
                for key in COUNTS:
                    self.assertIn(one.get(key), (None, right.get(key)), key)
        self.assertEqual(self.told()[len(self.said):], [])

    def attack(self, *endpoints):
        """All of them at once, again and again until each case was met: an answer may keep the daemon from the next endpoint, and on
        a busy machine not everybody comes as far as that."""
        left = {(e, i) for e in endpoints for i in range(1, 1 + len(self.tables[e]))}
        self.everybody.attacked, self.everybody.hits = set(endpoints), set()
        for attempt in range(ATTEMPTS):
            _, report, alerts = self.poll(timeout=f"{16 << min(attempt, 2)}s")
            self.compare(report, alerts)
            self.everybody.spared = self.everybody.hits.copy()
            if not left - self.everybody.hits and report["tenants"][0]["complete"]:
                break
        self.everybody.attacked, self.everybody.spared = set(), frozenset()
        self.assertEqual({(e, self.tables[e][i - 1][0]) for e, i in left - self.everybody.hits}, set())
        self.assertTrue(report["tenants"][0]["complete"], report["tenants"][0])
        for e in endpoints:
            print(f"{e}: {len(self.tables[e])} answers", file=sys.stderr)

    def end(self):
        """All is well again, and nobody was talked to who is not meant."""
        code, report, alerts = self.poll()
        self.assertEqual((code, alerts), (0, self.before))
        self.assertEqual(self.told(), self.said)
        self.assertEqual([f.connections for f in self.foreign], [0, 0])
