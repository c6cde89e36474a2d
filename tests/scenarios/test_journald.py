# SPDX-License-Identifier: MIT
"""What systemd-journald makes of our entries, and what becomes of them while it is frozen, gone or full."""
import json
import os
import signal
import subprocess
import unittest

from harness import ROOT, Scenario, pool, state

JOURNAL = '{ name = "journal"; type = "journal"; }'
ALERTS = "SYSLOG_IDENTIFIER=seatwatchd"
# Where each field of an entry stands in the webhook body of the same event.
IN_BODY = {"ALERT_ID": "alert_id", "EPISODE": "episode", "SEQ": "seq", "STATE": "state", "SEVERITY": "severity", "RULE": "rule",
           "VALUE": "value", "THRESHOLD": "threshold", "TENANT": "tenant.name", "TENANT_ID": "tenant.id",
           "SKU": "sku.part_number", "ALLOTMENT_ID": "allotment.id", "ALLOTTED_UNITS": "allotment.allotted_units",
           "CONSUMED_UNITS": "allotment.consumed_units", "WAITING_MEMBERS": "allotment.waiting_members",
           "RECEIVER": "detail.receiver"}
FILL = """import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect('/run/systemd/journal/socket')
s.setblocking(False)
try:
    while True:
        s.send(b'MESSAGE=noise\\n')
except BlockingIOError:
    pass
"""


def fields_of(message, event_id):
    """The SEATWATCH_ fields that go with a webhook body."""
    found = {"SEATWATCH_EVENT": message["type"], "SEATWATCH_EVENT_ID": event_id}
    for name, path in IN_BODY.items():
        value = message["data"]
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            found["SEATWATCH_" + name] = str(value)
    return found


@unittest.skipUnless(os.geteuid() == 0, "a journald of one's own needs root")
class Journald(Scenario):
    """A shell beside a journald of its own, which is told step by step what to do; "$@" in it is the daemon."""

    def enter(self, *options, **environment):
        self.shell_errors = open(self.directory / "stderr", "ab")
        self.shell = subprocess.Popen(
            [ROOT / "tests/scenarios/with-journald", "bash", "-s", "--", *self.argv(*options)], cwd=self.directory, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.shell_errors, env={**os.environ, "ROOT": str(ROOT), **environment})
        self.addCleanup(self.leave)
        self.do("set -eu")

    def leave(self):
        if not self.shell.stdin.closed:
            self.shell.stdin.close()
            self.shell.wait(30)
            self.shell.stdout.close()
            self.shell_errors.close()

    def do(self, script):
        """To its end; it must succeed."""
        self.shell.stdin.write(f"{{ {script}\n}} </dev/null >&2; echo done\n")
        self.shell.stdin.flush()
        if self.shell.stdout.readline() != "done\n":
            self.fail(f"failed: {script}\n{self.stderr()[-3000:]}")

    def entries(self, match=ALERTS):
        self.do(f"journalctl --sync; journalctl --all --output=json {match} >journal.json")
        return [json.loads(line) for line in (self.directory / "journal.json").read_text().splitlines()]

    def told(self):
        """(event, pool) of every alert in the journal, in its order."""
        return [(e["SEATWATCH_EVENT"], e.get("SEATWATCH_ALLOTMENT_ID")) for e in self.entries() if "SEATWATCH_EVENT" in e]

    def run_inside(self):
        """The daemon, until the shell ends; what it logs is in stderr()."""
        self.do('"$@" & daemon=$!')

    def end_inside(self):
        self.do("kill $daemon; wait $daemon")

    def receivers(self, *hooks):
        return [JOURNAL, *(f'{{ name = "{h.name}"; type = "webhook"; url_file = "{self.directory}/secrets/{h.name}.url"; '
                           f'signing_key_file = "{self.directory}/secrets/{h.name}.key"; }}' for h in hooks)]


