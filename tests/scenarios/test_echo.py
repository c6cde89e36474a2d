# SPDX-License-Identifier: MIT
"""Servers that echo what they were told in confidence, in every place and form: nothing of it may come out
of the daemon. Each case is a tenant of its own; healthy tenants are the majority, so that no alert is held back."""
import base64
import json
import re
import secrets
import unittest
import urllib.parse
import uuid

from harness import CLIENT, Scenario
from hostile import Listener, answer, read_request

PART = 8


def forms(secret):
    b = secret.encode()
    return {"plain": secret, "upper": secret.upper(), "percent": "".join(f"%{c:02X}" for c in b),
            "base64": base64.b64encode(b).decode(), "basic": base64.b64encode(b"client:" + b).decode(),
            "base64url": base64.urlsafe_b64encode(b"x" + b).decode(), "cut": secret[5:25]}


def words(secret):
    """All forms in one text, and those that alone look like an id."""
    all_of = forms(secret)
    return [" ".join(all_of.values()), re.sub(r"[^A-Za-z0-9_.:-]", "", all_of["plain"])[:60], all_of["cut"]]


def html(text, status="403 Forbidden"):
    return answer(f"<html>{text}</html>".encode(), status, kind="text/html")


def error(status, *headers, kind="application/json", **members):
    return answer(json.dumps(members).encode(), status, *headers, kind=kind)


TOKEN = {  # places of the token endpoint's answer
    "error": lambda e: error("400 Bad Request", error=e),
    "error_description": lambda e: error("400 Bad Request", error="invalid_client", error_description=e, error_codes=[7000215]),
    "unknown code": lambda e: error("400 Bad Request", error="invalid_client", error_description=e, error_codes=[99999999]),
    "correlation_id": lambda e: error("400 Bad Request", error="invalid_client", correlation_id=e, error_codes=[7000215]),
    "html": html, "html 200": lambda e: html(e, "200 OK"),
    "content type": lambda e: error("200 OK", kind=f"text/{e}", access_token=1),
    "token type": lambda e: error("200 OK", access_token="x", token_type=e, expires_in=3600),
    "location": lambda e: answer(b"", "302 Found", f"Location: https://{e.split(' ')[0].replace('~', '')}.example/{e}"),
}
GRAPH = {  # of a page's
    "code": lambda e: error("400 Bad Request", error={"code": e, "message": "m"}),
    "message": lambda e: error("403 Forbidden", error={"code": "Forbidden", "message": e}),
    "inner code": lambda e: error("403 Forbidden", error={"code": "Forbidden", "innerError": {"code": e, "request-id": e}}),
    "request id": lambda e: error("403 Forbidden", f"request-id: {e}", error={"code": "Forbidden", "message": "m"}),
    "refused token": lambda e: error("401 Unauthorized", error={"code": e, "message": e}),
    "error in a 200": lambda e: error("200 OK", error={"code": e, "message": e}),
    "html": html, "html 200": lambda e: html(e, "200 OK"), "content type": lambda e: error("200 OK", kind=f"text/{e}", value=[]),
    "location": lambda e: answer(b"", "302 Found", f"Location: https://{e.split(' ')[0].replace('_', '')}.example/{e}"),
    "next link": lambda e: error("200 OK", **{"value": [], "@odata.nextLink": f"https://{e.split(' ')[0].replace('_', '')}.example/{e}"}),
}


class Echo(Listener):
    """One tenant's login service and Graph. `at` is what it attacks."""

    def __init__(self, at=None, make=None, which=0):
        self.at, self.make, self.which = at, make, which
        self.token = "eyJ0" + secrets.token_urlsafe(30) + "." + secrets.token_urlsafe(30)
        super().__init__("127.0.0.1", None)

    def echo(self, head, body):
        form = urllib.parse.parse_qs(body.decode())
        secret = form["client_secret"][0] if form else re.search(rb"(?i)\r\nauthorization: Bearer (\S+)", head)[1].decode()
        return self.make(words(secret)[self.which])

    def process_request_thread(self, request, client_address):
        try:
            with request, request.makefile("rb") as stream:
                head, body = read_request(stream)
                if head:
                    request.sendall(self.serve(head, body))
        except OSError:
            pass

    def serve(self, head, body):
        at = "token" if b"/oauth2/" in head.split(b"\r\n")[0] else "graph"
        if at == self.at:
            return self.echo(head, body)
        if at == "token":
            return error("200 OK", token_type="Bearer", expires_in=3600, access_token=self.token)
        return error("200 OK", value=[])


