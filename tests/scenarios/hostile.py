# SPDX-License-Identifier: MIT
"""A man in the middle of the simulator who answers what no HTTP library would let a server say. Each
case has a port of its own and is thereby a tenant of its own: one run of the daemon meets them all."""
import json
import re
import socket
import socketserver
import threading


def answer(body=b"", status="200 OK", *headers, kind="application/json", length=None):
    """A whole HTTP answer; `length` is what it claims, "" claims nothing."""
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), *headers]
    if length != "":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


class Good:
    """The answer that the simulator gave, and who asks."""

    def __init__(self, target, root, body, foreign):
        self.target, self.root, self.body, self.foreign = target, root, body, foreign
        self.json = json.loads(body)

    def with_link(self, link):
        """Nothing but a link: who drops it silently holds an empty list for a complete one."""
        return answer(json.dumps({"value": [], "@odata.nextLink": link}).encode())

    def with_member(self, text):
        """`text` is put, unseen, in front of the first row's members."""
        at = self.body.index(b"[{") + 2 if b"[{" in self.body else 1
        return answer(self.body[:at] + text.encode() + b"," + self.body[at:])

    def with_rows(self, change):
        doc = json.loads(self.body)
        doc["value"] = change(doc["value"])
        return answer(json.dumps(doc).encode())


class Listener(socketserver.ThreadingTCPServer):
    daemon_threads, block_on_close, request_queue_size = True, False, 256

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def stop(self):
        self.shutdown()
        self.server_close()


class Foreign(Listener):
    """A host that nobody has a reason to talk to. It counts who does."""

    def __init__(self, address):
        self.connections = 0
        super().__init__(address, None)
        self.root = f"http://[{address}]:{self.port}" if ":" in address else f"http://{address}:{self.port}"

    def process_request(self, request, client_address):
        self.connections += 1
        self.shutdown_request(request)


def read_request(stream):
    """Head and body of one request; empty when there is none."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b"", b""
        head += line
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return head, stream.read(int(length[1])) if length else b""


ENDPOINTS = [("waitingMembers", b"/waitingMembers"), ("allotments", b"/cloudLicensing/allotments"),
             ("errors", b"/assignmentErrors"), ("token", b"/oauth2/v2.0/token")]


class Front(Listener):
    """Passes requests on to the simulator, but for those to the endpoint under attack."""

    def __init__(self, upstream, foreign, make):
        self.upstream, self.foreign, self.make = upstream, foreign, make
        self.attacked, self.hits, self.request = None, 0, 0
        super().__init__("127.0.0.1", None)

    def fetch(self, head, body):
        """The simulator's answer to the same request, plain and with its end at the end."""
        head = re.sub(rb"(?i)\r\n(accept-encoding|connection):[^\r]*", b"", head)
        with socket.create_connection(("127.0.0.1", self.upstream), 60) as s:
            s.sendall(head[:-2] + b"Connection: close\r\n\r\n" + body)
            return b"".join(iter(lambda: s.recv(1 << 16), b""))

    def process_request_thread(self, request, client_address):
        try:
            with request, request.makefile("rb") as stream:
                head, body = read_request(stream)
                if head:
                    self.serve(request, head, body)
        except OSError:
            pass  # the daemon hung up, as it may

    def serve(self, request, head, body):
        target = head.split(b" ", 2)[1]
        endpoint = next((name for name, part in ENDPOINTS if part in target.split(b"?")[0]), None)
        real = self.fetch(head, body)
        if self.attacked is None or endpoint != self.attacked:
            request.sendall(real)
            return
        self.hits += 1
        good = Good(target.decode(), f"http://127.0.0.1:{self.port}", real.split(b"\r\n\r\n", 1)[1], self.foreign)
        made = self.make(good)
        hold, made = (True, made[0]) if isinstance(made, tuple) else (False, made)
        request.sendall(made)
        if hold:
            request.recv(1)  # until the daemon has had enough
