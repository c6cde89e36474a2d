# SPDX-License-Identifier: MIT
"""A syslog server that nobody here wrote: rsyslogd over TLS and TCP, which parses what arrives (RFC 5424, 5425, 6587)."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

from harness import Scenario, pool, state
from signing import openssl

FULL = pool("pool-1", allotted=100, consumed=100, waiting=26)
FAST = 'alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; first_run = "each"; };'


class Server(Scenario):
    def setUp(self):
        super().setUp()
        self.out, self.rsyslogd = self.directory / "parsed.jsonl", None

    def certificate(self, name):
        """A key, and a certificate for this name that an authority of our own has signed."""
        d = self.directory
        if not (d / "ca.crt").exists():
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", d / "ca.key", "-out", d / "ca.crt", "-days", "2",
                    "-subj", "/CN=test authority", "-addext", "keyUsage=critical,keyCertSign", "-batch")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", d / f"{name}.key", "-out", d / f"{name}.csr",
                "-subj", f"/CN={name}", "-batch")
        (d / f"{name}.ext").write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", d / f"{name}.csr", "-CA", d / "ca.crt", "-CAkey", d / "ca.key", "-set_serial", "7",
                "-days", "2", "-extfile", d / f"{name}.ext", "-out", d / f"{name}.crt")
        for file in d.glob("*.key"):
            file.chmod(0o600)

    def listen(self, tls, port=0):
        """Returns the port. Port 0: rsyslogd takes a free one and writes it down."""
        d = self.directory
        stream = f'streamdriver.name="ossl" streamdriver.mode="1" streamdriver.authmode="{tls}"' if tls else ""
        files = f"""defaultNetstreamDriverCAFile="{d}/ca.crt" defaultNetstreamDriverCertFile="{d}/localhost.crt"
  defaultNetstreamDriverKeyFile="{d}/localhost.key" """ if tls else ""
        peer = 'permittedPeer=["seats"]' if tls == "x509/name" else ""
        port_file = d / "port"
        port_file.unlink(missing_ok=True)
        (d / "rsyslog.conf").write_text(f"""
global(workDirectory="{d}" {files})
module(load="imtcp" {stream} {peer})
module(load="mmpstrucdata")
template(name="parsed" type="list") {{ property(name="jsonmesg") constant(value="\\n") }}
ruleset(name="out") {{
  action(type="mmpstrucdata")
  action(type="omfile" file="{self.out}" template="parsed" asyncWriting="off" flushOnTXEnd="on") }}
