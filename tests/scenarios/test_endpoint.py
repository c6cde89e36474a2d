# SPDX-License-Identifier: MIT
"""The status endpoint of a running daemon: what it serves to whom, what a reload changes, and what clients that
misbehave cost."""
import html.parser
import json
import re
import resource
import signal
import socket
import subprocess
import time
import unittest

import openmetrics
from harness import Scenario, pool, state

TOKEN = "canary-status-token-8Hq2"
FULL = state(pool("p", 100, 100, waiting=30))


class Endpoint(Scenario):
    def start_up(self, *states, keys='listen = "127.0.0.1:0";', faults=(), **kw):
        self.graph_sim = self.graph(*states or [FULL], faults=faults)
        self.secret("status.token", TOKEN)
        self.configure(self.graph_sim, extra=f"status: {{ {keys} }};", **kw)
        self.start()
        self.wait("the start", lambda: "has started" in self.stderr())

    def port(self, nth=1):
        found = self.wait("a port", lambda: (p := re.findall(r"status endpoint: listening on \S+:(\d+)", self.stderr())) and len(p) >= nth and p)
        return int(found[nth - 1])

    def curl(self, path, *options, port=None, where=None):
        """(status of HTTP, body, headers)"""
        target = ["--unix-socket", where, f"http://localhost{path}"] if where else [f"http://127.0.0.1:{port or self.port()}{path}"]
        done = subprocess.run(["curl", "-s", "-g", "-i", "--path-as-is", "--max-time", "60", *options, *target], capture_output=True, timeout=90)
        self.shown.append((path, done.stdout))
        head, _, body = done.stdout.decode().partition("\r\n\r\n")
        return int(head.split(" ", 2)[1]) if head else 0, body, head.lower()


class Serves(Endpoint):
    def test_health_metrics_and_lists(self):
        self.start_up()
        self.wait("ready", lambda: self.curl("/readyz")[0] == 200)
        self.assertEqual(self.curl("/readyz")[1], '{"ready":true,"reasons":[]}')
        self.assertEqual(self.curl("/healthz")[:2], (200, '{"alive":true}'))
        status, text, head = self.curl("/metrics", "-HAccept: application/openmetrics-text")
        self.assertEqual(openmetrics.pick(openmetrics.read(text), "seatwatch_allotment_waiting_members", allotment="p"), 30)
        self.assertIn("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8", head)
        for wanted in ("cache-control: no-store", "x-content-type-options: nosniff", "content-security-policy: default-src 'none'"):
            self.assertIn(wanted, head)
        for path in ("status", "tenants", "allotments", "alerts", "silences", "deliveries"):
            status, body, head = self.curl(f"/api/v1/{path}")
            self.assertEqual((status, "content-type: application/json" in head), (200, True), path)
            json.loads(body)
        self.assertEqual(json.loads(self.curl("/api/v1/tenants")[1])["tenants"][0]["name"], "contoso")
        self.assertEqual(json.loads(self.curl("/api/v1/alerts?all")[1])["alerts"][0]["tenant"], "contoso")
        self.assertEqual(self.curl("/metrics", "-I")[0], 200)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            self.assertEqual(self.curl("/api/v1/silences", "-X", method)[0], 405, method)
        for path in ("/v1/poll", "/api/v1/poll", "/api/v1/reload", "/metrics/", "/../etc/passwd", "//healthz"):
            self.assertIn(self.curl(path)[0], (400, 404), path)

    def test_not_ready_says_why_and_names_no_tenant(self):
        self.start_up(faults=[{"match": {"path": "allotments"}, "do": {"status": 503}}])
        status, body, _ = self.curl("/readyz")
        self.assertEqual((status, json.loads(body)),
                         (503, {"ready": False, "reasons": ["tenants that were not polled completely since the start: 1 of 1"]}))
        self.assertEqual(self.curl("/healthz")[0], 200)

    def test_it_is_off_by_default(self):
        self.start_up(keys="")
        self.assertNotIn("status endpoint", self.stderr())


