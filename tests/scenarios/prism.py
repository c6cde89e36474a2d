# SPDX-License-Identifier: MIT
"""Prism as a second Graph: it answers, and judges requests, by an OpenAPI document and knows nothing of ours.

Prism has no memory: what it answers is chosen with a Prefer header. So a front of a few lines stands
before it, which adds that header, puts its own address where the bodies say Graph's, and writes down
what went through."""
import http.client
import http.server
import json
import re
import subprocess
import tempfile
import threading
import urllib.parse

from harness import ROOT

ORACLES = ROOT / "tests/oracles"
DOCUMENT = ROOT / "tests/fixtures/graph/openapi-cloudlicensing.yaml"
GRAPH = "https://graph.microsoft.com"


def read_document():
    """The document as Prism's own YAML reader sees it."""
    done = subprocess.run(["node", ORACLES / "document.mjs", DOCUMENT], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


class Prism:
    def __init__(self, document):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["node", ORACLES / "node_modules/@stoplight/prism-cli/dist/index.js", "mock", "--host", "127.0.0.1", "--port", "0",
             "--cors", "false", document], stdout=subprocess.PIPE, stderr=self.log, text=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            if found := re.search(r"Prism is listening on (http://127\.0\.0\.1:\d+)", line):
                self.url = found[1]
                break
        else:
            self.log.seek(0)
            raise RuntimeError("Prism did not start: " + "".join(said) + self.log.read())
        # It goes on talking, and would stop when the pipe is full.
        self.reader = threading.Thread(target=lambda: [None for _ in self.process.stdout])
        self.reader.start()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.reader.join(10)
        self.process.stdout.close()
        self.log.close()


class Front:
    """`steer` says per endpoint (the last word of the path) what Prism should answer: the text of a
    Prefer header, or a function of the decoded query that returns one. None: as Prism likes."""

    def __init__(self, prism):
        self.prism = urllib.parse.urlsplit(prism.url)
        self.steer, self.seen, self.lock = {}, [], threading.Lock()
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def pass_on(self):
                try:
                    front.pass_on(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # once one list is refused, the daemon does not wait for the others

            do_GET = do_POST = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.ready = {"http": self.url}  # as harness.Scenario.configure asks for it
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()

    def ask(self, command, target, body, headers, prefer):
        """One exchange with Prism: its answer, and the body with our address in it."""
        headers = dict(headers)
        if prefer:
            headers["Prefer"] = ", ".join(filter(None, [headers.get("Prefer"), prefer]))
        connection = http.client.HTTPConnection(self.prism.hostname, self.prism.port, timeout=60)
        try:
            connection.request(command, target, body, headers)
            answer = connection.getresponse()
            return answer, answer.read().decode().replace(GRAPH, self.url)
        finally:
            connection.close()

    def pass_on(self, request):
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        url = urllib.parse.urlsplit(request.path)
        query = urllib.parse.parse_qsl(url.query, keep_blank_values=True)
        endpoint = url.path.rsplit("/", 1)[1]
        with self.lock:
            prefer = self.steer.get(endpoint)
            prefer = prefer(dict(query)) if callable(prefer) else prefer
        answer, text = self.ask(request.command, request.path, body, request.headers.items(), prefer)
        with self.lock:
            self.seen.append({"method": request.command, "path": url.path, "query": query, "endpoint": endpoint,
                              "status": answer.status, "body": text, "violations": answer.headers.get("sl-violations")})
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection", "keep-alive", "transfer-encoding", "date"):
                request.send_header(name, value)
        sent = text.encode()
        request.send_header("Content-Length", str(len(sent)))
        request.end_headers()
        request.wfile.write(sent)

    def take(self):
        """What went through since the last time this was asked."""
        with self.lock:
            seen, self.seen = self.seen, []
        return seen


def pages(seen, endpoint):
    return [json.loads(r["body"]) for r in seen if r["endpoint"] == endpoint and r["status"] == 200]


def rows(seen, endpoint):
    return [row for page in pages(seen, endpoint) for row in page["value"]]


def unfinished(seen, endpoint):
    """Whether a list was not read, or its last page pointed on."""
    return "@odata.nextLink" in (pages(seen, endpoint) or [{"@odata.nextLink": "its beginning"}])[-1]


def units(seen):
    """(allotted, consumed) as anybody would add them up; None if one row cannot be added."""
    found = [(row.get("allottedUnits"), row.get("consumedUnits")) for row in rows(seen, "allotments")]
    if unfinished(seen, "allotments") or any(type(n) is not int or not 0 <= n < 2**31 for pair in found for n in pair):
        return None, None
    return sum(a for a, _ in found), sum(c for _, c in found)


def waiting(seen):
    """How many wait: the lists within the rows, and those that were asked for by themselves."""
    if unfinished(seen, "allotments"):
        return None
    count = 0
    for pool in rows(seen, "allotments"):
        inline = pool.get("waitingMembers")
        ids = {m["id"] for m in inline or []}
        if inline is None or "waitingMembers@odata.nextLink" in pool:
            asked = [r for r in seen if f"/{pool['id']}/" in r["path"]]
            if unfinished(asked, "waitingMembers"):
                return None
            ids |= {m["id"] for m in rows(asked, "waitingMembers")}
        count += len(ids)
    return count
