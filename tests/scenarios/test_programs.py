# SPDX-License-Identifier: MIT
"""The options of seatwatchd, its exit codes, its JSON, its signals."""
import json
import pathlib
import re
import signal
import subprocess
import unittest

from harness import BUILD, CLIENT, ROOT, TENANT, Graph, Scenario, pool, scenario, state

FULL = state(pool(allotted=100, consumed=96), pool("second", 450, 385))


class Programs(Scenario):
    def test_version_says_that_the_api_is_beta(self):
        done = subprocess.run([BUILD / "daemon/seatwatchd", "--version"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn("beta", done.stdout)

    def test_wrong_usage_is_64(self):
        for options in (["--no-such"], ["extra"], ["--json"], ["--once", "--check-config"], ["--log-level", "loud"], ["--config"]):
            done = subprocess.run([BUILD / "daemon/seatwatchd", *options], capture_output=True, text=True)
            self.assertEqual(done.returncode, 64, options)
            self.assertIn("--help", done.stderr, options)

    def test_every_option_is_in_the_help_and_the_manual(self):
        text = subprocess.run([BUILD / "daemon/seatwatchd", "--help"], capture_output=True, text=True).stdout
        manual = (ROOT / "daemon/seatwatchd.8").read_text()
        for option in ("config", "state-dir", "check-config", "dump-config", "check-access", "test-receiver", "once", "dry-run",
                       "json", "log-level", "version", "help"):
            self.assertIn(f"--{option}", text)
            self.assertIn(option, manual)

    def test_check_config_names_every_problem_and_connects_nowhere(self):
        graph = self.graph(FULL)
        self.configure(graph)
        good = self.run_daemon("--check-config")
        self.assertEqual((good.returncode, good.stdout), (0, "configuration ok\n"), good.stderr)
        self.assertRegex(good.stderr, r"(?m)^warning: \S+seatwatchd\.conf:\d+: receivers: only the logs of this machine hear of critical alerts; add")
        self.config.write_text(self.config.read_text() + 'scoep = "sku";\nfallback = ["nobody"];\n')
        bad = self.run_daemon("--check-config")
        self.assertEqual(bad.returncode, 78)
        lines = [line for line in bad.stderr.strip().split("\n") if not line.startswith("warning: ")]
        self.assertEqual(len(lines), 2, bad.stderr)
        self.assertRegex(lines[0], r"seatwatchd\.conf:\d+: .*scoep.*scope")
        self.assertFalse((self.directory / "state").exists(), "it changes nothing")
        self.assertEqual(graph.requests(), [])
        self.assertEqual(self.run_daemon().returncode, 78)

    def test_check_config_looks_at_the_state_directory_that_is_named(self):
        self.configure(self.graph(FULL))
        place = self.directory / "state"
        place.mkdir(mode=0o755)
        place.chmod(0o755)
        bad = self.run_daemon("--check-config")
        self.assertEqual((bad.returncode, bad.stdout), (69, ""))
        self.assertIn(f"chmod 0700 {place}", bad.stderr)
        place.chmod(0o700)
        self.assertEqual(self.run_daemon("--check-config").returncode, 0)
        self.assertEqual(list(place.iterdir()), [], "it changes nothing")
        self.once(expect=0)
        self.assertEqual(self.run_daemon("--check-config").returncode, 0)

    def test_a_receiver_without_its_file_is_told_of_by_the_others(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        text = self.config.read_text()
        at = text.index("receivers = (") + len("receivers = (")
        self.config.write_text(text[:at] + '{ name = "lost"; type = "webhook"; url_file = "lost.url"; '
                               'signing_key_file = "lost.key"; },' + text[at:])
        self.assertEqual(self.run_daemon("--check-config").returncode, 78)
        self.assertEqual(self.run_daemon("--test-receiver", "lost").returncode, 78)
        self.start()
        told = self.wait_message(hook, "alert.firing")["data"]
        self.assertEqual((told["rule"], told["detail"]["receiver"]), ("delivery", "lost"))
        self.assertIn("there is no file lost.url", told["description"])
        for name, content in (("lost.url", "https://hook.example/x\n"),
                              ("lost.key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=\n")):
            (self.directory / name).write_text(content)
            (self.directory / name).chmod(0o600)
        self.assertEqual(self.run_daemon("--check-config").returncode, 0)
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_message(hook, "alert.resolved")
        self.assertEqual(self.stop(), 0)

    def test_once_lists_every_pool_and_every_open_alert(self):
        self.configure(self.graph(FULL), [self.hook()])
        text = self.config.read_text()
        self.config.write_text(text + 'overrides = ( { match = { allotment = "second"; }; ignore = "all"; } );\n'
                               'names = ( { allotment = "pool-1"; name = "CSP pool"; } );\nscope = "allotment";\n')
        for _ in range(3):
            done = self.run_daemon("--once")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"contoso: pool-1, CSP pool, Microsoft 365 E5 \(SPE_E5\): 96 of 100 units consumed, 4 free, "
                                      r"0 waiting, warning")
        self.assertNotIn("second", done.stdout)
        alerts = done.stdout[done.stdout.index("open alerts:"):]
        self.assertRegex(alerts, r"  warning: contoso: .*\n    \S")
        report = self.once(expect=0)
        self.assertEqual([(a["rule"], a["notified"], bool(a["next_step"])) for a in report["alerts"]], [("usage", True, True)])
        sums = ("allotments", "allotted_units", "consumed_units", "skus")
        self.assertEqual([report["tenants"][0][k] for k in sums], [1, 100, 96, 1], "without the pool that is ignored")
        self.config.write_text(text + 'overrides = ( { match = { sku = "SPE_E5"; }; ignore = "alerts"; } );\nscope = "allotment";\n')
        self.assertEqual([a["notified"] for a in self.once(expect=0)["alerts"] if a["state"] == "firing"], [False])

    def test_the_first_reading_and_matches_without_effect_are_said_once(self):
        self.configure(self.graph(FULL))
        self.config.write_text(self.config.read_text() + 'overrides = ( { match = { sku = "SPE_E55"; }; ignore = "all"; }, '
                               '{ match = { sku = "SPE_*"; }; usage = { warning = "99%"; }; } );\n')
        self.start()
        self.wait("the reading", lambda: "contoso: 2 pools, 0 waiting, 0 errors, " in self.stderr())
        self.wait("the match", lambda: "SPE_E55" in self.stderr())
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait("another reading", lambda: self.stderr().count("contoso: polled in") >= 2)
        self.assertEqual(self.stderr().count("SPE_E55"), 1)
        self.assertEqual(self.stderr().count("contoso: 2 pools"), 1)
        self.assertNotIn("SPE_*", self.stderr())
        self.assertEqual(self.stop(), 0)

    def test_dump_config_loads_again(self):
        self.configure(self.graph(FULL))
        first = self.run_daemon("--dump-config")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.config.write_text(first.stdout)
        self.assertEqual(self.run_daemon("--dump-config").stdout, first.stdout)

    def test_check_access_names_call_status_and_permission(self):
        graph = self.graph(FULL)
        self.configure(graph)
        good = self.run_daemon("--check-access")
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        self.assertIn("GET /beta/admin/cloudLicensing/allotments: ok", good.stdout)
        self.assertIn("GET /v1.0/subscribedSkus", good.stdout)
        self.assertNotIn("degraded", good.stdout)
        self.assertIn("Directory.Read.All", good.stdout)
        self.peers.pop().stop()
        self.configure(self.graph(FULL, faults=[{"match": {"path": "allotments"}, "from": 1, "times": 100, "do": {"status": 403}}]))
        bad = self.run_daemon("--check-access")
        self.assertEqual(bad.returncode, 1, bad.stdout)
        self.assertIn("403", bad.stdout)

    def test_check_access_of_200_tenants_shows_failures_last_and_takes_many_at_once(self):
        world = scenario(state(pool()), copies=200)
        other = {**scenario(state(pool()))["tenants"][0], "id": "22222222-2222-4333-8444-555555555555", "deny": ["allotments"]}
        (self.directory / "secrets").mkdir(exist_ok=True, mode=0o700)
        graph = Graph(self.directory / "graph", {**world, "tenants": [other, *world["tenants"]], "latency_ms": 100})
        self.peers.append(graph)
        self.configure(graph)
        text = self.config.read_text()
        (row,) = re.findall(r"(?s)tenants = \( (\{.*?\}; +\}) \);", text)
        ids = [other["id"], TENANT, *(f"{TENANT[:24]}{n:012d}" for n in range(1, 200))]
        rows = [row.replace(TENANT, i).replace("contoso", f"t{n}") for n, i in enumerate(ids)]
        self.config.write_text(text.replace(row, ", ".join(rows)))
        done = self.run_daemon("--check-access", timeout=300)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:200], [f"ok     tenant t{n} ({ids[n]})" for n in range(1, 201)])
        self.assertEqual(lines[200], f"tenant t0 ({other['id']})")
        self.assertIn("HTTP 403", done.stdout)
        begun = [(r["started_us"], 1) for r in graph.requests()] + [(r["ended_us"], -1) for r in graph.requests()]
        at_once = most = 0
        for _, step in sorted(begun):
            at_once += step
            most = max(most, at_once)
        self.assertGreater(most, 1)  # how many depends on the load of the machine

    def test_check_access_says_what_the_older_source_lacks(self):
        faults = [{"match": {"path": p}, "from": 1, "times": 100, "do": {"status": 404}} for p in ("allotments", "assignmentErrors")]
        skus = [{"id": "t_s", "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "skuPartNumber": "SPE_E5", "consumedUnits": 96,
                 "prepaidUnits": {"enabled": 100, "warning": 0, "suspended": 0}, "capabilityStatus": "Enabled", "appliesTo": "User",
                 "servicePlans": [], "subscriptionIds": []}]
        self.configure(self.graph(dict(FULL, subscribedSkus=skus), faults=faults))
        done = self.run_daemon("--check-access")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("degraded: polled from subscribedSkus", done.stdout)
        self.assertIn("the main job can run, degraded for 1 of 1 tenants", done.stdout)
        self.assertNotIn("FAIL", done.stdout)

    def test_check_access_gives_no_advice_to_run_itself(self):
        self.configure(self.graph(FULL))
        (self.directory / "secrets/tenant.secret").write_text("another~secret\n")
        done = self.run_daemon("--check-access")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("FAIL sign-in", done.stdout)
        self.assertNotIn("--check-access", done.stdout)

    def test_test_receiver_says_what_was_answered(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        good = self.run_daemon("--test-receiver", "hook")
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        (request,) = hook.requests()
        self.assertEqual(json.loads(request["body"])["type"], "receiver.test")
        self.assertEqual(request["signature"], "ok")
        hook.answer([{"from": 1, "times": 100, "do": {"status": 404}}])
        bad = self.run_daemon("--test-receiver", "hook")
        self.assertEqual(bad.returncode, 1)
        self.assertIn("404", bad.stdout + bad.stderr)
        self.assertEqual(self.run_daemon("--test-receiver", "nobody").returncode, 64)

    def test_once_json_has_every_member_and_exact_sums(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        report = self.once(expect=0)
        self.assertEqual(list(report), ["version", "started_at", "duration_ms", "tenants", "pools", "alerts", "deliveries"])
        (tenant,) = report["tenants"]
        self.assertEqual(list(tenant), ["name", "source", "complete", "error", "allotments", "allotted_units", "consumed_units",
                                        "waiting_members", "oldest_waiting_since", "assignment_errors", "skus", "requests",
                                        "bytes_received", "duration_ms"])
        self.assertEqual((tenant["source"], tenant["complete"], tenant["error"]), ("cloud_licensing", True, None))
        self.assertEqual((tenant["allotments"], tenant["allotted_units"], tenant["consumed_units"]), (2, 550, 481))
        self.assertEqual((tenant["waiting_members"], tenant["oldest_waiting_since"], tenant["assignment_errors"], tenant["skus"]), (0, None, 0, 1))
        self.assertEqual(report["deliveries"]["pending"], 0)
        pool_of = {p["allotment_id"]: p for p in report["pools"]}
        self.assertEqual(len(pool_of), 2)
        self.assertEqual({k: pool_of["second"][k] for k in ("tenant", "sku_part_number", "allotted_units", "consumed_units", "free_units",
                                                           "waiting_members", "level")},
                         {"tenant": "contoso", "sku_part_number": "SPE_E5", "allotted_units": 450, "consumed_units": 385,
                          "free_units": 65, "waiting_members": 0, "level": "ok"})

    def test_once_json_lists_pending_alerts(self):
        self.configure(self.graph(state(pool(allotted=100, consumed=96))),
                       extra='alerts: { for = "1h"; min_samples = 2; first_run = "each"; };')
        (alert,) = self.once(expect=0)["alerts"]
        self.assertEqual(list(alert), ["alert_id", "episode", "state", "severity", "rule", "tenant", "sku_part_number",
                                       "allotment_id", "value", "threshold", "unit", "since", "summary", "next_step", "notified"])
        self.assertEqual((alert["state"], alert["rule"], alert["value"]), ("pending", "usage", 96))

    def test_a_report_that_cannot_be_written_is_said_to_be_that(self):
        self.configure(self.graph(FULL))
        for options in ((), ("--json",)):
            with open("/dev/full", "w") as full:
                done = subprocess.run(self.argv("--once", *options), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, 70, done.stderr)
            self.assertIn("the report cannot be written to standard output: No space left on device", done.stderr)

    def test_dry_run_stores_and_sends_nothing(self):
        hook = self.hook()
        self.configure(self.graph(state(pool(allotted=100, consumed=96))), [hook])
        done = self.run_daemon("--once", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("alert.firing", done.stdout)
        self.assertFalse((self.directory / "state").exists())
        self.assertEqual(hook.requests(), [])

    def test_many_signals_for_one_poll_are_one_line(self):
        graph = self.graph(FULL, faults=[{"match": {"path": "assignmentErrors"}, "at": 2, "do": {"delay_ms": 1500}}])
        self.configure(graph, interval="1h")
        self.start()
        self.wait("the first poll", lambda: "polled in" in self.stderr())
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait("the second poll is under way", lambda: len(graph.requests("allotments")) >= 2)
        status = pathlib.Path(f"/proc/{self.daemon.pid}/status")
        pending = lambda: int(re.search(r"ShdPnd:\s*(\w+)", status.read_text())[1], 16)
        for _ in range(10):
            self.daemon.send_signal(signal.SIGUSR1)
            self.wait("the signal was taken", lambda: not pending())
        self.wait("the third poll", lambda: self.stderr().count("polled in") >= 3)
        self.assertLessEqual(self.stderr().count("polling every tenant now"), self.stderr().count("polled in"))

    def test_signals_reload_poll_now_and_stop(self):
        hook = self.hook()
        graph = self.graph(state(pool(allotted=100, consumed=85)))
        self.configure(graph, [hook], interval="1h")
        self.start()
        self.wait("the first poll", lambda: graph.requests("assignmentErrors"))
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait("a poll at once", lambda: len(graph.requests("assignmentErrors")) >= 2)
        text = self.config.read_text()
        self.config.write_text(text + "nonsense = 1;\n")
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the refusal", lambda: "old one stays active" in self.stderr())
        self.config.write_text(text.replace("waiting = {", 'usage = { warning = "80%"; }; waiting = {'))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the reload", lambda: "configuration reloaded" in self.stderr())
        self.daemon.send_signal(signal.SIGUSR1)
        self.assertEqual(self.wait_message(hook, "alert.firing")["data"]["threshold"], 80)
        self.assertEqual(self.stop(), 0)

    def test_a_broken_tenant_alarms_and_stops_no_other(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        extra = self.directory / "tenants.d"
        extra.mkdir()
        (extra / "b.conf").write_text('tenants = ( { name = "broken"; tenant_id = "22222222-2222-4333-8444-555555555555";'
                                      f' client_id = "{CLIENT}"; client_secret_file = "missing.secret"; }} );')
        self.assertEqual(self.run_daemon("--check-config").returncode, 78)
        report = self.once(expect=1)
        self.assertEqual({t["name"]: t["complete"] for t in report["tenants"]}, {"contoso": True, "broken": False})
        polls = [m["data"] for m in hook.messages() if m["data"]["rule"] == "poll"]
        self.assertEqual([(p["tenant"]["name"], p["detail"]["cause"]) for p in polls], [("broken", "config")])

    def test_the_fallback_source_is_used_where_the_api_never_answered(self):
        skus = [{"id": "t_s", "skuId": "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "skuPartNumber": "SPE_E5", "consumedUnits": 96,
                 "prepaidUnits": {"enabled": 90, "warning": 10, "suspended": 0}, "capabilityStatus": "Enabled", "appliesTo": "User",
                 "servicePlans": [], "subscriptionIds": []}]
        hook = self.hook()
        faults = [{"match": {"path": p}, "from": 1, "times": 1000, "do": {"status": 501}} for p in ("allotments", "assignmentErrors")]
        self.configure(self.graph(state(subscribedSkus=skus), faults=faults), [hook])
        report = self.once(expect=0)
        self.assertEqual(report["tenants"][0]["source"], "subscribed_skus")
        self.assertEqual((report["tenants"][0]["allotted_units"], report["tenants"][0]["consumed_units"]), (100, 96))
        self.assertIsNone(report["tenants"][0]["waiting_members"])
        self.assertEqual({m["data"]["rule"]: m["data"]["value"] for m in hook.messages()}, {"usage": 96, "subscription": None})

    def test_matches_that_matched_nothing_are_said_in_a_check_of_the_access_too(self):
        extra = ('overrides = ( { match: { sku = "SPE_E5"; }; remaining = { warning = 2; }; },'
                 ' { match: { sku = "SPE_E55"; }; remaining = { warning = 2; }; } );\n')
        self.configure(self.graph(FULL), extra=extra)
        why = 'overrides: entry 2 has match.sku = "SPE_E55", which matches no pool'
        self.assertNotIn("overrides:", self.run_daemon("--check-access").stdout, "nothing has been read yet")
        self.assertIn(why, self.run_daemon("--once").stderr)
        done = self.run_daemon("--check-access")
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"warning: {why}", done.stdout)
        self.assertEqual(done.stdout.count("overrides:"), 1)

    def test_every_documented_body_is_digested(self):
        for name in ("allotments-list.json", "allotments-list-expand-waitingmembers.json", "synthetic/allotment-unknown-enum.json",
                     "synthetic/allotments-page3-last.json"):
            with self.subTest(name):
                self.configure(self.graph(FULL, faults=[{"match": {"path": "allotments"}, "from": 1, "times": 100, "do": {"fixture": name}}]))
                tenant = self.once()["tenants"][0]
                self.assertIsNotNone(tenant["allotments"], name)
                self.peers.pop().stop()


if __name__ == "__main__":
    unittest.main()