input(type="imtcp" port="{port}" address="127.0.0.1" listenPortFileName="{port_file}" ruleset="out")
""")
        program = shutil.which("rsyslogd", path="/usr/sbin:/sbin:" + os.environ["PATH"])
        with (d / "rsyslog.err").open("ab") as err:
            self.rsyslogd = subprocess.Popen([program, "-n", "-iNONE", "-f", str(d / "rsyslog.conf")],
                                             stdout=subprocess.DEVNULL, stderr=err)
        self.addCleanup(self.hang_up)
        if not port:
            self.until(lambda: port_file.exists() and port_file.read_text().strip())
            port = int(port_file.read_text())
        self.until(lambda: self.accepts(port))
        return port

    def accepts(self, port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def until(self, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            try:
                self.rsyslogd.wait(0.02)
                self.fail("rsyslogd ended: " + (self.directory / "rsyslog.err").read_text())
            except subprocess.TimeoutExpired:
                pass

    def hang_up(self):
        if self.rsyslogd.poll() is None:
            self.rsyslogd.terminate()
            self.rsyslogd.wait(20)

    def parsed(self):
        return [json.loads(line) for line in self.out.read_text().splitlines()] if self.out.exists() else []

    def events(self):
        return [(m["msgid"], m["$!"]["rfc5424-sd"]["seatwatch@64000"]["seq"]) for m in self.parsed()]

    def receiver(self, server, more=""):
        return [f'{{ name = "siem"; type = "syslog"; server = "{server}"; sd_id = "seatwatch@64000"; facility = "local0"; {more} }}']

    def test_over_tls_every_part_arrives_as_it_was_meant(self):
        self.certificate("localhost")
        port = self.listen("anon")
        name = 'a"b]c\\d\ne'
        graph = self.graph(state(pool("pool-1", allotted=100, consumed=100, waiting=26)), state(pool("pool-1", allotted=200), poll=3))
        self.configure(graph, receivers=self.receiver(f"tls://localhost:{port}", f'ca_file = "{self.directory}/ca.crt";'),
                       extra=FAST + f"names: ( {{ allotment = \"pool-1\"; name = {json.dumps(name)}; }} );".replace("\\n", " "))
        self.start()
        self.wait("both", lambda: len(self.parsed()) == 2)
        self.assertEqual(self.stop(), 0)
        fired, resolved = self.parsed()
        self.assertEqual((fired["pri"], resolved["pri"]), (str(16 * 8 + 2), str(16 * 8 + 5)))
        self.assertEqual((fired["protocol-version"], fired["app-name"], fired["msgid"]), ("1", "seatwatchd", "alert.firing"))
        data = fired["$!"]["rfc5424-sd"]["seatwatch@64000"]
        self.assertEqual(data["allotment"], 'a"b]c\\d e')
        self.assertEqual((data["rule"], data["value"], data["waiting_members"], data["tenant"]), ("waiting", "26", "26", "contoso"))
        self.assertEqual(fired["$!"]["rfc5424-sd"]["origin"]["software"], "seatwatchd")
        self.assertIn("26 waiting", fired["msg"])
        self.assertEqual([kind for kind, _ in self.events()], ["alert.firing", "alert.resolved"])

    def test_a_server_without_our_trust_or_with_another_name_gets_nothing(self):
        self.certificate("localhost")
        port = self.listen("anon")
        self.configure(self.graph(state(FULL)), receivers=self.receiver(f"tls://localhost:{port}"))
        self.assertEqual(self.once(expect=1)["deliveries"], {"delivered": 0, "pending": 1, "failed": 0})
        done = self.run_daemon("--test-receiver", "siem")
        self.assertIn("its certificate is from an unknown issuer", done.stdout + done.stderr)
        self.certificate("elsewhere")
        self.hang_up()
        shutil.copy(self.directory / "elsewhere.crt", self.directory / "localhost.crt")
        shutil.copy(self.directory / "elsewhere.key", self.directory / "localhost.key")
        port = self.listen("anon")
        self.configure(self.graph(state(FULL)), receivers=self.receiver(f"tls://localhost:{port}", f'ca_file = "{self.directory}/ca.crt";'))
        done = self.run_daemon("--test-receiver", "siem")
        self.assertIn("its certificate is for another name", done.stdout + done.stderr)
        self.assertEqual(self.parsed(), [])

    def test_a_server_may_ask_for_our_certificate(self):
        self.certificate("localhost")
        self.certificate("seats")
        port = self.listen("x509/name")
        d = self.directory
        self.configure(self.graph(state(FULL)), receivers=self.receiver(
            f"tls://localhost:{port}", f'ca_file = "{d}/ca.crt"; certificate_file = "{d}/seats.crt"; private_key_file = "{d}/seats.key";'))
        self.assertEqual(self.once(expect=0)["deliveries"]["delivered"], 1)
        self.until(self.parsed)

    def test_a_restarted_server_gets_the_rest_in_order(self):
        port = self.listen(None)
        later = [{**state(pool("pool-1", allotted=100, consumed=97)), "when": {"signal": True}},
                 {**state(FULL), "when": {"signal": True}}, {**state(pool("pool-1", allotted=200)), "when": {"signal": True}}]
        graph = self.graph(state(pool("pool-1", consumed=10)), *later)
        self.configure(graph, receivers=self.receiver(f"tcp://127.0.0.1:{port}"), extra=FAST)
        self.start()
        graph.process.send_signal(signal.SIGUSR1)
        self.wait("the first", lambda: self.events() == [("alert.firing", "1")])
        self.hang_up()
        graph.process.send_signal(signal.SIGUSR1)
        self.wait("the failure", lambda: "; trying again in" in self.stderr())
        graph.process.send_signal(signal.SIGUSR1)
        self.listen(None, port)
        self.wait("the rest", lambda: len(self.events()) >= 3)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(sorted(set(self.events()), key=lambda e: int(e[1])), list(dict.fromkeys(self.events())))
        self.assertEqual([kind for kind, _ in dict.fromkeys(self.events())], ["alert.firing", "alert.escalated", "alert.resolved"])


if __name__ == "__main__":
    unittest.main()
