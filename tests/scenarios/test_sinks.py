# SPDX-License-Identifier: MIT
"""What real sinks make of our messages: systemd-journald, rsyslogd, and npm's standardwebhooks."""
import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest

from harness import ROOT, TENANT, Scenario, pool, state

WITH_JOURNALD = ROOT / "tests/scenarios/with-journald"
ORACLES = ROOT / "tests/oracles"
FULL = pool("pool-1", allotted=100, consumed=100, waiting=26)
JOURNAL = ['{ name = "journal"; type = "journal"; }']
FIELDS = {"SEATWATCH_EVENT": "alert.firing", "SEATWATCH_EPISODE": "1", "SEATWATCH_RULE": "waiting", "SEATWATCH_STATE": "firing",
          "SEATWATCH_SEVERITY": "critical", "SEATWATCH_TENANT": "contoso", "SEATWATCH_TENANT_ID": TENANT,
          "SEATWATCH_SKU": "SPE_E5", "SEATWATCH_ALLOTMENT_ID": "pool-1", "SEATWATCH_VALUE": "26",
          "SEATWATCH_THRESHOLD": "25", "SEATWATCH_ALLOTTED_UNITS": "100", "SEATWATCH_CONSUMED_UNITS": "100",
          "SEATWATCH_WAITING_MEMBERS": "26", "SYSLOG_IDENTIFIER": "seatwatchd", "SYSLOG_FACILITY": "3", "PRIORITY": "2",
          "MESSAGE_ID": "6dc36667e18c421a8af41f7a12e900ae", "_TRANSPORT": "journal"}


