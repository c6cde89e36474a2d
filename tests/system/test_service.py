# SPDX-License-Identifier: MIT
"""The installed service under a booted systemd: start, status, reload, watchdog, crash, secrets, journal, reboot."""
import collections
import re
import signal
import time
import unittest

from service import CLIENT_SECRET, ROOT, TENANT, Service, main, pool, scenario, state

FULL = state(pool(allotted=100, consumed=100, waiting=3))
WORSE = state(pool(allotted=100, consumed=100, waiting=26))
REVOKED = {"match": {"path": "allotments"}, "at": [1], "do": {"revoke": True}}
UNIT_STARTED = "39f53479d3a045ac8e11786248231fbf"  # systemd: a unit has finished starting, which is READY=1 here
CONFIG_LOADED = "fa59688505454923aa8edce56cc937e3"
CONFIG_REFUSED = "7ba0be41100a4e27b95f14414a836d1a"


class Start(Service):
    def test_it_is_active_only_when_it_has_checked_itself(self):
        self.configure(self.graph(FULL), [self.hook()])
        self.systemctl("start")
        self.assertEqual((self.prop("ActiveState"), self.prop("SubState"), self.prop("NRestarts")), ("active", "running", "0"))
        self.assertEqual(self.prop("WatchdogUSec"), "3min")
        order = [e["MESSAGE"] for e in self.entries() if e.get("MESSAGE_ID") == UNIT_STARTED or "has started" in e["MESSAGE"]]
        self.assertEqual(len(order), 2, order)
        self.assertIn("tenants: 1, receivers: 1", order[0])

    def test_a_wrong_configuration_fails_the_start_and_is_not_tried_again(self):
        self.configure(self.graph(FULL), [self.hook()])
        good = self.config.read_text()
        cases = (("an unknown key", good + "pole = 1;\n", "pole"),
                 ("a receiver that cannot be", good.replace('type = "webhook"', 'type = "web"'), "web"))
        for why, text, said in cases:
            with self.subTest(why):
                self.install(text)
                self.assertNotEqual(self.systemctl("start", check=False).returncode, 0)
                self.assertEqual((self.prop("ActiveState"), self.prop("ExecMainStatus"), self.prop("NRestarts")), ("failed", "78", "0"))
                self.assertTrue(any(said in e["MESSAGE"] for e in self.entries(own=True)), self.stderr())
                self.assertEqual([e for e in self.entries() if e.get("MESSAGE_ID") == UNIT_STARTED], [])

    def test_a_bad_state_directory_fails_the_start_and_is_tried_until_it_is_good(self):
        self.drop_in("[Service]\nRestartSec=200ms\n")
        self.configure(self.graph(FULL), [self.hook()])
        self.box.path("/var/lib/private/seatwatchd/seatwatchd.db").mkdir(parents=True)
        self.assertNotEqual(self.systemctl("start", check=False).returncode, 0)
        self.wait("another try", lambda: int(self.prop("NRestarts")) > 1)
        self.assertTrue(any("status=69" in e["MESSAGE"] for e in self.entries()), self.stderr())
        self.assertTrue(any("seatwatchd.db" in e["MESSAGE"] and e["PRIORITY"] == "3" for e in self.entries(own=True)), self.stderr())
        self.assertEqual([e for e in self.entries() if e.get("MESSAGE_ID") == UNIT_STARTED], [])
        self.box.path("/var/lib/private/seatwatchd/seatwatchd.db").rmdir()
        self.wait("it starts by itself", lambda: self.prop("ActiveState") == "active")

    def test_its_state_belongs_to_it_alone_and_stays(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        self.systemctl("start")
        self.wait_message(hook, "alert.firing")
        listed = self.box.run("stat", "-L", "-c", "%a %u %n", "/var/lib/private", "/var/lib/seatwatchd",
                              "/var/lib/seatwatchd/seatwatchd.db").stdout.splitlines()
        modes = [line.split()[0] for line in listed]
        self.assertEqual(modes, ["700", "700", "600"])
        for line in listed[1:]:
            self.assertIn(int(line.split()[1]), range(61184, 65520), "not a dynamic user's")
        self.assertEqual(self.box.run("readlink", "/var/lib/seatwatchd").stdout.strip(), "private/seatwatchd")

    def test_it_stops_within_seconds_though_a_receiver_hangs(self):
        hook = self.hook()
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        self.systemctl("start")
        self.wait_message(hook, "alert.firing")
        hook.answer([{"do": {"delay_ms": 20000}}])
        graph.change(scenario(WORSE))
        polls = len(graph.requests("assignmentErrors"))
        self.wait("a message on its way", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
        begun = time.monotonic()
        self.systemctl("stop")
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual((self.prop("ActiveState"), self.prop("Result"), self.prop("ExecMainStatus")), ("inactive", "success", "0"))


class Reload(Service):
    def test_status_says_what_goes_on(self):
        hook = self.hook()
        self.configure(self.graph(FULL), [hook])
        self.systemctl("start")
        self.wait_message(hook, "alert.firing")
        self.wait("the status", lambda: re.search(r"\b1\b.*tenant|tenants?: 1\b", self.prop("StatusText")))
        self.wait("the alert in it", lambda: re.search(r"\b1 alert|alerts: 1\b", self.prop("StatusText")))
        self.assertIn(self.prop("StatusText"), self.box.run("systemctl", "status", "seatwatchd").stdout)

    def test_a_good_configuration_takes_over_without_a_restart(self):
        hook = self.hook()
        graph = self.graph(state(pool(allotted=100, consumed=60)))
        self.configure(graph, [hook])
        self.systemctl("start")
        pid = self.prop("MainPID")
        self.wait("a poll", lambda: graph.requests("assignmentErrors"))
        self.install(self.config.read_text().replace("thresholds: {", 'thresholds: { usage = { warning = "50%"; critical = "99%"; }; '))
        self.systemctl("reload")
        told = self.wait_message(hook, "alert.firing", rule="usage")["data"]
        self.assertEqual(told["threshold"], 50)
        self.assertEqual((self.prop("MainPID"), self.prop("ActiveState"), self.prop("NRestarts")), (pid, "active", "0"))
        self.assertEqual(len(self.with_id(CONFIG_LOADED)), 1)

    def test_a_bad_configuration_is_refused_and_the_old_one_runs_on(self):
        hook = self.hook()
        graph = self.graph(state(pool(allotted=100, consumed=50)))
        self.configure(graph, [hook])
        self.systemctl("start")
        pid = self.prop("MainPID")
        good = self.config.read_text()
        self.install(good.replace("thresholds: {", 'thresholds: { usage = { warning = "10%"; critical = "99%"; }; ') + "pole = 1;\n")
        self.assertNotEqual(self.systemctl("reload", check=False).returncode, 0)
        self.wait("the refusal", lambda: self.with_id(CONFIG_REFUSED))
        self.wait("the status says so", lambda: "refused" in self.prop("StatusText"))
        self.assertTrue(any(re.search(r"seatwatchd\.conf:\d+: .*pole", e["MESSAGE"]) for e in self.entries(own=True)), self.stderr())
        self.assertEqual((self.prop("MainPID"), self.prop("ActiveState")), (pid, "active"))
        graph.change(scenario(FULL))
        rules = self.wait_message(hook, "alert.firing")["data"]["rule"]
        self.assertEqual(rules, "waiting", "the refused threshold is in force")
        self.install(good)
        self.systemctl("reload")
        self.wait("the status forgets it", lambda: "refused" not in self.prop("StatusText"))


class Killed(Service):
    """Whatever ends the process: the next one goes on, tells nothing twice and loses nothing."""

    def ended_by(self, signo, result, extra=""):
        self.drop_in(f"[Service]\nRestartSec=200ms\nWatchdogSec=2s\n{extra}")
        hook = self.hook()
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        self.systemctl("start")
        self.wait_message(hook, "alert.firing")
        polls = len(graph.requests("assignmentErrors"))
        self.wait("it reads on", lambda: len(graph.requests("assignmentErrors")) > polls)
        pid = self.prop("MainPID")
        begun = time.monotonic()
        self.box.run("kill", f"-{signo.name}", pid)
        graph.change(scenario(WORSE))  # while nobody watches
        self.wait("another process", lambda: self.prop("MainPID") not in ("0", pid) and self.prop("ActiveState") == "active")
        took = time.monotonic() - begun
        self.wait_message(hook, "alert.escalated")
        polls = len(graph.requests("assignmentErrors"))
        self.wait("two more polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
        self.assertEqual(self.prop("NRestarts"), "1")
        self.assertTrue(any(f"Failed with result '{result}'" in e["MESSAGE"] for e in self.entries()), self.stderr())
        self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing", "alert.escalated"])
        ids = collections.Counter(r["headers"]["webhook-id"] for r in hook.requests())
        self.assertEqual(set(ids.values()), {1}, "a message came twice")
        return took

    def test_a_frozen_daemon_is_killed_by_the_watchdog(self):
        self.assertLess(self.ended_by(signal.SIGSTOP, "watchdog"), 10)
        self.assertTrue(any("Watchdog timeout (limit 2s)" in e["MESSAGE"] for e in self.entries()))

    def test_a_crash_is_survived(self):
        self.ended_by(signal.SIGSEGV, "signal", "LimitCORE=0\n")

    def test_a_kill_is_survived(self):
        self.ended_by(signal.SIGKILL, "signal")


class Secrets(Service):
    def test_a_secret_is_rotated_as_the_readme_says(self):
        (told,) = re.findall(r"To rotate a secret.*?```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
        new = "canary-rotated-secret-Wv52!q.9"
        self.canaries.append(new)
        hook = self.hook()
        graph = self.graph(FULL)
        self.secret("contoso.secret", CLIENT_SECRET + "\n")
        self.configure(graph, [hook])
        self.install(self.config.read_text().replace("tenant.secret", "contoso.secret"))
        self.systemctl("start")
        self.wait_message(hook, "alert.firing", rule="waiting")
        graph.change(scenario(FULL, client_secret=new, faults=[REVOKED]))
        alert = self.wait_message(hook, "alert.firing", rule="poll")["data"]
        self.assertIn("systemctl restart seatwatchd", alert["next_step"])
        self.box.run("sh", "-euc", told, input=new + "\n")
        self.wait_message(hook, "alert.resolved", rule="poll")
        self.assertEqual([m["type"] for m in hook.messages() if m["data"]["rule"] == "waiting"], ["alert.firing"])

    def test_what_systemd_hands_over_nobody_else_reads(self):
        self.configure(self.graph(FULL), [self.hook()])
        self.systemctl("start")
        pid = self.prop("MainPID")
        where = "/run/credentials/seatwatchd.service"
        self.assertEqual(self.box.run("stat", "-c", "%a", where).stdout.strip()[-3:], "500")
        other = self.box.run("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "ls", where, check=False)
        self.assertNotEqual(other.returncode, 0)
        for file in ("environ", "cmdline"):
            shown = self.box.run("cat", f"/proc/{pid}/{file}").stdout
            self.assertEqual([c for c in self.canaries if c in shown], [])


class Journal(Service):
    """The journal is a receiver here, and a webhook that has gone for good is told about in it."""

    def documented(self):
        page = self.box.path("/usr/share/man/man8/seatwatchd.8").read_text()
        section = page[page.index(".Sh JOURNAL"):page.index(".Sh JSON OUTPUT")]
        return set(re.findall(r"SEATWATCH_[A-Z_]+", section)), re.findall(r"^\.It ([0-9a-f]{32}) ", section, re.M)

    def test_every_field_is_read_back_and_every_message_is_explained(self):
        hook = self.hook()
        hook.answer([{"do": {"status": 410}}])
        graph = self.graph(FULL)
        secrets = f"{self.directory}/secrets"
        self.configure(graph, receivers=[
            '{ name = "journal"; type = "journal"; }',
            f'{{ name = "{hook.name}"; type = "webhook"; url_file = "{secrets}/{hook.name}.url"; '
            f'signing_key_file = "{secrets}/{hook.name}.key"; }}'],
            extra='fallback = [ "journal" ];\n')
        self.systemctl("start")
        self.wait("an alert about the receiver", lambda: self.alerts(SEATWATCH_RULE="delivery"))
        graph.change(scenario(WORSE))
        self.wait("worse", lambda: self.alerts(SEATWATCH_EVENT="alert.escalated", SEATWATCH_RULE="waiting"))
        graph.change(scenario(state(pool(allotted=200, consumed=100))))
        self.wait("over", lambda: self.alerts(SEATWATCH_EVENT="alert.resolved", SEATWATCH_RULE="waiting"))
        self.systemctl("reload")
        self.wait("reloaded", lambda: self.with_id(CONFIG_LOADED))
        self.install(self.config.read_text() + "pole = 1;\n")
        self.systemctl("reload", check=False)
        self.wait("refused", lambda: self.with_id(CONFIG_REFUSED))
        self.read_back(self.entries(own=True))
        self.explained()

    def alerts(self, **fields):
        return [e for e in self.entries(own=True) if all(e.get(k) == v for k, v in fields.items())]

    def read_back(self, entries):
        fields, ids = self.documented()
        seen = {name for e in entries for name in e if name.startswith("SEATWATCH_")}
        self.assertEqual(seen, fields, "what is seen and what seatwatchd(8) lists")
        self.assertLessEqual({e["MESSAGE_ID"] for e in entries if "MESSAGE_ID" in e}, set(ids))
        fired = self.alerts(SEATWATCH_EVENT="alert.firing", SEATWATCH_RULE="waiting")
        self.assertEqual(len(fired), 1)
        wanted = {"PRIORITY": "4", "SYSLOG_IDENTIFIER": "seatwatchd", "SYSLOG_FACILITY": "3", "_TRANSPORT": "journal",
                  "_SYSTEMD_UNIT": "seatwatchd.service", "_COMM": "seatwatchd", "_EXE": "/usr/sbin/seatwatchd",
                  "SEATWATCH_EVENT": "alert.firing", "SEATWATCH_EPISODE": "1", "SEATWATCH_STATE": "firing",
                  "SEATWATCH_SEVERITY": "warning", "SEATWATCH_TENANT": "contoso", "SEATWATCH_TENANT_ID": TENANT,
                  "SEATWATCH_SKU": "SPE_E5", "SEATWATCH_ALLOTMENT_ID": "pool-1", "SEATWATCH_VALUE": "3",
                  "SEATWATCH_THRESHOLD": "1", "SEATWATCH_ALLOTTED_UNITS": "100", "SEATWATCH_CONSUMED_UNITS": "100",
                  "SEATWATCH_WAITING_MEMBERS": "3", "SEATWATCH_SEQ": "1"}
        self.assertEqual({k: fired[0].get(k) for k in wanted}, wanted)
        self.assertNotEqual(fired[0]["_UID"], "0")
        events = [e["SEATWATCH_EVENT_ID"] for e in entries if "SEATWATCH_EVENT_ID" in e]
        self.assertEqual(len(events), len(set(events)), "an event was told twice")

    def explained(self):
        """journalctl -x adds the entry's subject, with the entry's own fields in it."""
        seen = {e["MESSAGE_ID"] for e in self.entries(own=True) if "MESSAGE_ID" in e}
        self.assertGreaterEqual(len(seen), 6)
        for message in seen | set(self.documented()[1]):
            listed = self.box.run("journalctl", "--list-catalog", message).stdout
            self.assertTrue(listed.startswith(message), listed)
        for message in seen:
            shown = self.box.run("journalctl", "-x", "-t", "seatwatchd", f"MESSAGE_ID={message}").stdout
            subject = re.search(r"^░░ Subject: (.+)$", shown, re.M)
            self.assertTrue(subject, shown)
            self.assertNotRegex(shown, r"@SEATWATCH_[A-Z]+@")
            self.assertIn("░░ Defined-By: seatwatchd", shown)


class Boot(Service):
    def test_alerts_outlive_a_reboot_and_a_power_cut_and_are_not_told_again(self):
        hook = self.hook()
        graph = self.graph(FULL)
        self.configure(graph, [hook])
        self.box.run("systemctl", "enable", "seatwatchd")
        self.addCleanup(lambda: self.box.run("systemctl", "disable", "seatwatchd"))
        self.systemctl("start")
        self.wait_message(hook, "alert.firing")
        boots = len(self.box.run("journalctl", "-q", "--list-boots").stdout.splitlines()) - 1
        for end in (self.box.halt, self.box.cut):
            end()
            self.box.boot()
            self.wait("it starts with the machine", lambda: self.prop("ActiveState") == "active")
            polls = len(graph.requests("assignmentErrors"))
            self.wait("two polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
            self.assertEqual([m["type"] for m in hook.messages()], ["alert.firing"])
        graph.change(scenario(WORSE))
        worse = self.wait_message(hook, "alert.escalated")["data"]
        self.assertEqual((worse["alert_id"], worse["episode"]), (hook.messages()[0]["data"]["alert_id"], 1))
        self.assertEqual(len(hook.requests()), 2)
        self.assertEqual(len(self.box.run("journalctl", "-q", "--list-boots").stdout.splitlines()) - 1, boots + 2)


if __name__ == "__main__":
    main()
