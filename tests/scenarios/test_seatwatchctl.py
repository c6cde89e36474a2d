# SPDX-License-Identifier: MIT
"""seatwatchctl against the running daemon: what people see, exit codes, and what is said when the daemon is not there."""
import fcntl
import json
import os
import pty
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import unittest

from harness import BUILD, ROOT, Scenario, pool, scenario, state

QUIET = state(pool(allotted=100, consumed=50))
FULL = state(pool("p", 100, 100, waiting=30))
CTL = str(BUILD / "daemon/seatwatchctl")


class Ctl(Scenario):
    def start_up(self, *states, **kw):
        self.graph_sim = self.graph(*states or [QUIET])
        self.configure(self.graph_sim, **kw)
        self.begin()

    def begin(self):
        before = self.stderr().count("has started")
        self.start()
        self.wait("the start", lambda: self.stderr().count("has started") > before)

    def ctl(self, *args, socket_path=None, code=0, **env):
        where = socket_path or self.directory / "control.sock"
        done = subprocess.run([CTL, "--socket", str(where), *args], capture_output=True, text=True, timeout=90,
                              env={**self.short(args[:2]), "LC_ALL": "C.UTF-8", **env})
        self.shown += [("standard output", done.stdout.encode()), ("standard error", done.stderr.encode())]
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def terminal(self, *args, columns=80, socket_path=None, code=0, **env):
        """What a terminal gets."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([CTL, "--socket", str(socket_path or self.directory / "control.sock"), *args], stdout=theirs,
                                   env={**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm", **env})
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # the other end was closed
            pass
        os.close(ours)
        self.assertEqual(process.wait(60), code)
        return b"".join(parts).decode().replace("\r\n", "\n")

    def wait_polled(self):
        self.wait("a complete poll", lambda: " complete " in self.ctl("status").stdout)


class Answers(Ctl):
    def test_status_shows_the_daemon_its_tenants_and_what_fires(self):
        self.start_up(FULL)
        self.wait("an alert", lambda: "critical firing" in self.ctl("status").stdout)
        text = self.ctl().stdout
        self.assertEqual(text, self.ctl("status").stdout, "without a command")
        self.assertRegex(text, r"(?m)^seatwatchd +0\.1\.0, running since \d\d:\d\d UTC$")
        self.assertRegex(text, r"(?m)^tenants +1, last complete poll \d\d:\d\d UTC$")
        self.assertRegex(text, r"(?m)^contoso +complete +\d\d:\d\d UTC +100 +100 +30 +0")
        self.assertRegex(text, r"(?m)^critical firing \d\d:\d\d UTC [0-9a-f]{16} contoso: .*30 waiting")

    def test_one_tenant_of_several(self):
        other = "22222222-0000-4000-8000-000000000002"
        self.graph_sim = self.graph(FULL, others=[{**scenario(state(pool("q", 100, 100, waiting=26)))["tenants"][0], "id": other}])
        self.configure(self.graph_sim)
        text = self.config.read_text()
        row = text[text.index("tenants = ( {") + len("tenants = ( "):text.index("} );") + 1]
        self.config.write_text(text.replace(row, row + ", " + row.replace("contoso", "fabrikam").replace(
            row.split('tenant_id = "')[1].split('"')[0], other)))
        self.begin()
        self.wait("two alerts", lambda: len(json.loads(self.ctl("alerts", "--json").stdout)["alerts"]) == 2)
        for args in (("alerts",), ("status",)):
            text = self.ctl(*args, "--tenant", "FAB").stdout
            self.assertIn("fabrikam: ", text)
            self.assertNotIn("contoso", text)
        self.assertIn('did you mean "fabrikam"?', self.ctl("alerts", "--tenant", "fabrikan", code=1).stderr)
        self.assertIn("there are 2 tenants", self.ctl("room", "SPE_E5", code=3).stderr)
        self.ctl("room", "SPE_E5", "--tenant", "fab", code=1)

    def test_permissions_follow_from_the_configuration(self):
        self.start_up(interval="1h", tenant_extra='client_secret_expires = "auto";', extra="""usage_rights = (
  { tenant = "contoso"; user = "a@contoso.com"; sku = "SPE_E5"; } );""")
        (tenant,) = json.loads(self.ctl("permissions", "--json").stdout)["tenants"]
        needs = {n["call"].split("/")[-1]: n for n in tenant["needs"]}
        self.assertEqual((tenant["tenant"], needs["allotments"]["required"], needs["subscribedSkus"]["required"]), ("contoso", True, False))
        self.assertIn("CloudLicensing.Read.All", needs["allotments"]["permission"])
        self.assertEqual(needs["applications(appId='...')"]["permission"], "Application.Read.All")
        self.assertEqual([n["call"] for n in tenant["needs"] if "usageRights" in n["call"]], ["GET /users/{id}/cloudLicensing/usageRights"])
        self.assertRegex(self.ctl("permissions", "--tenant", "c").stdout, r"(?m)^contoso +yes +User-UsageRight.Read.All .* usage_rights")

    def test_json_is_the_answer_of_the_daemon(self):
        self.start_up(FULL)
        self.wait("an alert", lambda: json.loads(self.ctl("alerts", "--json").stdout)["alerts"])
        self.assertEqual(json.loads(self.ctl("status", "--json").stdout)["tenants"]["total"], 1)
        alert = json.loads(self.ctl("alerts", "--json", "--all").stdout)["alerts"][0]
        self.assertEqual(alert["tenant"], "contoso")

    def test_without_alerts_it_says_so(self):
        self.start_up()
        self.wait_polled()
        self.assertEqual(self.ctl("alerts").stdout, "no alerts\n")

    def test_colour_is_for_terminals_and_can_be_turned_off(self):
        self.start_up(FULL)
        self.wait("an alert", lambda: "critical" in self.ctl("alerts").stdout)
        self.assertNotIn("\x1b", self.ctl("alerts").stdout)
        self.assertIn("\x1b[31m", self.terminal("alerts"))
        self.assertNotIn("\x1b[3", self.terminal("alerts", NO_COLOR="1"))

    def test_hostile_names_reach_no_terminal(self):
        self.start_up(state(pool("p\x1b]0;x\x07", 100, 100, waiting=30, part="E5\x1b[2J\u202e")))
        self.wait("an alert", lambda: "critical" in self.ctl("alerts").stdout)
        for text in (self.ctl("alerts").stdout, self.terminal("alerts", NO_COLOR="1")):
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\x07", text)
            self.assertNotIn("\u202e", text)


class Changes(Ctl):
    def test_poll(self):
        self.start_up(interval="1h")
        self.wait_polled()
        for args in ((), ("contoso",), ("Contoso",)):
            before = len(self.graph_sim.requests("assignmentErrors"))
            self.assertEqual(self.ctl("poll", *args).stdout, "tenants that are polled now: 1\n")
            self.wait("a poll", lambda: len(self.graph_sim.requests("assignmentErrors")) > before)
        refused = self.ctl("poll", "contosoo", code=1)
        self.assertEqual(refused.stderr, 'seatwatchctl: there is no tenant "contosoo"\nseatwatchctl: did you mean "contoso"?\n')

    def test_reload_reports_success_and_each_problem_of_a_refused_configuration(self):
        self.start_up()
        self.assertEqual(self.ctl("reload").stdout, "the configuration was reloaded\n")
        good = self.config.read_text()
        self.config.write_text(good.replace('interval = "1s"', 'interval = "soon"').replace('jitter = "0%"', 'jitter = "x"'))
        refused = self.ctl("reload", code=78)
        lines = refused.stderr.splitlines()
        self.assertEqual(len(lines), 3, lines)
        self.assertIn(f"{self.config}:2: poll.interval", refused.stderr)
        self.assertIn(f"{self.config}:2: poll.jitter", refused.stderr)
        self.assertIn("the old configuration stays active", lines[2])
        status = self.ctl("status").stdout
        self.assertIn("problem      the last reload was refused; the previous configuration is active", status)


class Silences(Ctl):
    def listed(self):
        return json.loads(self.ctl("silence", "list", "--json").stdout)["silences"]

    def test_a_silence_is_added_listed_and_ended_by_the_begin_of_its_id(self):
        self.start_up()
        self.assertEqual(self.ctl("silence", "list").stdout, "no silences\n")
        added = self.ctl("silence", "add", "tenant=contoso", "labels.group=gold", "--for", "2h", "--comment", "move",
                         "--author", "al\u202eice")
        identity = added.stdout.split()[-1]
        self.assertRegex(added.stdout, r"^silence added; to end it: seatwatchctl silence end [0-9a-f-]{36}\n$")
        text = self.ctl("silence", "list").stdout
        self.assertRegex(text, rf"{identity} silence tenant=contoso labels.group=gold now, until .* move")
        self.assertNotIn("\u202e", text)
        self.assertIn("no id that begins with zzz", self.ctl("silence", "end", "zzz", code=1).stderr)
        self.assertEqual(self.ctl("silence", "end", identity[:12].upper()).stdout, f"silence ended: {identity}\n")
        self.assertEqual(self.listed(), [])

    def test_the_begin_of_two_ids_is_refused(self):
        self.start_up()
        for name in ("a", "b"):
            added = self.ctl("silence", "add", f"tenant={name}*", "--for", "2h", "--comment", "x")
            self.assertIn("warning: no tenant of the configuration matches", added.stderr)
        self.assertIn("2 ids begin with 0", self.ctl("silence", "end", "0", code=1).stderr)
        self.assertEqual(len(self.listed()), 2)

    def test_weekly_hours_and_times_of_this_machine(self):
        self.start_up()
        self.ctl("silence", "add", "sku=SPE_*", "--weekly", "Sun 01:00-04:00", "--timezone", "Europe/Berlin", "--comment", "x")
        self.ctl("silence", "add", "rule=waiting", "--from", "2037-01-01", "--until", "2037-01-01 10:30", "--comment", "x",
                 "--hold", TZ="Europe/Berlin")
        weekly, once = self.listed()
        self.assertEqual((weekly["weekly"], weekly["timezone"], weekly["hold"]), ("Sun 01:00-04:00", "Europe/Berlin", False))
        self.assertEqual((once["start_at"], once["end_at"], once["active"], once["hold"]),
                         ("2036-12-31T23:00:00Z", "2037-01-01T09:30:00Z", False, True))

    def test_an_alert_is_acknowledged(self):
        self.start_up(FULL)
        self.wait("an alert", lambda: "critical" in self.ctl("alerts").stdout)
        alert = json.loads(self.ctl("alerts", "--json").stdout)["alerts"][0]["alert_id"]
        self.assertIn("no --comment", self.ctl("ack", alert[:4], code=64).stderr)
        self.assertEqual(self.ctl("ack", alert[:4], "--comment", "ordered").stdout, f"alert acknowledged: {alert}\n")
        self.assertIn(f"acknowledgement alert {alert} now", self.ctl("silence", "list").stdout)
        self.assertIn("critical acknowledged ", self.ctl("alerts").stdout)
        self.assertEqual(self.ctl("unack", alert[:4]).stdout, f"acknowledgement taken back: {alert}\n")
        self.assertIn("is not acknowledged", self.ctl("unack", alert, code=1).stderr)

    def test_wrong_words(self):
        self.start_up()
        for words, code, args in (("is not KEY=GLOB", 64, ("tenant", "--comment", "x", "--for", "1h")),
                                  ("is not a time", 64, ("tenant=contoso", "--comment", "x", "--until", "soon")),
                                  ("did you mean \"tenant\"?", 1, ("tenan=a", "--comment", "x", "--for", "1h")),
                                  ("give a duration, or an end", 1, ("tenant=contoso", "--comment", "x")),
                                  ("is not a duration", 1, ("tenant=contoso", "--comment", "x", "--for", "long"))):
            self.assertIn(words, self.ctl("silence", "add", *args, code=code).stderr)
        self.assertEqual(self.listed(), [])


class Deliveries(Ctl):
    def start_refused(self):
        """Two messages: one that the receiver refuses for good, and one that waits."""
        self.refusing, self.failing = self.hook("refusing"), self.hook("failing")
        self.refusing.answer([{"do": {"status": 415}}])
        self.failing.answer([{"do": {"status": 503}}])
        self.graph_sim = self.graph(FULL)
        rows = [f'{{ name = "refusing"; type = "cloudevents"; url_file = "{self.directory}/secrets/refusing.url"; }}',
                f'{{ name = "failing"; type = "webhook"; url_file = "{self.directory}/secrets/failing.url"; '
                f'signing_key_file = "{self.directory}/secrets/failing.key"; }}']
        self.configure(self.graph_sim, receivers=rows, extra='fallback = ["failing"];')
        self.begin()
        self.wait("a failed one", lambda: self.listed("--failed"))
        self.wait("one that waits", lambda: [d for d in self.listed() if d["state"] == "queued" and d["attempts"]])

    def listed(self, *args):
        return json.loads(self.ctl("deliveries", *args, "--json").stdout)["deliveries"]

    def test_they_are_listed_with_the_answer_of_the_receiver(self):
        self.start_refused()
        (failed,) = self.listed("--failed")
        self.assertEqual((failed["receiver"], failed["state"], failed["type"], failed["due_at"]),
                         ("refusing", "parked", "alert.firing", None))
        self.assertIn("415", failed["answer"])
        text = self.ctl("deliveries").stdout
        self.assertRegex(text, rf"parked +{failed['id']} refusing alert.firing {failed['alert_id']} ")
        self.assertRegex(text, r"queued +\d+ failing .* 503")

    def test_one_that_failed_is_sent_again(self):
        self.start_refused()
        (failed,) = self.listed("--failed")
        self.refusing.answer([])
        self.assertEqual(self.ctl("deliveries", "retry", failed["id"]).stdout, f"queued again: {failed['id']}\n")
        self.wait("it", lambda: [m["id"] for m in self.refusing.messages()] == [failed["event_id"]])
        self.wait("none has failed", lambda: self.listed("--failed") == [])
        self.ctl("deliveries", "retry", failed["id"], code=1)

    def test_one_that_is_dropped_is_not_sent_after_a_kill_and_a_reload(self):
        self.start_refused()
        (failed,) = self.listed("--failed")
        self.assertEqual(self.ctl("deliveries", "drop", failed["id"]).stdout, f"dropped: {failed['id']}\n")
        self.stop(signal.SIGKILL)
        self.refusing.answer([])
        sent = len(self.refusing.requests())
        self.begin()
        self.assertEqual(self.ctl("reload").stdout, "the configuration was reloaded\n")
        self.assertEqual(self.listed("--failed"), [])
        self.assertEqual(len(self.refusing.requests()), sent)

    def test_a_receiver_is_tested(self):
        hook = self.hook("chat")
        self.graph_sim = self.graph(QUIET)
        self.configure(self.graph_sim, [hook], interval="1h")
        self.begin()
        shown = self.ctl("receivers", "test", "CHAT", "--life", "--dry-run", code=0).stdout
        self.assertEqual(hook.requests(), [])
        self.assertEqual([json.loads(line)["type"] for line in shown.split("\n") if line.startswith("{")],
                         ["alert.firing", "alert.escalated", "alert.resolved"])
        self.assertIn("chat         alert.firing: not sent (--dry-run)", shown)
        sent = json.loads(self.ctl("receivers", "test", "chat", "--json").stdout)
        self.assertEqual((sent["receiver"], sent["accepted"], sent["messages"][0]["type"]), ("chat", True, "receiver.test"))
        self.assertEqual([r["body"] for r in hook.requests()], [sent["messages"][0]["body"]])
        hook.answer([{"do": {"status": 400}}])
        refused = self.ctl("receivers", "test", "chat", "--life", code=1).stdout
        self.assertRegex(refused, r"(?m)^chat +alert.firing: NOT accepted: .*400")
        self.assertIn('did you mean "chat"?', self.ctl("receivers", "test", "chst", code=1).stderr)
        hook.answer([{"do": {"delay_ms": 60000}}])
        command = [CTL, "--socket", str(self.directory / "control.sock"), "receivers", "test", "chat"]
        waits = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.wait("a test that runs", lambda: "another test runs" in subprocess.run(
            [*command, "--dry-run"], capture_output=True, text=True, timeout=60).stderr)
        self.ctl("reload")
        self.assertIn("the test was interrupted: the configuration was reloaded", waits.communicate(timeout=60)[1])
        self.assertEqual(waits.returncode, 1)

    def test_ids_that_are_none(self):
        self.start_up()
        for args in (("retry", "4711"), ("drop", "x")):
            self.assertIn("there is no id", self.ctl("deliveries", *args, code=1).stderr)

    def test_one_that_waits_as_long_as_its_receiver_asked_is_listed_with_that_time_and_sent_on_demand(self):
        self.failing, self.graph_sim = self.hook("failing"), self.graph(FULL)
        self.failing.answer([{"do": {"status": 503, "headers": {"Retry-After": "99999"}}}])
        self.configure(self.graph_sim, [self.failing])
        self.begin()
        (first,) = self.wait("it is throttled", lambda: [d for d in self.listed() if d["attempts"]])
        self.graph_sim.change(scenario(state(pool("p", 100, 100, waiting=30), pool("q", 10, 10, waiting=1))))
        (new,) = self.wait("another one waits", lambda: [d for d in self.listed() if d["alert_id"] != first["alert_id"]])
        soonest = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3000))
        self.assertEqual([d for d in self.listed() if d["due_at"] < soonest], [])
        self.failing.answer([])
        self.ctl("deliveries", "retry", new["id"][:-1] + "x", code=1)
        self.assertEqual(self.ctl("deliveries", "retry", new["id"]).stdout, f"queued again: {new['id']}\n")

        def accepted():
            return {r["headers"]["webhook-id"] for r in self.failing.requests() if r["status"] == 200}
        self.wait("it, and what else waits for the receiver", lambda: {first["event_id"], new["event_id"]} <= accepted())


E3, VISIO, FLOW, TEAMS = (f"{n}0000000-0000-4000-8000-00000000000{n}" for n in "1234")
WORLD = state(pool("p-full", 100, 100, waiting=30), pool("p-e3-a", 100, 99, sku=E3, part="SPE_E3"),
              pool("p-e3-b", 1000, 100, sku=E3, part="SPE_E3"), pool("p-small", 10, 9, sku=VISIO, part="VISIOCLIENT"),
              pool("p-flow", 10, 10, sku=FLOW, part="FLOW_FREE"), pool("p-teams", 10, 10, sku=TEAMS, part="TEAMS_EXPLORATORY"))
EXTRA = """thresholds: {
  waiting = { warning = 1; critical = 25; for = "0s"; };
};
overrides = (
  { match = { sku = "TEAMS_*"; }; ignore = "all"; },
  { match = { sku = "SPE_E5"; }; usage = { critical = "99%"; }; }
);"""


class Decisions(Ctl):
    """One daemon: a pool that is full, and pools that are not reported for different reasons."""
    def start_world(self):
        self.good, self.gone = self.hook("good"), self.hook("gone")
        self.gone.answer([{"do": {"status": 410}}])
        self.graph_sim = self.graph(WORLD)
        self.configure(self.graph_sim, [self.good, self.gone], extra=EXTRA, interval="1h")
        self.begin()
        self.wait("a message that failed", lambda: json.loads(self.ctl("deliveries", "--failed", "--json").stdout)["deliveries"])
        self.wait_message(self.good, "alert.firing")

    def line(self, text):
        """FILE:LINE of the first line of the configuration that has this text."""
        lines = self.config.read_text().split("\n")
        return f"{self.config}:{1 + next(i for i, l in enumerate(lines) if text in l)}"

    def words(self, pool):
        return {r["reason"] for r in pool["reasons"]}

    def pools(self, *args):
        return json.loads(self.ctl("why", "--not", *args, "--json").stdout)["pools"]

    def explain_the_alert(self):
        alert = next(a for a in json.loads(self.ctl("alerts", "--json").stdout)["alerts"] if a["allotment_id"] == "p-full")
        x = json.loads(self.ctl("why", alert["alert_id"][:8].upper(), "--json").stdout)
        found = {f["rule"]: f for f in x["findings"]}
        self.assertEqual((x["state"], x["severity"], x["notified_severity"]), ("firing", "critical", "critical"))
        self.assertEqual((found["waiting"]["value"], found["waiting"]["reached"], found["waiting"]["firing"]), (30, "critical", "critical"))
        self.assertEqual(found["waiting"]["critical"], {"limit": 25, "text": "25 members", "source": self.line("waiting = {")})
        self.assertEqual(found["usage"]["critical"], {"limit": 99.0, "text": "99 %", "source": self.line("SPE_E5")})
        self.assertEqual(found["usage"]["warning"]["source"], None)
        states = {m["receiver"]: m["state"] for m in x["messages"]}
        self.assertEqual(states, {"good": "delivered", "gone": "parked"})
        self.assertEqual(self.words(x), {"notified", "parked", "limit", "unknown"})
        self.assertIn("forecast: there is too little history", " ".join(r["text"] for r in x["reasons"]))
        self.assertIn("410", next(r["text"] for r in x["reasons"] if r["reason"] == "parked"))
        self.assertEqual([n["reason"] for n in x["next"]], ["reminder"])
        text = self.ctl("why", alert["alert_id"]).stdout
        self.assertRegex(text, r"(?m)^alert +[0-9a-f]{16}  contoso: .* 30 waiting")
        self.assertRegex(text, r"(?m)^waiting +30 members +critical fires +1 member +25 members +.*:\d+$")
        self.assertRegex(text, r"(?m)^good +alert.firing +delivered ")
        self.assertRegex(text, r"(?m)^parked +gone: the message alert.firing is parked: .*410")
        self.assertRegex(text, r"(?m)^next +poll at ")

    def explain_alerts_of_other_kinds(self):
        """Each has a finding that fires, whether the last poll says so or only the alert itself."""
        self.wait("the alert about the receiver", lambda: "delivery" in {
            a["rule"] for a in json.loads(self.ctl("alerts", "--json").stdout)["alerts"]})
        for alert in json.loads(self.ctl("alerts", "--json").stdout)["alerts"]:
            x = json.loads(self.ctl("why", alert["alert_id"], "--json").stdout)
            with self.subTest(alert["rule"]):
                self.assertIn((alert["rule"], alert["severity"]), [(f["rule"], f["firing"]) for f in x["findings"]])
                self.assertTrue(x["reasons"])

    def explain_what_is_not_notified(self):
        for words, args in (({"min_units", "limit"}, ("contoso", "VISIOCLIENT")), ({"min_units", "limit"}, ("CONT", "visio")),
                            ({"free", "limit"}, ("contoso", "flow_free")), ({"ignore"}, ("contoso", "teams_exp")),
                            ({"min_units"}, ("contoso", VISIO)), ({"min_units"}, ("contoso", "p-sm"))):
            with self.subTest(args):
                (found,) = self.pools(*args)
                self.assertLessEqual(words, self.words(found))
        (teams,) = self.pools("contoso", "TEAMS_EXPLORATORY")
        self.assertEqual(teams["reasons"][0]["source"], self.line("TEAMS_*"))
        a, b = self.pools("contoso", "SPE_E3")
        self.assertIn("the other pools of the SKU have 900 units free", " ".join(r["text"] for r in a["reasons"]))
        self.assertIn("scope", self.words(a))
        self.assertNotIn("scope", self.words(b))
        text = self.ctl("why", "--not", "contoso", "VISIOCLIENT").stdout
        self.assertRegex(text, r"(?m)^min_units +usage: the pool has 10 units, fewer than min_units = 25$")
        self.assertRegex(text, r"(?m)^limit +remaining: 1 unit; warning at 0 units or less, critical at -1 units or less$")

    def refuse_what_does_not_exist(self):
        for words, args in (('there is no tenant "contosoo"\nseatwatchctl: did you mean "contoso"?', ("--not", "contosoo", "x")),
                            ('the tenant has no SKU "SPE_E33"\nseatwatchctl: did you mean "SPE_E3"?', ("--not", "contoso", "SPE_E33")),
                            ('several names begin with "SPE_"', ("--not", "contoso", "SPE_")),
                            ("there is no alert with the id", ("zz",))):
            self.assertIn(words, self.ctl("why", *args, code=1).stderr)
        self.ctl("why", "--not", "contoso", code=64)
        self.ctl("why", "a", "b", code=64)

    def test_each_decision_is_explained(self):
        self.start_world()
        self.explain_the_alert()
        self.explain_alerts_of_other_kinds()
        self.explain_what_is_not_notified()
        self.refuse_what_does_not_exist()

    def room(self, *args, code):
        return json.loads(self.ctl("room", *args, "--json", code=code).stdout)

    def test_commands_that_answer_by_their_exit_code(self):
        self.start_world()
        self.assertEqual(self.ctl("room", "spe_e3", "900", code=0).stdout.split("\n")[0], "yes          900 more fit into p-e3-b; 901 in all")
        self.assertIn("901 more fit, into several pools; 901 in all", self.ctl("room", "spe_e3", "901").stdout)
        self.assertIn("no           902 more do not fit; there is room for 901", self.ctl("room", "SPE_E3", "902", code=1).stdout)
        full = self.room("SPE_E5", "1", "--tenant", "con", code=1)
        self.assertEqual((full["fits"], full["room"], full["members"], full["pools"][0]["waiting_members"]), (False, 0, 1, 30))
        for args in (("SPE_E33",), ("SPE_E3", "0"), ("SPE_E3", "many"), ("SPE_E3", "1", "--tenant", "x"), (), ("a", "1", "2")):
            self.ctl("room", *args, code=3)
        self.ctl("room", "SPE_E3", socket_path=self.directory / "none", code=3)
        self.wait("the alert about the receiver", lambda: len(json.loads(self.ctl("alerts", "--json").stdout)["alerts"]) == 3)
        critical = self.ctl("check", code=2).stdout.split("\n")
        self.assertRegex(critical[0], r"^SEATWATCH CRITICAL - 1 critical, 1 warning; 0 of 1 tenants fail; 1 messages failed \| "
                                      r"critical=1;;0;0 warning=1;0;;0 silenced=0;;;0 tenants=1;;;0 tenants_failing=0;0;;0 "
                                      r"deliveries_queued=0;;;0 deliveries_failed=1;0;;0$")
        self.assertRegex("\n".join(critical[1:]), r"(?m)^critical: contoso: .*30 waiting")
        for alert in json.loads(self.ctl("alerts", "--json").stdout)["alerts"]:
            self.ctl("ack", alert["alert_id"], "--comment", "ordered")
        self.assertIn("SEATWATCH WARNING - 0 critical, 0 warning, 2 silenced", self.ctl("check", code=1).stdout)
        self.assertIn("SEATWATCH WARNING - 0 critical, 0 warning, 1 silenced", self.ctl("check", "--tenant", "CONT", code=1).stdout)
        failed = json.loads(self.ctl("deliveries", "--failed", "--json").stdout)["deliveries"]
        for d in failed:
            self.ctl("deliveries", "drop", d["id"])
        self.wait("no message that failed", lambda: not json.loads(self.ctl("deliveries", "--failed", "--json").stdout)["deliveries"])
        self.assertIn("SEATWATCH OK - ", self.ctl("check", code=0).stdout)
        self.assertIn("SEATWATCH UNKNOWN - there is no such tenant", self.ctl("check", "--tenant", "x", code=3).stdout)
        self.assertIn("SEATWATCH UNKNOWN - the daemon does not answer", self.ctl("check", socket_path=self.directory / "none", code=3).stdout)
        self.ctl("check", "--all", code=3)
        self.graph_sim.change(scenario(WORLD, faults=[{"match": {"path": "allotments"}, "do": {"status": 403}}]))
        self.ctl("poll")
        self.wait("a poll that fails", lambda: json.loads(self.ctl("status", "--json").stdout)["tenants"]["failing"])
        unknown = self.room("SPE_E3", code=3)
        self.assertEqual((unknown["fits"], unknown["room"], unknown["pools"]), (None, None, []))
        self.assertIn("the last one failed", unknown["reason"])
        self.assertIn("unknown      the pools of contoso were not read", self.ctl("allotments").stdout)

    def test_routes_and_pools_are_shown(self):
        self.good, other = self.hook("good"), self.hook("other")
        self.graph_sim = self.graph(WORLD)
        self.configure(self.graph_sim, [self.good, other], interval="1h", extra="""routes = (
  { match = { severity = "critical"; sku = "SPE_E3"; }; to = ["other"]; },
  { match = { severity = "critical"; }; to = ["good"]; continue = true; },
  { match = { rule = "waiting"; }; to = ["other"]; hours = "Mon-Fri 07:00-19:00"; }
);
""", tenant_extra='timezone = "Europe/Berlin";')
        self.begin()
        self.wait_polled()

        def routes(*args):
            answer = json.loads(self.ctl("routes", "test", "contoso", *args, "--json").stdout)
            return [(r["receiver"], r["held_until"], r["source"]) for r in answer["receivers"]]
        good, hours, e3 = self.line('severity = "critical"; };'), self.line("rule ="), self.line("sku =")
        self.assertEqual(routes("waiting", "--at", "2037-01-03T12:00:00Z"),  # a Saturday
                         [("good", None, good), ("other", "2037-01-05T06:00:00Z", hours)])
        self.assertEqual(routes("waiting", "--at", "2037-01-02T12:00:00Z", "--severity", "warning"), [("other", None, hours)])
        self.assertEqual(routes("usage", "--severity", "warning"), [("good", None, None)])
        self.assertEqual(routes("usage", "--sku", "spe_e3"), [("other", None, e3)])
        text = self.ctl("routes", "test", "CONT", "waiting", "--at", "2037-01-03T12:00:00Z", TZ="UTC").stdout
        self.assertRegex(text, rf"(?m)^good +at once +{good}$")
        self.assertRegex(text, rf"(?m)^other +2037-01-05 06:00 UTC +{hours}$")
        for words, code, args in (('did you mean "waiting"?', 1, ("contoso", "waitin")), ("did you mean", 1, ("contosoo", "usage")),
                                  ("no such severity", 1, ("contoso", "usage", "--severity", "info")),
                                  ("is not a time", 64, ("contoso", "usage", "--at", "soon"))):
            self.assertIn(words, self.ctl("routes", "test", *args, code=code).stderr)
        text = self.ctl("allotments").stdout
        self.assertRegex(text, r"(?m)^contoso +SPE_E5 +p-full +100 +100 +0 +30 ")
        self.assertRegex(text, r"(?m)^contoso +VISIOCLIENT +p-small +9 +10 +1 +0 +ok ")
        found = json.loads(self.ctl("allotments", "--sku", "spe_e3", "--tenant", "contoso", "--json").stdout)
        self.assertEqual([a["allotment_id"] for a in found["allotments"]], ["p-e3-a", "p-e3-b"])
        self.assertEqual(found["unknown_tenants"], [])

    def test_the_first_digest_and_unknown_data_are_reasons(self):
        good = self.hook("good")
        self.graph_sim = self.graph(WORLD)
        self.configure(self.graph_sim, [good], interval="1h",
                       extra='alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; };\n'
                             'thresholds: { waiting = { warning = "off"; critical = "off"; }; };')
        self.begin()
        self.wait_message(good, "alert.digest")
        (full,) = self.pools("contoso", "SPE_E5")
        self.assertLessEqual({"baseline", "folded", "limit"}, self.words(full))
        self.wait("its delivery", lambda: {m["type"]: m["state"] for m in self.pools("contoso", "SPE_E5")[0]["messages"]}
                  == {"alert.digest": "delivered"})
        self.graph_sim.change(scenario(WORLD, faults=[{"match": {"path": "allotments"}, "do": {"status": 403}}]))
        self.ctl("poll")

        def incomplete(p):
            return any("the last poll was incomplete: " in r["text"] for r in p["reasons"] if r["reason"] == "unknown")
        (full,) = self.wait("unknown data", lambda: [p for p in self.pools("contoso", "SPE_E5") if incomplete(p)])
        self.assertNotIn("limit", self.words(full))


def told(receiver, kind, state, answer=None):
    return {"id": "17", "receiver": receiver, "state": state, "type": kind, "alert_id": "5f0c2a9e41d7b836", "event_id": "e",
            "created_at": "2026-03-01T10:00:00Z", "due_at": None, "attempts": 1, "attempted_at": "2026-03-01T10:00:01Z",
            "answer": answer}


TENANT = {"state": "complete", "failing": False, "last_complete_at": "2026-03-01T10:00:00Z", "consumed_units": 96012,
          "allotted_units": 100000, "waiting_members": 30, "assignment_errors": 2, "error": None}
ALERT = {"alert_id": "5f0c2a9e41d7b836", "state": "firing", "severity": "critical", "since": "2026-03-01T09:55:00Z", "silence": None,
         "summary": "contoso: Microsoft 365 E5 (CSP pool) is full, 30 waiting since 09:40 UTC: 30 units needed"}
POOL = {"tenant": "contoso", "allotment_id": "5a2b7c1e-0d7e-4d0a-9a55-6f1a2f0c8d11", "name": "CSP pool", "sku_id": "06ebc4ee",
        "sku_part_number": "SPE_E5", "sku_name": "Microsoft 365 E5", "allotted_units": 1000, "consumed_units": 1000,
        "free_units": 0, "waiting_members": 30, "level": "critical", "room": 0}
LIMIT = {"limit": 1, "text": "1 member", "source": "/etc/seatwatchd/seatwatchd.conf:41"}
EXPLAINED = {**ALERT, "title": ALERT["summary"], "allotment_id": POOL["allotment_id"], "allotment_name": "CSP pool",
             "observed_at": "2026-03-01T10:00:00Z", "next_poll_at": "2026-03-01T10:05:00Z",
             "findings": [{"rule": "waiting", "state": "known", "text": "30 members", "warning": LIMIT,
                           "critical": {**LIMIT, "text": "25 members"}, "reached": "critical", "firing": "critical", "counting": None},
                          {"rule": "usage", "state": "known", "text": "100 %", "warning": {"limit": 90, "text": "90 %", "source": None},
                           "critical": {"limit": None, "text": None, "source": None}, "reached": "warning", "firing": "warning",
                           "counting": None}],
             "reasons": [{"reason": "notified", "text": "it was notified as critical (waiting), and nothing that matters has changed since",
                          "source": None}],
             "messages": [told("team-chat", "alert.firing", "delivered", "200"), told("pager", "alert.firing", "parked", "410 gone")],
             "next": [{"reason": "reminder", "text": "a reminder is due at 13:55 UTC", "source": None}]}
ANSWERS = {
    "/v1/status": {"version": "1.0", "started_at": "2026-02-01T08:00:00Z", "problems": ["the clock of this machine is not set"],
                   "tenants": {"total": 2, "failing": 1, "last_complete_at": "2026-03-01T10:00:00Z"},
                   "alerts": {"critical": 1, "warning": 1}, "deliveries": {"delivered": 1234, "pending": 0, "failed": 1},
                   "credential_expires_at": "2026-12-01T00:00:00Z"},
    "/v1/tenants": {"tenants": [{"name": "contoso", **TENANT},
                                {"name": "fabrikam", **TENANT, "state": "incomplete", "failing": True, "waiting_members": None,
                                 "error": "sign-in was refused: AADSTS7000222: the client secret has expired"}]},
    "/v1/alerts": {"alerts": [ALERT, {**ALERT, "alert_id": "9b1d2a9e41d7b836", "severity": "warning",
                                      "summary": "fabrikam: 3 assignment errors", "silence": {"id": "s", "kind": "silence"}}]},
    "/v1/allotments": {"allotments": [POOL, {**POOL, "allotment_id": "b", "name": None, "waiting_members": None, "level": "ok"}],
                       "unknown_tenants": ["fabrikam"]},
    "/v1/room": {"pools": [POOL], "members": 12, "fits": False, "room": 0, "reason": None},
    "/v1/alerts/5f0c/why": EXPLAINED,
    "/v1/routes": {"receivers": [{"receiver": "team-chat", "held_until": None, "source": "/etc/seatwatchd/seatwatchd.conf:60"},
                                 {"receiver": "service-desk", "held_until": "2026-03-02T06:00:00Z", "source": None}]},
    "/v1/silences": {"silences": [{"id": "01934f2e-7a10-7cc0-8000-1b2c3d4e5f60", "kind": "silence", "active": True, "author": "alice",
                                   "comment": "migration of the tenant, see change 4711", "match": {"tenant": "contoso", "rule": "waiting*"},
                                   "alert_id": None, "start_at": "2026-03-01T08:00:00Z", "end_at": "2026-03-02T08:00:00Z",
                                   "weekly": None, "timezone": None}]},
    "/v1/deliveries": {"deliveries": [told("pager", "alert.firing", "parked", "410 gone: the integration was removed")]},
}


class Tables(Ctl):
    """What terminals of two widths show, against golden files, from the answers of a daemon that says always the same."""
    def serve(self):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.directory / "golden"))
        listener.listen()

        def serve():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:  # closed at the end of the test
                    return
                with client:
                    path = client.recv(65536).decode().split()[1].split("?")[0]
                    client.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(ANSWERS[path]).encode())
        threading.Thread(target=serve, daemon=True).start()
        return self.directory / "golden"

    def test_tables_fit_terminals_of_60_and_120_columns(self):
        where = self.serve()
        for columns in (60, 120):
            shown = ""
            for code, *args in ((0, "status"), (0, "alerts"), (0, "allotments"), (1, "room", "SPE_E5", "12"), (0, "why", "5f0c"),
                                (0, "routes", "test", "contoso", "waiting"), (0, "silence", "list"), (0, "deliveries")):
                text = self.terminal(*args, columns=columns, socket_path=where, code=code, NO_COLOR="1", TZ="UTC")
                shown += f"$ seatwatchctl {' '.join(args)}\n{text}\n"
            golden = ROOT / f"tests/fixtures/golden/seatwatchctl-{columns}.txt"
            if not golden.exists() or golden.read_text() != shown:
                (BUILD / golden.name).write_text(shown)
            self.assertEqual(shown, golden.read_text(), f"if it is better so: cp {BUILD / golden.name} {golden}")


class Completion(Ctl):
    def complete(self, *words):
        """What bash offers for the last of these words."""
        script = f'source {ROOT}/packaging/completions/seatwatchctl; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); ' \
                 '_seatwatchctl "$1"; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return set(done.stdout.split())

    def test_each_command_and_option_is_completed(self):
        text = subprocess.run([CTL, "--help"], capture_output=True, text=True, timeout=60).stdout
        commands = [line[2:].split("  ")[0] for line in text.split("options:")[0].split("\n") if line.startswith("  ")]
        commands = [" ".join(w for w in c.split()[:2] if w.isalpha() and w.islower()) for c in commands]
        self.assertIn("deliveries retry", commands)
        for command in commands:
            *first, last = command.split()
            with self.subTest(command):
                self.assertIn(last, self.complete(CTL, *first, last[:2]))
                self.assertIn(last, self.complete(CTL, "--json", *first, ""))
        self.assertEqual(self.complete(CTL, "silence", ""), {"add", "list", "end"})
        self.assertEqual(self.complete(CTL, "reload", ""), set())
        options = {"--" + part.split()[0].rstrip(",") for part in text.split("options:")[1].split("  --")[1:]}
        self.assertGreater(len(options), 15)
        self.assertEqual(self.complete(CTL, "status", "--"), options)
        self.assertEqual(self.complete(CTL, "routes", "test", "--severity", "w"), {"warning"})

    def test_names_that_a_shell_would_expand_are_not_completed(self):
        ran = self.directory / "ran"
        program = self.directory / "seatwatchctl"
        program.write_text(f"#!/bin/sh\nprintf '%s' '{{\"sku_part_number\":\"SPE_E5\"}}{{\"sku_part_number\":\"$(touch {ran})\"}}'\n")
        program.chmod(0o755)
        self.assertEqual(self.complete(str(program), "room", ""), {"SPE_E5"})
        self.assertFalse(ran.exists())


class Trouble(Ctl):
    def test_no_daemon(self):
        done = self.ctl("status", socket_path=self.directory / "none", code=69)
        self.assertIn("systemctl status seatwatchd", done.stderr)
        with socket.socket(socket.AF_UNIX) as s:  # nobody listens
            s.bind(str(self.directory / "stale"))
        self.ctl("poll", socket_path=self.directory / "stale", code=69)

    def test_another_user(self):
        self.start_up()
        self.directory.chmod(0o755)
        done = subprocess.run([CTL, "--socket", self.directory / "control.sock"], capture_output=True, text=True, timeout=60,
                              user=65534, group=65534, extra_groups=[])
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertIn("group seatwatch-admin", done.stderr)

    def test_the_read_socket_refuses_changes(self):
        self.start_up()
        self.ctl("status", socket_path=self.directory / "read.sock")
        done = self.ctl("poll", socket_path=self.directory / "read.sock", code=1)
        self.assertIn("this socket is read-only", done.stderr)

    def answer(self, data):
        """Somebody else's answer on a socket."""
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.directory / "other"))
        listener.listen()

        def serve():
            client, _ = listener.accept()
            with client:
                client.recv(65536)
                client.sendall(data)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        return self.directory / "other"

    def test_answers_that_are_none(self):
        for code, data in ((69, b""), (69, b"garbage\r\n\r\n"), (70, b"HTTP/1.0 200 OK\r\n\r\n<html>"),
                           (1, b"HTTP/1.0 500 No\r\n\r\n<html>"), (0, b"HTTP/1.0 200 OK\r\n\r\n{}"),
                           (1, b'HTTP/1.0 400 No\r\n\r\n{"error":"a\\u001b[2J","hint":"b"}')):
            with self.subTest(data):
                done = self.ctl("alerts", socket_path=self.answer(data), code=code)
                self.assertNotIn("\x1b", done.stderr)
            (self.directory / "other").unlink()

    def test_standard_output_that_is_full(self):
        self.start_up()
        with open("/dev/full", "w") as full:
            done = subprocess.run([CTL, "--socket", self.directory / "control.sock", "status"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 70)
        self.assertIn("standard output", done.stderr)


if __name__ == "__main__":
    unittest.main()