class Mirror(Echo):
    """A receiver that refuses every message and repeats its own address and our signature."""
    signatures = ()

    def serve(self, head, body):
        path = head.split(b" ", 2)[1].decode()[1:]
        signature = re.search(rb"(?i)\r\nwebhook-signature: v1,(\S+)", head)[1].decode()
        self.signatures = (*self.signatures, signature)
        if len(self.signatures) % 2:
            return html(signature, "400 Bad Request")
        return html(" ".join([path, *forms(path).values()]), "400 Bad Request")


class Canaries(Scenario):
    def server(self, *args):
        s = Echo(*args)
        self.addCleanup(s.stop)
        return s

    def tenant(self, name, server):
        return (f'{{ name = "{name}"; tenant_id = "{uuid.uuid4()}"; client_id = "{CLIENT}"; client_secret_file = "{self.file}"; '
                f'source = "cloud_licensing"; graph_url = "http://127.0.0.1:{server.port}"; login_url = "http://127.0.0.1:{server.port}"; }}')

    def parts(self):
        """Every part of every form of every secret, in lower case."""
        for secret in [self.client_secret, *(s.token for s in self.servers), self.path, *self.mirror.signatures]:
            for form in (secret, forms(secret)["base64"], forms(secret)["basic"][10:], forms(secret)["base64url"][2:]):
                yield from (form[i:i + PART].lower().encode() for i in range(len(form) - PART + 1))

    def look(self):
        outputs = {**{p.name: p.read_bytes() for p in self.directory.rglob("*") if p.is_file() and "secrets" not in p.parts},
                   **{f"{name} {i}": data for i, (name, data) in enumerate(self.shown)}}
        outputs.pop("hooks.jsonl")  # the receiver's own address is in the path of its requests
        outputs["bodies"] = json.dumps([r["body"] for r in self.hook_.requests()]).encode()
        parts, found = set(self.parts()), []
        for name, data in outputs.items():
            data = data.lower()
            windows = {data[i:i + PART] for i in range(len(data) - PART + 1)}
            for part in sorted(windows & parts):
                at = data.index(part)
                found.append((name, data[max(0, at - 200):at + 60]))
        self.assertEqual(found, [])
        return outputs

    def test_no_part_of_a_secret_comes_out(self):
        self.client_secret = "Zq8~" + secrets.token_urlsafe(10) + "_x." + secrets.token_urlsafe(12)
        self.file = self.secret("client.secret", self.client_secret + "\n")
        self.hook_ = self.hook()
        self.path = secrets.token_urlsafe(20)  # no hexadecimal digits alone: ids could have the same
        self.mirror = mirror = Mirror()
        self.addCleanup(mirror.stop)
        self.secret("mirror.url", f"http://127.0.0.1:{mirror.port}/{self.path}\n")
        cases = [(at, name, make, which) for at, table in (("token", TOKEN), ("graph", GRAPH))
                 for name, make in table.items() for which in range(3)]
        self.servers = [self.server(at, make, which) for at, _, make, which in cases]
        healthy = self.server()
        rows = [self.tenant(f"{at} {name} {which}", s) for (at, name, _, which), s in zip(cases, self.servers)]
        rows += [self.tenant(f"healthy {i}", healthy) for i in range(len(rows) + 10)]
        d = self.directory
        self.config = d / "seatwatchd.conf"
        self.config.write_text(f"""
poll: {{ interval = "60s"; jitter = "0%"; timeout = "30s"; concurrency = 8; }};
tenants = ( {", ".join(rows)} );
thresholds: {{ poll = {{ warning = "1 polls"; critical = "off"; }}; }};
alerts: {{ for = "0s"; min_samples = 1; keep_firing_for = "0s"; first_run = "each"; }};
storm: {{ rate = 0; }};
receivers = ( {{ name = "hook"; type = "webhook"; url_file = "{d}/secrets/hook.url"; signing_key_file = "{d}/secrets/hook.key"; }},
  {{ name = "mirror"; type = "webhook"; url_file = "{d}/secrets/mirror.url"; signing_key_file = "{d}/secrets/hook.key"; }} );
""")
        self.start()
        told = lambda: {(m["data"]["tenant"] or {}).get("name") for m in self.hook_.messages() if m["type"] == "alert.firing"}
        self.wait("an alert for each case", lambda: len(told()) >= len(cases), 240)
        self.assertEqual(self.stop(), 0)
        self.run_daemon("--once", "--json", timeout=120)
        self.run_daemon("--check-access", timeout=120)
        outputs = self.look()
        self.assertIn(b"[redacted]", outputs["stderr"])
        self.assertIn(b"[redacted]", outputs["bodies"])


if __name__ == "__main__":
    unittest.main()
