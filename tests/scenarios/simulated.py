# SPDX-License-Identifier: MIT
"""A client of the Graph simulator that is made of http.client only, and a test case around it."""
import http.client
import json
import pathlib
import shutil
import ssl
import tempfile
import time
import unittest
import urllib.parse

from harness import BUILD, ROOT, Peer, read_lines

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "99999999-aaaa-4bbb-8ccc-dddddddddddd"
SECRET = "s3cret+/ &=%value"
OTHER = "22222222-2222-4333-8444-555555555555"
SCOPE = "https://graph.microsoft.com/.default"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
ADMIN = "/beta/admin/cloudLicensing"
ALLOTMENTS, ERRORS = ADMIN + "/allotments", ADMIN + "/assignmentErrors"


def pool(identity, allotted=100, consumed=50, **more):
    return {"id": identity, "skuId": E5, "skuPartNumber": "SPE_E5", "allottedUnits": allotted, "consumedUnits": consumed, **more}


def tenant(*pools, **more):
    return {"id": TENANT, "client_id": CLIENT, "client_secret": SECRET, "allotments": list(pools), **more}


def rule(do, path="allotments", **more):
    return {"match": {"path": path}, "do": do, **more}


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Simulated(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="graphsim-"))
        self.sims = []
        self.addCleanup(self.clean)

    def clean(self):
        for sim in self.sims:
            sim.stop()
        said = [pathlib.Path(sim.log.name).read_text() for sim in self.sims if sim.process.returncode != 0]
        shutil.rmtree(self.directory)
        self.assertEqual(said, [], "a peer did not end well")

    def sim(self, *tenants, faults=(), options=("--both",), **top):
        directory = self.directory / f"sim{len(self.sims)}"
        directory.mkdir()
        self.file = directory / "scenario.json"
        self.file.write_text(json.dumps({"tenants": list(tenants), "faults": list(faults), **top}))
        sim = Peer([BUILD / "tests/graphsim", "--scenario", self.file, "--dir", directory,
                    "--fixtures", ROOT / "tests/fixtures/graph/examples", *options], directory / "log")
        self.sims.append(sim)
        return sim

    def call(self, sim, method, target, body=None, headers=None, listener="http", timeout=20):
        url = urllib.parse.urlsplit(sim.ready[listener])
        if listener == "https":
            trust = ssl.create_default_context(cafile=sim.ready["ca_file"])
            connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=timeout, context=trust)
        else:
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
        try:
            connection.request(method, target, body, {"Accept": "application/json", **(headers or {})})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def sign_in(self, sim, where=TENANT, listener="http", headers=None, **fields):
        form = {"client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE, "grant_type": "client_credentials", **fields}
        body = urllib.parse.urlencode({k: v for k, v in form.items() if v is not None})
        return self.call(sim, "POST", f"/{where}/oauth2/v2.0/token", body,
                         {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}, listener)

    def token(self, sim, **more):
        return self.sign_in(sim, **more).json["access_token"]

    def get(self, sim, target, token=None, listener="http", **headers):
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        if target.startswith("http"):
            self.assertTrue(target.startswith(sim.ready[listener] + "/"), target)
            target = target[len(sim.ready[listener]):]
        bearer = {"Authorization": "Bearer " + (token or self.token(sim))}
        return self.call(sim, "GET", target, headers={**bearer, **headers}, listener=listener)

    def walk(self, sim, target, token, listener="http"):
        pages = []
        while target:
            answer = self.get(sim, target, token, listener)
            self.assertEqual(answer.status, 200, answer.body)
            pages.append(answer.json["value"])
            target = answer.json.get("@odata.nextLink")
        return pages

    def ledger(self, sim):
        return read_lines(sim.ready["ledger"])

    def event(self, sim, kind, seconds=10):
        """The events of this kind, once there is one more than we have seen."""
        deadline = time.monotonic() + seconds
        seen = getattr(sim, "seen", 0)
        while time.monotonic() < deadline:
            events = [e for e in read_lines(sim.ready["events"]) if e["event"] == kind]
            if len(events) > seen:
                sim.seen = len(events)
                return events[-1]
        self.fail(f"no event {kind}")
