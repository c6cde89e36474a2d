# SPDX-License-Identifier: MIT
"""Answers that no HTTP library would let a server give, and hosts that nobody should talk to."""
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
    """The good answer, and what was asked for."""

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