@unittest.skipUnless(os.geteuid() == 0, "a journald of one's own needs root")
class Journald(Scenario):
    def inside(self, script, *options):
        """The script runs beside a private journald; "$@" in it is the daemon."""
        wrapper = [str(WITH_JOURNALD), "sh", "-euc", script, "sh"]
        return self.run_daemon(*options, wrapper=wrapper, cwd=self.directory, env=dict(os.environ, ROOT=str(ROOT)))

    def entries(self, name="journal.json"):
        return [json.loads(line) for line in (self.directory / name).read_text().splitlines()]

    def test_every_field_is_read_back_and_the_catalogue_explains(self):
        self.configure(self.graph(state(FULL)), receivers=JOURNAL)
        done = self.inside("""
            "$@" >once.json
            journalctl --sync
            journalctl --all -o json SYSLOG_IDENTIFIER=seatwatchd >journal.json
            mkdir -p /var/lib/systemd/catalog /usr/lib/systemd/catalog
            mount -t tmpfs catalog /var/lib/systemd/catalog
            mount -t tmpfs catalog /usr/lib/systemd/catalog
            cp "$ROOT/units/seatwatchd.catalog" /usr/lib/systemd/catalog/
            journalctl --update-catalog
            journalctl -x SYSLOG_IDENTIFIER=seatwatchd >explained
            journalctl --list-catalog >catalogue""", "--once", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        (entry,) = self.entries()
        self.assertEqual({k: entry.get(k) for k in FIELDS}, FIELDS)
        told = json.loads((self.directory / "once.json").read_text())["alerts"][0]
        self.assertEqual(entry["SEATWATCH_ALERT_ID"], told["alert_id"])
        self.assertRegex(entry["SEATWATCH_EVENT_ID"], r"^[0-9a-f]{8}-[0-9a-f]{4}-7")
        self.assertEqual(int(entry["SEATWATCH_SEQ"]), 1)
        self.assertIn("26 waiting", entry["MESSAGE"].split("\n")[0])
        self.assertGreater(len(entry["MESSAGE"].split("\n")), 1)
        explained = (self.directory / "explained").read_text()
        self.assertIn(f"Subject: Licence alert {told['alert_id']} of contoso is firing", explained)
        self.assertIn("the value is 26, the limit is", explained)
        known = {line.split()[0] for line in (self.directory / "catalogue").read_text().splitlines() if line}
        ids = (ROOT / "daemon/base/message_ids.h").read_text().count("#define MESSAGE_")
        self.assertEqual(len(known), ids)

    def test_a_frozen_journald_loses_nothing_and_blocks_nothing(self):
        self.configure(self.graph(state(FULL)), receivers=JOURNAL)
        filler = self.directory / "fill.py"
        filler.write_text("import socket\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
                          "s.connect('/run/systemd/journal/socket')\ns.setblocking(False)\n"
                          "try:\n    while True:\n        s.send(b'MESSAGE=noise\\n')\nexcept BlockingIOError:\n    pass\n")
        done = self.inside("""
            kill -STOP $JOURNALD_PID
            /usr/bin/python3 fill.py
            rc=0; timeout 20 "$@" >frozen.json || rc=$?
            echo $rc >frozen.rc
            kill -CONT $JOURNALD_PID
            journalctl --sync
            until [ "$(jq .deliveries.pending last.json 2>/dev/null)" = 0 ]; do "$@" >last.json || :; done
            journalctl --sync
            journalctl --all -o json SYSLOG_IDENTIFIER=seatwatchd >journal.json""", "--once", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        frozen = json.loads((self.directory / "frozen.json").read_text())
        self.assertEqual(frozen["deliveries"], {"delivered": 0, "pending": 1, "failed": 0})
        self.assertEqual((self.directory / "frozen.rc").read_text(), "1\n")
        (entry,) = self.entries()
        self.assertEqual(entry["SEATWATCH_EVENT"], "alert.firing")

    def test_a_test_message_is_found_in_the_journal(self):
        self.configure(self.graph(state(FULL)), receivers=JOURNAL)
        done = self.inside("""
            "$@"
            journalctl --sync
            journalctl --all -o json MESSAGE_ID=75abcf73d79e49fab26b03abebb77ff7 >journal.json""", "--test-receiver", "journal")
        self.assertEqual(done.returncode, 0, done.stderr)
        (entry,) = self.entries()
        self.assertEqual((entry["SEATWATCH_EVENT"], entry["PRIORITY"]), ("receiver.test", "5"))


class Stderr(Scenario):
    def test_without_journald_alerts_are_on_stderr_and_count_as_delivered(self):
        self.configure(self.graph(state(FULL)),
                       receivers=[f'{{ name = "journal"; type = "journal"; socket = "{self.directory}/none"; }}'])
        done = self.run_daemon("--once", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["deliveries"], {"delivered": 1, "pending": 0, "failed": 0})
        self.assertIn("26 waiting", done.stderr)


class Rsyslog(Scenario):
    """rsyslogd as Debian ships it, reading a socket of ours."""

    def setUp(self):
        super().setUp()
        d = self.directory
        self.out, self.socket, self.rsyslogd = d / "rsyslog.jsonl", d / "log", None
        (d / "rsyslog.conf").write_text(f"""
global(workDirectory="{d}")
module(load="imuxsock" SysSock.Use="off")
template(name="fields" type="list" option.jsonf="on") {{
  property(outname="pri" name="pri" format="jsonf")
  property(outname="tag" name="syslogtag" format="jsonf")
  property(outname="app" name="programname" format="jsonf")
  property(outname="msg" name="msg" format="jsonf") }}
ruleset(name="out") {{ action(type="omfile" file="{self.out}" template="fields" asyncWriting="off" flushOnTXEnd="on") }}
input(type="imuxsock" socket="{self.socket}" ruleset="out")
""")

    def listen(self):
        self.rsyslogd = subprocess.Popen(
            [shutil.which("rsyslogd", path="/usr/sbin:/sbin:" + os.environ["PATH"]), "-n", "-iNONE", "-f",
             str(self.directory / "rsyslog.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.hang_up)
        self.until(self.socket.exists)

    def hang_up(self):
        self.rsyslogd.terminate()
        self.rsyslogd.wait(10)

    def until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            try:
                self.rsyslogd.wait(0.02)
                self.fail("rsyslogd ended")
            except subprocess.TimeoutExpired:
                pass

    def lines(self):
        return [json.loads(line) for line in self.out.read_text().splitlines()] if self.out.exists() else []

    def receiver(self):
        return [f'{{ name = "log"; type = "syslog"; facility = "local3"; identifier = "seats"; socket = "{self.socket}"; }}']

    def test_an_alert_is_one_line_with_priority_name_and_numbers(self):
        self.configure(self.graph(state(pool("a\nb", allotted=100, consumed=100, waiting=26))), receivers=self.receiver())
        self.listen()
        self.once(expect=0)
        self.until(self.lines)
        (line,) = self.lines()
        self.assertEqual(line["pri"], str(19 * 8 + 2))
        self.assertEqual(line["app"], "seats")
        self.assertRegex(line["tag"], r"^seats\[\d+\]:$")
        self.assertIn("critical alert.firing: contoso: ", line["msg"])
        for pair in ("rule=waiting", "value=26", "threshold=25", "allotted=100", "consumed=100", "waiting=26", "sku=SPE_E5"):
            self.assertIn(" " + pair, line["msg"])
        self.assertNotIn("#012", line["msg"])

    def test_an_absent_daemon_leaves_the_alert_queued_until_it_is_there(self):
        self.configure(self.graph(state(FULL)), receivers=self.receiver())
        self.assertEqual(self.once(expect=1)["deliveries"], {"delivered": 0, "pending": 1, "failed": 0})
        self.listen()
        last = {}
        deadline = time.monotonic() + 20
        while last.get("deliveries", {}).get("pending") != 0:
            self.assertLess(time.monotonic(), deadline)
            last = self.once()
        self.until(self.lines)
        self.assertEqual(len(self.lines()), 1)


class StandardWebhooks(Scenario):
    def verify(self, keys, log):
        return subprocess.run(["node", ORACLES / "verify.mjs", keys, log], capture_output=True, text=True)

    def test_npm_verifies_every_request_during_a_key_rotation(self):
        hook = self.hook()
        hook.answer([{"at": [1], "do": {"status": 503}}])
        keys = self.secret("hook.key", hook.key + "\nwhsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno\n")
        graph = self.graph(state(FULL), state(pool("pool-1", allotted=200, consumed=100), poll=3))
        self.configure(graph, [hook])
        self.start()
        self.wait_message(hook, "alert.resolved")
        self.assertEqual(self.stop(), 0)
        log = pathlib.Path(hook.ready["log"])
        good = self.verify(keys, log)
        self.assertEqual(good.returncode, 0, good.stderr + good.stdout)
        requests = hook.requests()
        self.assertEqual(requests[0]["headers"]["webhook-id"], requests[1]["headers"]["webhook-id"])
        # The verifier must be able to fail: one byte of one body.
        forged = self.directory / "secrets" / "forged.jsonl"
        requests[-1]["body"] = requests[-1]["body"].replace("contoso", "contosa", 1)
        forged.write_text("".join(json.dumps(r) + "\n" for r in requests))
        self.assertEqual(self.verify(keys, forged).returncode, 1)

    def test_a_test_message_is_accepted_and_verified(self):
        hook = self.hook()
        self.configure(self.graph(state(FULL)), [hook])
        done = self.run_daemon("--test-receiver", "hook")
        self.assertEqual(done.returncode, 0, done.stderr)
        good = self.verify(self.directory / "secrets/hook.key", hook.ready["log"])
        self.assertEqual(good.returncode, 0, good.stderr + good.stdout)
        (message,) = hook.messages()
        self.assertEqual(message["type"], "receiver.test")
        hook.answer([{"do": {"status": 404}}])
        done = self.run_daemon("--test-receiver", "hook")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("HTTP 404", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