class Document(html.parser.HTMLParser):
    """Reads a page strictly: known elements only, closed in order; no scripts, no handlers, nothing from elsewhere."""
    VOID = {"meta", "link", "input"}
    OPEN_ENDED = {"td", "th"}  # closed by the next one, as HTML has it
    KNOWN = {"html", "head", "body", "title", "style", "a", "header", "main", "footer", "form", "label", "button", "h1", "h2", "p", "div", "dl", "dt",
             "dd", "section", "span", "small", "time", "table", "thead", "tbody", "tr", "svg", "rect"} | VOID | OPEN_ENDED

    def __init__(self, text):
        super().__init__()
        self.stack, self.text, self.links, self.labels = [], [], [], set()
        self.feed(text)
        self.close()
        assert not self.stack, self.stack

    def handle_starttag(self, tag, attributes, empty=False):
        assert tag in self.KNOWN, f"<{tag}>"
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("style", "src", "srcset"), f"{tag} {name}"
            assert name not in ("href", "action") or value.startswith(("/", "#")) and not value.startswith("//"), value
            self.links += [value] if (tag, name) == ("a", "href") else []
        if tag in self.OPEN_ENDED and self.stack[-1] in self.OPEN_ENDED:
            self.stack.pop()
        if tag not in self.VOID and not empty:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes, True)

    def handle_endtag(self, tag):
        if tag not in self.OPEN_ENDED and self.stack[-1] in self.OPEN_ENDED:
            self.stack.pop()
        assert self.stack and self.stack[-1] == tag, f"</{tag}> within {self.stack}"
        self.stack.pop()

    def handle_data(self, data):
        self.text.append(data)


class Pages(Endpoint):
    HOSTILE = "</title><script>alert(1)</script>\"'&\u202e\x1b[31m/?#%"

    def page(self, path, status=200):
        got, body, head = self.curl(path)
        self.assertEqual((got, "content-type: text/html; charset=utf-8" in head), (status, True), path)
        document = Document(body)
        return document, " ".join(" ".join(document.text).split())

    def test_the_page_shows_what_is_wrong_and_links_to_tenants_and_pools(self):
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 7200))
        self.start_up(state(pool("p", 100, 100, waiting=30, since=since), pool("</a>\"'&/?#%é", 100, 20, sku="aaaaaaaa-1bb5-47dd-8120-11324bc54e06", part=self.HOSTILE)))
        self.wait("an alert", lambda: json.loads(self.curl("/api/v1/alerts")[1])["alerts"])
        document, text = self.page("/")
        for words in ("Critical alerts 1", "contoso: Microsoft 365 E5 is full, 30 waiting", "100 of 100", "2 h ago", "<script>alert(1)</script>",
                      "\\u{202e}\\u{1b}[31m", "Nothing is silenced", "syslog"):
            self.assertIn(words, text)
        for path in document.links:
            if path not in ("#main", "/", "/?refresh"):
                self.assertIn("contoso", self.page(path)[1], path)
        _, text = self.page("/?q=microsoft+365+E5")
        self.assertIn("100 of 100", text)
        self.assertNotIn("alert(1)", text)
        self.assertIn("Pools 0", self.page("/?q=%3Cscript%3Enone")[1])
        self.assertIn("There is no such pool or tenant", self.page("/tenants/none", 404)[1])
        self.assertIn("There is no such pool or tenant", self.page("/pools/p?tenant=none", 404)[1])
        self.assertIn("http-equiv=refresh content=60", self.curl("/?refresh")[1])
        status, style, head = self.curl("/style.css")
        self.assertEqual((status, "content-type: text/css" in head, "url(" in style, "@import" in style), (200, True, False, False))