class Fields(Journald):
    def test_every_field_is_that_of_the_webhook_body_of_the_event(self):
        hook, gone = self.hook(), self.hook("gone")
        gone.answer([{"do": {"status": 410}}])
        errors = [{"count": 7, "code": "CountViolation"}]
        graph = self.graph(state(pool("pool-1", consumed=100, waiting=26), pool("pool-2", consumed=97), errors=errors),
                           state(pool("pool-1", consumed=100, waiting=60), pool("pool-2", consumed=97), poll=3),
                           state(pool("pool-1", allotted=200), pool("pool-2", consumed=50), poll=5))
        self.configure(graph, receivers=self.receivers(hook, gone), extra=(
            'fallback = [ "journal", "hook" ]; routes = ( { match = { severity = "info"; }; to = [ "hook" ]; },\n'
            '{ to = [ "journal", "hook", "gone" ]; } );\n'))
        self.enter()
        self.run_inside()
        for pool_id in ("pool-1", "pool-2"):
            self.wait(f"the end of {pool_id}", lambda: [m for m in hook.messages() if m["type"] == "alert.resolved" and
                                                        m["data"]["allotment"] and m["data"]["allotment"]["id"] == pool_id])
        self.wait("the end of the errors", lambda: [m for m in hook.messages() if m["type"] == "alert.resolved" and
                                                    m["data"]["rule"] == "assignment_errors"])
        self.wait("the refusal", lambda: [m for m in hook.messages() if m["data"]["rule"] == "delivery"])
        self.end_inside()
        bodies = {r["headers"]["webhook-id"]: json.loads(r["body"]) for r in hook.requests()}
        read = {e["SEATWATCH_EVENT_ID"]: e for e in self.entries() if "SEATWATCH_EVENT_ID" in e}
        self.assertEqual(read.keys(), bodies.keys())
        for event_id, message in bodies.items():
            entry = read[event_id]
            self.assertEqual({k: v for k, v in entry.items() if k.startswith("SEATWATCH_")}, fields_of(message, event_id))
            self.assertIn(message["data"]["title"], entry["MESSAGE"])
            priority = "5" if message["type"] == "alert.resolved" else {"critical": "2", "warning": "4", "info": "6"}[message["data"]["severity"]]
            self.assertEqual((entry["PRIORITY"], entry["SYSLOG_FACILITY"], entry["_TRANSPORT"]), (priority, "3", "journal"))
        self.assertIn("alert.info", [m["type"] for m in bodies.values()], "pool-1 has more units at last")
        seen = {name for entry in read.values() for name in entry if name.startswith("SEATWATCH_")}
        self.assertEqual(seen, {"SEATWATCH_EVENT", "SEATWATCH_EVENT_ID"} | {"SEATWATCH_" + name for name in IN_BODY})

    def test_foreign_text_stays_text_and_within_its_field(self):
        strange = "x\ny\u001b[31m\u202e \u00e9\nSEATWATCH_FORGED=1\nPRIORITY=7"
        hook = self.hook()
        graph = self.graph(state(pool("i" * 512, consumed=100, waiting=26), pool(strange, consumed=100, waiting=26, part=strange),
                                 pool("p" * 100, consumed=100, waiting=26, part="P" * 400)))
        self.configure(graph, receivers=self.receivers(hook))
        # What is ours to write must be clean from the start.
        text = self.config.read_bytes()
        for bad in (b"g\\ng", b"g\\x1bg", b"g\xffg"):
            self.config.write_bytes(text.replace(b"gold", bad))
            done = self.run_daemon("--check-config")
            self.assertEqual(done.returncode, 78, bad)
            self.assertRegex(done.stderr, r"seatwatchd\.conf:5: (tenants\.labels\.group: .* control character|not valid UTF-8)")
        self.config.write_bytes(text)
        self.enter("--once")
        self.do('"$@"')
        entries = self.entries("SEATWATCH_EVENT=alert.firing")
        self.assertEqual(len(entries), 3)
        for entry in entries:
            # journalctl writes what is no UTF-8, or has control characters, as a list of numbers.
            self.assertEqual({type(value) for value in entry.values()}, {str})
            self.assertNotIn("SEATWATCH_FORGED", entry)
            self.assertEqual(entry["PRIORITY"], "2")
            for name, value in entry.items():
                if not name.startswith("_"):
                    self.assertNotRegex(value, "[\x00-\x09\x0b-\x1f\x7f\u202e]" if name == "MESSAGE" else "[\x00-\x1f\x7f\u202e]")
        self.assertIn("i" * 512, [e["SEATWATCH_ALLOTMENT_ID"] for e in entries])

    def test_a_test_message_is_found_and_the_catalogue_explains(self):
        self.configure(self.graph(state(pool("pool-1", consumed=100, waiting=26))), receivers=self.receivers())
        self.enter()
        self.do('"$@" --test-receiver journal; "$@" --once')
        (test,) = self.entries("MESSAGE_ID=75abcf73d79e49fab26b03abebb77ff7")
        self.assertEqual((test["SEATWATCH_EVENT"], test["PRIORITY"], test["SYSLOG_IDENTIFIER"]), ("receiver.test", "5", "seatwatchd"))
        (alert,) = self.entries("MESSAGE_ID=6dc36667e18c421a8af41f7a12e900ae")
        self.do("""
            mkdir -p /var/lib/systemd/catalog /usr/lib/systemd/catalog
            mount -t tmpfs catalog /var/lib/systemd/catalog
            mount -t tmpfs catalog /usr/lib/systemd/catalog
            cp "$ROOT/units/seatwatchd.catalog" /usr/lib/systemd/catalog/
            journalctl --update-catalog
            journalctl -x SYSLOG_IDENTIFIER=seatwatchd >explained
            journalctl --list-catalog >catalogue""")
        explained = (self.directory / "explained").read_text()
        self.assertIn(f"Subject: Licence alert {alert['SEATWATCH_ALERT_ID']} of contoso is firing", explained)
        self.assertIn("the value is 26, the limit is", explained)
        known = {line.split()[0] for line in (self.directory / "catalogue").read_text().splitlines() if line}
        ids = (ROOT / "daemon/base/message_ids.h").read_text().count("#define MESSAGE_")
        self.assertEqual(len(known), ids)


