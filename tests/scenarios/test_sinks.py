# SPDX-License-Identifier: MIT
"""What real sinks make of our messages: rsyslogd, and npm's standardwebhooks (journald: test_journald.py)."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import ROOT, Scenario, pool, state

ORACLES = ROOT / "tests/oracles"
FULL = pool("pool-1", allotted=100, consumed=100, waiting=26)


class Stderr(Scenario):
    def test_without_journald_alerts_are_on_stderr_and_count_as_delivered(self):
        self.configure(self.graph(state(FULL)),
                       receivers=[f'{{ name = "journal"; type = "journal"; socket = "{self.directory}/none"; }}'])
        done = self.run_daemon("--once", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["deliveries"], {"delivered": 1, "pending": 0, "failed": 0})
        self.assertIn("26 waiting", done.stderr)

    def start_with_stderr(self, fd):
        self.err = os.fdopen(fd, "ab")
        self.daemon = subprocess.Popen(self.argv("--log-level", "debug"), stdout=subprocess.DEVNULL, stderr=self.err)

    def test_a_pipe_that_nobody_reads_holds_up_neither_polls_nor_alerts_nor_the_end(self):
        graph, hook = self.graph(state(pool(consumed=50)), state(FULL, poll=3)), self.hook()
        self.configure(graph, [hook])
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        own = os.open(f"/proc/self/fd/{write_end}", os.O_WRONLY | os.O_NONBLOCK)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(own, b"x" * 4096)
        os.close(own)
        self.start_with_stderr(write_end)
        self.wait_message(hook, "alert.firing")
        polls = len(graph.requests("assignmentErrors"))
        self.wait("more polls", lambda: len(graph.requests("assignmentErrors")) > polls)
        os.set_blocking(read_end, False)
        while len(os.read(read_end, 1 << 20)) == 1 << 20:
            pass
        seen = []
        def said():
            try:
                seen.append(os.read(read_end, 1 << 20))
            except BlockingIOError:
                pass
            return b"log lines lost" in b"".join(seen)
        self.wait("what was lost is counted", said)
        self.assertEqual(self.stop(), 0)

    def test_closed_descriptors_are_never_those_of_files(self):
        graph, hook = self.graph(state(FULL)), self.hook()
        self.configure(graph, [hook])
        for n, closed in enumerate(("2>&-", "1>&- 2>&-", "<&- 1>&- 2>&-"), 1):
            self.err = open(self.directory / "stderr", "ab")
            self.daemon = subprocess.Popen(["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *self.argv("--log-level", "debug")])
            polls = len(graph.requests("assignmentErrors"))
            self.wait("a poll", lambda: len(graph.requests("assignmentErrors")) > polls + 1)
            pid = self.daemon.pid
            self.assertEqual(self.stop(), 0)
            self.assertRegex((self.directory / "state/seatwatchd.lock").read_text(), rf"\Apid {pid} on \S* since \S+\n\Z", closed)


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
        if self.rsyslogd.poll() is None:
            self.rsyslogd.send_signal(signal.SIGCONT)
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

    def told(self):
        """(event, pool) of each line that has arrived."""
        found = [re.match(r" ?\w+ (alert\.\w+): .* allotment=(\w+) ", line["msg"]) for line in self.lines()]
        return [match.groups() for match in found]

    def begin(self, *states):
        later = [{**s, "when": {"signal": True}} for s in states[1:]]
        sim = self.graph(states[0], *later)
        self.configure(sim, receivers=self.receiver())
        self.start()
        return sim

    def test_level_facility_and_name_go_with_the_event(self):
        full = pool("a", consumed=100, waiting=26)
        sim = self.graph(state(pool("a", consumed=97)), state(full, poll=3), state(pool("a", allotted=200), poll=5))
        self.configure(sim, receivers=[f'{{ name = "log"; type = "syslog"; socket = "{self.socket}"; }}'])
        self.listen()
        self.start()
        self.wait("the end of it", lambda: len(self.lines()) == 3)
        events = ("alert.firing", "alert.escalated", "alert.resolved")
        self.assertEqual(self.told(), [(event, "a") for event in events])
        # daemon is 3; warning 4, critical 2, notice 5
        self.assertEqual([(line["pri"], line["app"]) for line in self.lines()], [(str(3 * 8 + n), "seatwatchd") for n in (4, 2, 5)])

    def test_a_restarted_daemon_gets_what_happened_meanwhile_once(self):
        sim = self.begin(state(pool("a", consumed=100, waiting=26), pool("b")),
                         state(pool("a", consumed=100, waiting=26), pool("b", consumed=100, waiting=26)))
        self.listen()
        self.wait("a", lambda: self.told() == [("alert.firing", "a")])
        self.hang_up()
        sim.process.send_signal(signal.SIGUSR1)
        self.wait("the log line", lambda: f"{self.socket} is not accepting data" in self.stderr())
        self.listen()
        self.wait("b", lambda: self.told() == [("alert.firing", "a"), ("alert.firing", "b")])
        self.assertEqual(self.stop(), 0)
        self.assertEqual(len(self.lines()), 2)

    def test_a_frozen_daemon_with_a_full_queue_holds_up_nothing(self):
        self.listen()
        self.freeze(self.rsyslogd)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as noise:
            noise.connect(str(self.socket))
            noise.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    noise.send(b"<13>noise: noise")
        sim = self.begin(state(pool("a", consumed=100, waiting=26)), state(pool("a", allotted=200)))
        self.wait("the log line", lambda: f"{self.socket} is not accepting data" in self.stderr())
        polls = len(sim.requests("allotments"))
        self.wait("polls that go on", lambda: len(sim.requests("allotments")) > polls + 2)
        sim.process.send_signal(signal.SIGUSR1)
        polls = len(sim.requests("allotments"))
        self.wait("polls that go on", lambda: len(sim.requests("allotments")) > polls + 2)
        self.rsyslogd.send_signal(signal.SIGCONT)
        told = [("alert.firing", "a"), ("alert.resolved", "a")]
        self.wait("both", lambda: [match for match in (re.search(r"(alert\.\w+): .* allotment=(\w+) ", line["msg"])
                                                       for line in self.lines()) if match and match.groups() in told][1:])
        self.assertEqual(self.stop(), 0)
        self.assertEqual([line["msg"].split()[1] for line in self.lines() if line["app"] == "seats"], [kind + ":" for kind, _ in told])

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


class Schema(Scenario):
    """npm's ajv holds bodies against the published JSON Schema, as it is and with every member documented."""

    def hold(self, bodies):
        file = self.directory / "bodies.jsonl"
        file.write_text("".join(json.dumps(b) + "\n" for b in bodies))
        done = subprocess.run(["node", ORACLES / "schema.mjs", ROOT / "conf/seatwatchd-webhook.schema.json", file],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, f"{len(bodies)} bodies, 0 wrong\n"), done.stderr)

    def examples(self):
        """Those of the manual page, by their type."""
        page = (ROOT / "conf/seatwatchd-webhook.7").read_text()
        found = {}
        for name, text in re.findall(r"^\.Ss (\S+)\n(?:.*\n)*?\.Bd -literal\n((?:.*\n)*?)\.Ed$", page, re.M):
            found[name] = json.loads(text.replace("\\-", "-").replace("\\e", "\\"))
        return found

    def test_golden_bodies_and_the_manual_s_examples(self):
        golden = [json.loads(f.read_text()) for f in sorted((ROOT / "tests/fixtures/golden").glob("*.json"))]
        self.assertGreater(len(golden), 8)
        self.hold(golden)
        examples = self.examples()
        self.assertEqual([b["type"] for b in examples.values()], list(examples))
        schema = json.loads((ROOT / "conf/seatwatchd-webhook.schema.json").read_text())
        self.assertEqual(sorted(examples), sorted(schema["properties"]["type"]["enum"]))
        self.hold(list(examples.values()))

    def test_wrong_bodies_are_found(self):
        for change in ({"severity": "bad"}, {"extra": 1}, {"value": "26"}, {"started_at": "yesterday"}):
            body = self.examples()["alert.firing"]
            body["data"].update(change)
            with self.assertRaises(AssertionError):
                self.hold([body])

    def test_what_the_daemon_sends(self):
        hook = self.hook()
        graph = self.graph(state(FULL, pool("p2", allotted=100, consumed=96)), state(pool("pool-1", allotted=200, consumed=100), poll=3))
        self.configure(graph, [hook], extra='alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; first_run = "baseline"; };')
        self.start()
        self.wait_message(hook, "alert.digest")
        self.wait_message(hook, "alert.resolved")
        self.assertEqual(self.stop(), 0)
        self.hold(hook.messages())
        digest = next(m["data"] for m in hook.messages() if m["type"] == "alert.digest")
        self.assertEqual((digest["severity"], digest["tenant"]["name"]), ("warning", "contoso"))
        self.assertIn("Microsoft 365 E5", digest["description"])
        self.assertTrue(digest["next_step"])


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