class Access(Endpoint):
    def test_a_page_of_another_site_cannot_read_it(self):
        self.start_up(keys='listen = "127.0.0.1:0"; hosts = [ "status.example" ];')
        for host, status in (("evil.example", 421), ("localhost.evil.example:80", 421), ("localhost", 200), ("[::1]:1", 200), ("STATUS.EXAMPLE:443", 200)):
            self.assertEqual(self.curl("/metrics", f"-HHost: {host}")[0], status, host)
        self.assertEqual(self.curl("/healthz", "-0", "-HHost:")[0], 200, "a probe without Host")

    def test_beyond_loopback_without_a_token_only_health_is_served(self):
        self.start_up(keys='listen = "0.0.0.0:0";')
        self.assertIn("serves /healthz and /readyz only", self.stderr())
        self.assertEqual(self.curl("/healthz")[0], 200)
        for path in ("/metrics", "/api/v1/tenants"):
            status, body, head = self.curl(path)
            self.assertEqual(status, 401, path)
            self.assertIn("www-authenticate: bearer", head)
            self.assertNotIn("contoso", body)

    def test_with_a_token_every_tcp_client_needs_it(self):
        for address in ("0.0.0.0:0", "127.0.0.1:0"):
            with self.subTest(address):
                self.start_up(keys=f'listen = "{address}"; token_file = "status.token"; socket = "{self.directory}/status.sock";')
                self.canaries.append(TOKEN)
                self.assertEqual(self.curl("/metrics")[0], 401)
                self.assertEqual(self.curl("/metrics", "-HAuthorization: Bearer wrong")[0], 401)
                self.assertEqual(self.curl("/metrics", f"-HAuthorization: Bearer {TOKEN}")[0], 200)
                self.assertEqual(self.curl("/metrics", where=self.directory / "status.sock")[0], 200)
                self.assertEqual(self.stop(), 0)
                self.assertFalse((self.directory / "status.sock").exists())
                (self.directory / "stderr").write_text("")

    def test_a_reload_moves_it_and_reads_the_token_again(self):
        self.start_up()
        self.assertEqual(self.curl("/metrics")[0], 200)
        first = self.port()
        text = self.config.read_text()

        def reload(keys):
            before = self.stderr().count("configuration reloaded")
            self.config.write_text(text.replace('listen = "127.0.0.1:0";', keys))
            self.daemon.send_signal(signal.SIGHUP)
            self.wait("the reload", lambda: self.stderr().count("configuration reloaded") > before)
        reload('listen = "127.0.0.1:0"; token_file = "status.token";')
        self.assertEqual(self.curl("/metrics", port=first)[0], 401, "the same socket, another rule")
        reload('listen = "[::1]:0";')
        self.assertEqual(self.curl("/metrics", port=first)[0], 0)
        second = self.port(2)
        self.assertEqual(subprocess.run(["curl", "-sfg", "-o/dev/null", f"http://[::1]:{second}/metrics"]).returncode, 0)
        reload("")
        self.assertNotEqual(subprocess.run(["curl", "-sfg", "-o/dev/null", f"http://[::1]:{second}/metrics"]).returncode, 0)

    def test_an_address_in_use_stops_nothing_else(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            self.start_up(keys=f'listen = "127.0.0.1:{other.getsockname()[1]}";')
            self.assertRegex(self.stderr(), r"status\.listen: cannot listen on 127\.0\.0\.1:\d+: Address already in use")
            self.wait("a poll", lambda: self.graph_sim.requests("assignmentErrors"))


class Abuse(Endpoint):
    def polls(self):
        return len(self.graph_sim.requests("assignmentErrors"))

    def test_polls_stay_on_time_whatever_clients_do(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        self.start_up(state(*(pool(f"p{i}", 100, 50) for i in range(200))))
        port = self.port()
        self.wait("metrics", lambda: len(self.curl("/metrics")[1]) > 50000)
        clients = []

        def dial(request):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.settimeout(60)
            clients.append(client)
            self.addCleanup(client.close)
            client.connect(("127.0.0.1", port))
            try:
                client.sendall(request)
            except OSError:
                pass  # refused half way
        for request in (b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ", b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100000 + b"\r\n\r\n",
                        b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", b"\x16\x03\x01\0\0" * 100):
            for _ in range(12):
                dial(request)
        began, before = time.monotonic(), self.polls()
        self.wait("three polls", lambda: self.polls() >= before + 3)
        took = time.monotonic() - began
        self.assertLess(took, 30, "an interval of a second")
        self.assertNotIn("overdue", self.stderr())
        for client in clients:
            client.close()
        self.wait("it serves again", lambda: self.curl("/healthz")[0] == 200)
        self.assertEqual(self.stop(), 0)


if __name__ == "__main__":
    unittest.main()