class Outages(Journald):
    """The alert waits in the outbox, everything else goes on, and in the end nothing is missing or twice."""

    def begin(self, *states, **environment):
        """A tenant that goes to its next state when the test says so; the journal and a webhook are told."""
        later = [{**s, "when": {"signal": True}} for s in states[1:]]
        self.graph_sim, self.hooked = self.graph(states[0], *later), self.hook()
        self.configure(self.graph_sim, receivers=self.receivers(self.hooked))
        self.enter("--log-level", "debug", **environment)

    def next_state(self):
        self.graph_sim.process.send_signal(signal.SIGUSR1)

    def wait_told(self, expected):
        self.wait("in the journal", lambda: sorted(self.told()) == sorted(expected))

    def test_frozen_while_it_runs_once(self):
        self.configure(self.graph(state(pool("a", consumed=100, waiting=26))), receivers=self.receivers())
        self.enter("--once", "--json")
        (self.directory / "fill.py").write_text(FILL)
        self.do("""
            kill -STOP $JOURNALD_PID
            /usr/bin/python3 fill.py
            ! timeout 20 "$@" >frozen.json
            kill -CONT $JOURNALD_PID
            until "$@" >last.json; do :; done""")
        frozen, last = (json.loads((self.directory / name).read_text())["deliveries"] for name in ("frozen.json", "last.json"))
        self.assertEqual(frozen, {"delivered": 0, "pending": 1, "failed": 0})
        self.assertEqual(last["pending"], 0)
        self.assertEqual(self.told(), [("alert.firing", "a")])

    def test_frozen_for_longer_than_its_queue(self):
        pools = ("a", "b", "c")
        self.begin(state(*(pool(p, consumed=100, waiting=26) for p in pools)), state(*(pool(p) for p in pools)))
        (self.directory / "fill.py").write_text(FILL)
        self.do("kill -STOP $JOURNALD_PID; /usr/bin/python3 fill.py")
        self.run_inside()
        for kind in ("alert.firing", "alert.resolved"):
            for p in pools:
                self.wait(f"{kind} {p} through the webhook", lambda: (kind, p) in [
                    (m["type"], m["data"]["allotment"]["id"]) for m in self.hooked.messages()])
            polls = len(self.graph_sim.requests("allotments"))
            self.wait("polls that go on", lambda: len(self.graph_sim.requests("allotments")) > polls + 2)
            self.next_state()
        self.do("kill -CONT $JOURNALD_PID")
        self.wait("the ends in the journal", lambda: sorted(p for kind, p in self.told() if kind == "alert.resolved") == list(pools))
        self.end_inside()
        told = self.told()
        self.assertEqual(len(told), len(set(told)))
        for entry in (e for e in self.entries() if e.get("SEATWATCH_EVENT") == "alert.resolved"):
            # The beginning of an alert that was never attempted is in the message of its end.
            begun = ("alert.firing", entry["SEATWATCH_ALLOTMENT_ID"])
            self.assertEqual(begun in told, "(delayed" not in entry["MESSAGE"], entry)
            if begun in told:
                self.assertLess(told.index(begun), told.index(("alert.resolved", begun[1])))

    def outage(self, stop):
        """Stopped, a new alert, started again."""
        self.begin(state(pool("a", consumed=100, waiting=26), pool("b")),
                   state(pool("a", consumed=100, waiting=26), pool("b", consumed=100, waiting=26)))
        self.run_inside()
        self.wait_told([("alert.firing", "a")])
        self.do(stop)
        self.next_state()
        self.wait("b through the webhook", lambda: len(self.hooked.messages()) == 2)
        self.wait("the log line", lambda: "receiver journal: journald is not running" in self.stderr())
        self.assertNotIn("26 waiting since", self.stderr())
        self.do("start_journald")
        self.wait_told([("alert.firing", "a"), ("alert.firing", "b")])
        self.end_inside()
        self.assertEqual(len(self.told()), 2)

    def test_gone_with_its_socket(self):
        self.outage("stop_journald")

    def test_died_and_left_its_socket(self):
        self.outage("stop_journald crashed")

    def test_restarted_between_two_alerts(self):
        self.begin(state(pool("a", consumed=100, waiting=26), pool("b")),
                   state(pool("a", consumed=100, waiting=26), pool("b", consumed=100, waiting=26)))
        self.run_inside()
        self.wait_told([("alert.firing", "a")])
        self.do("stop_journald crashed; start_journald")
        self.next_state()
        self.wait_told([("alert.firing", "a"), ("alert.firing", "b")])
        self.end_inside()

    def test_a_full_disk_blocks_nothing_and_the_next_alert_is_there_again(self):
        """journald takes the datagram and drops the entry, which no sender is told (seatwatchd(8), JOURNAL):
        a second receiver is what helps."""
        self.begin(state(pool("a"), pool("b")), state(pool("a", consumed=100, waiting=26), pool("b")),
                   state(pool("a", consumed=100, waiting=26), pool("b", consumed=100, waiting=26)), JOURNALD_ROOM="24m")
        self.do("journalctl --sync; head -c 24M /dev/zero >/run/filler || :; journalctl --rotate")
        self.run_inside()
        self.wait("a poll", lambda: self.graph_sim.requests("allotments"))
        self.next_state()
        self.wait("a through the webhook", lambda: len(self.hooked.messages()) == 1)
        self.wait("the journal's turn", lambda: "receiver journal" in self.stderr())
        self.do("rm /run/filler")
        self.next_state()
        self.wait("b through the webhook", lambda: len(self.hooked.messages()) == 2)
        self.wait_told([("alert.firing", "b")])
        self.end_inside()


if __name__ == "__main__":
    unittest.main()
