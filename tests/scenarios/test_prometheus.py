# SPDX-License-Identifier: MIT
"""A real Prometheus scrapes the daemon: every query of the dashboard and of the alert rules finds what it asks for."""
import json
import re
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

from harness import E5, ROOT, Scenario, pool, state

DASHBOARD = ROOT / "packaging/grafana/seatwatchd.json"
RULES = ROOT / "packaging/prometheus/seatwatch.rules.yml"
MAY_BE_EMPTY = {"Polls that failed"}  # increase() needs two samples within its range


class Prometheus(Scenario):
    def api(self, path, **query):
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=60) as answer:
            return json.load(answer)["data"]

    def start_prometheus(self, port):
        config = self.directory / "prometheus.yml"
        config.write_text(f"global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [{RULES}]\nscrape_configs:\n"
                          f"  - {{ job_name: seatwatchd, static_configs: [ {{ targets: ['127.0.0.1:{port}'] }} ] }}\n")
        said = self.directory / "prometheus.log"
        log = open(said, "w")
        self.addCleanup(log.close)
        process = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory}/tsdb",
                                    "--web.listen-address=127.0.0.1:0"], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        found = self.wait("Prometheus listens", lambda: re.search(r'msg="Listening on" address=(\S+)', said.read_text()))
        self.url = f"http://{found[1]}"

    def answers(self):
        try:
            return [t for t in self.api("targets")["activeTargets"] if t["health"] == "up"]
        except OSError:  # it is not ready
            return None

    def test_every_query_of_the_dashboard_and_of_the_rules_has_an_answer(self):
        hook = self.hook()
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
        self.graph_sim = self.graph(state(pool("p", 100, 100, waiting=30, since=since), pool("q\n\"\\", 50, 48),
                                          errors=[{"count": 7, "code": "CountViolation", "skuId": E5}]))
        self.configure(self.graph_sim, [hook], extra='status: { listen = "127.0.0.1:0"; };', tenant_extra='client_secret_expires = "2037-01-01";')
        self.start()
        self.wait_message(hook, "alert.firing")
        port = int(re.search(r"status endpoint: listening on 127\.0\.0\.1:(\d+)", self.stderr())[1])
        self.start_prometheus(port)
        target, = self.wait("a scrape", self.answers)
        self.assertEqual(target["lastError"], "")
        self.wait("samples", lambda: self.api("query", query="count_over_time(seatwatch_build_info[1m]) > 3")["result"])
        queries = [(p["title"], t["expr"]) for p in json.loads(DASHBOARD.read_text())["panels"] for t in p["targets"]]
        self.assertGreater(len(queries), 20)
        for title, expression in queries:
            expression = expression.replace("$tenant", ".*").replace("$__rate_interval", "1m")
            with self.subTest(title):
                result = self.api("query", query=expression)["result"]
                self.assertTrue(result or title in MAY_BE_EMPTY, expression)
        rules = {r["name"]: r for g in self.api("rules")["groups"] for r in g["rules"]}
        self.assertEqual({r["health"] for r in rules.values()}, {"ok"})
        waiting = self.wait("the alert in Prometheus", lambda: [a for a in self.api("alerts")["alerts"] if a["labels"].get("rule") == "waiting"])
        self.assertEqual((waiting[0]["labels"]["severity"], waiting[0]["labels"]["alertname"], waiting[0]["state"]), ("critical", "SeatwatchAlert", "firing"))
        metrics = set(re.findall(r"seatwatch_[a-z_]+", DASHBOARD.read_text() + RULES.read_text()))
        known = set(self.api("label/__name__/values"))
        self.assertLessEqual(metrics - {"seatwatch_rules"}, known)

    def test_the_rules_pass_their_unit_tests(self):
        for command in (["check", "rules", RULES], ["test", "rules", RULES.with_suffix(".test.yml")]):
            done = subprocess.run(["promtool", *map(str, command)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
