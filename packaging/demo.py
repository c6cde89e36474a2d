# SPDX-License-Identifier: MIT
"""Demo: one pool of one tenant runs out of units, and units are bought. Prints each alert as it arrives.
Fails if an alert is missing, wrong, unsigned or unexpected."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/scenarios"))
import harness  # noqa: E402

ERRORS = [{"id": f"error-{n}", "code": "MissingDependency", "skuId": harness.E5,
           "message": "A service plan depends on another one.", "occurrenceDateTime": "2026-11-22T01:00:00Z"}
          for n in range(6)]


def pool(allotted, consumed, waiting=0):
    return harness.pool("pool-csp", allotted, consumed, waiting)


# Title, state of the tenant from poll N on, and the expected message: type, severity and members of the alert.
STORY = [
    ("half of the licences are in use", harness.state(pool(1000, 500)), None),
    ("nearly full", harness.state(pool(1000, 940), poll=3),
     ("alert.firing", "warning", {"rule": "usage", "value": 94, "unit": "percent"})),
    ("full, and somebody waits", harness.state(pool(1000, 1000, 1), poll=5),
     ("alert.updated", "warning", {"rule": "waiting", "value": 1, "units_to_unblock": 1})),
    ("worse: 26 wait", harness.state(pool(1000, 1000, 26), poll=7),
     ("alert.escalated", "critical", {"rule": "waiting", "value": 26, "units_to_unblock": 26, "units_to_buy": 166})),
    ("assignments fail", harness.state(pool(1000, 1000, 26), errors=ERRORS, poll=9),
     ("alert.firing", "warning", {"rule": "assignment_errors", "value": 6})),
    ("200 units are bought, the cause of the errors is fixed", harness.state(pool(1200, 1026), poll=11),
     ("alert.resolved", "critical", {"state": "resolved"})),
    (None, None, ("alert.resolved", "warning", {"rule": "assignment_errors", "state": "resolved"})),
]


class Demo(harness.Scenario):
    def write_configuration(self, graph):
        text = (ROOT / "conf/demo.conf").read_text()
        for name, value in {"CA_FILE": graph.ready["ca_file"], "TENANT_ID": harness.TENANT, "CLIENT_ID": harness.CLIENT,
                            "GRAPH_URL": graph.ready["https"]}.items():
            text = text.replace(f"@{name}@", value)
        self.config = self.directory / "seatwatchd.conf"
        self.config.write_text(text)
        secret = self.secret("tenant.secret", harness.CLIENT_SECRET)
        for name in ("hook.url", "hook.key"):
            shutil.copy(secret.parent / name, self.directory / name)
        shutil.copy(secret, self.directory / "contoso.secret")

    def leaks(self):
        return []

    def check(self, message, request, want):
        kind, severity, members = want
        data = message["data"]
        wrong = [] if request["signature"] == "ok" else ["the signature does not verify"]
        if (message["type"], data["severity"]) != (kind, severity):
            wrong.append(f"expected {kind} ({severity})")
        wrong += [f"{k} is {data.get(k)!r}, expected {v!r}" for k, v in members.items() if data.get(k) != v]
        return wrong

    def runTest(self):
        hook = self.hook("hook")
        graph = self.graph(*[s for _, s, _ in STORY if s])
        self.write_configuration(graph)
        checked = subprocess.run(self.argv("--check-config"), capture_output=True, text=True)
        print(f"$ seatwatchd --check-config\n{(checked.stdout + checked.stderr).strip()}\n$ seatwatchd -c demo.conf")
        self.start()
        expected = [w for _, _, w in STORY if w]
        acts = [a for a, _, w in STORY if w]
        seen = 0
        while seen < len(expected):
            self.wait(f"message {seen + 1}: {expected[seen][:2]}", lambda: len(hook.messages()) > seen, 20)
            message, request = hook.messages()[seen], hook.requests()[seen]
            if acts[seen]:
                print(f"\n-- the tenant: {acts[seen]}")
            data = message["data"]
            print(f"{message['timestamp']}  {message['type']:16} {data['severity']:9} {data['title']}")
            print(f"{'':22}{data['next_step']}")
            wrong = self.check(message, request, expected[seen])
            self.assertEqual(wrong, [], f"message {seen + 1} is wrong: {message}")
            seen += 1
        self.assertEqual(self.stop(), 0, self.stderr())
        self.assertEqual(len(hook.requests()), len(expected), "unexpected messages")
        print(f"\n{seen} alerts arrived, signed and in order, and no others. The demo is complete.")


if __name__ == "__main__":
    demo = Demo()
    result = demo.run()
    for _, trace in result.errors + result.failures:
        print(trace, file=sys.stderr)
    sys.exit(0 if result.wasSuccessful() else 1)
