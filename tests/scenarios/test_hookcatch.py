# SPDX-License-Identifier: MIT
"""The webhook catcher writes down what arrives, judges signatures, and answers as it is told."""
import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.parse

from harness import BUILD, Peer, read_lines

KEYS = [bytes(range(24)), b"k" * 32]


def whsec(key):
    return "whsec_" + base64.b64encode(key).decode()


class Catcher(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="hookcatch-"))
        self.key_file = self.directory / "key"
        self.key_file.write_text("".join(whsec(k) + "\n" for k in KEYS))
        self.hooks = []
        self.addCleanup(self.clean)

    def clean(self):
        for hook in self.hooks:
            hook.stop()
        said = [pathlib.Path(hook.log.name).read_text() for hook in self.hooks if hook.process.returncode != 0]
        shutil.rmtree(self.directory)
        self.assertEqual(said, [], "a peer did not end well")

    def hook(self, *options):
        directory = self.directory / f"hook{len(self.hooks)}"
        directory.mkdir()
        hook = Peer([BUILD / "tests/hookcatch", "--dir", directory, *options], directory / "stderr")
        hook.directory = directory
        self.hooks.append(hook)
        return hook

    def answer(self, hook, text):
        new = hook.directory / "new"
        new.write_text(text if isinstance(text, str) else json.dumps(text))
        new.rename(hook.directory / "answers.json")

    def post(self, hook, path="/", body=b"{}", headers=None):
        url = urllib.parse.urlsplit(hook.ready["url"])
        if url.scheme == "https":
            trust = ssl.create_default_context(cafile=hook.ready["ca_file"])
            connection = http.client.HTTPSConnection(url.hostname, url.port, timeout=20, context=trust)
        else:
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
        try:
            connection.request("POST", path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def statuses(self, hook, n, path="/"):
        return [self.post(hook, path)[0] for _ in range(n)]

    def lines(self, hook):
        return read_lines(hook.ready["log"])

    def test_a_request_is_written_down_whole(self):
        hook = self.hook()
        body = json.dumps({"text": "Zoë \U0001f600 \"quoted\""}, ensure_ascii=False)
        self.assertEqual(self.post(hook, "/a/b?c=d", body.encode(), {"Webhook-ID": "x1", "X-Empty": ""})[0], 200)
        line = self.lines(hook)[0]
        self.assertEqual((line["n"], line["method"], line["path"], line["raw_query"], line["status"]), (1, "POST", "/a/b", "c=d", 200))
        self.assertEqual((line["body"], line["headers"]["webhook-id"], line["headers"]["x-empty"]), (body, "x1", ""))
        self.assertNotIn("signature", line)
        self.assertLess(abs(line["time_us"] / 1e6 - time.time()), 60)

    def test_signatures_are_judged(self):
        hook = self.hook("--key-file", self.key_file)
        body, now = b'{"a": 1}', int(time.time())

        def headers(key=KEYS[0], identity="id1", stamp=now, signed=body, prefix="v1,", before="", over=None):
            mac = hmac.new(key, f"{over or identity}.{stamp}.".encode() + signed, hashlib.sha256).digest()
            return {"webhook-id": identity, "webhook-timestamp": str(stamp), "webhook-signature": before + prefix + base64.b64encode(mac).decode()}
        missing = headers()
        del missing["webhook-id"]
        cases = [("ok", headers()), ("ok", headers(KEYS[1])), ("ok", headers(before="v1,AAAA v1a,xx ")), ("bad", headers(b"z" * 24)),
                 ("bad", headers(signed=b'{"a": 2}')), ("bad", headers(over="id2")), ("bad", headers(prefix="v2,")), ("bad", headers(prefix="")),
                 ("stale", headers(stamp=now - 400)), ("stale", headers(stamp=now + 400)), ("missing", missing), ("missing", {})]
        for _, h in cases:
            self.post(hook, body=body, headers=h)
        self.assertEqual([line["signature"] for line in self.lines(hook)], [want for want, _ in cases])
        self.key_file.write_text(whsec(KEYS[1]) + "\n")
        self.post(hook, body=body, headers=headers())
        self.assertEqual(self.lines(hook)[-1]["signature"], "bad", "the keys are read afresh")

    def test_the_file_of_answers_is_obeyed_as_soon_as_it_is_there(self):
        hook = self.hook()
        self.assertEqual(self.post(hook)[0], 200)
        self.answer(hook, [{"path": "/down", "do": {"status": 503, "headers": {"Retry-After": "1"}}}, {"from": 1, "times": 2, "do": {"status": 410}}])
        self.assertEqual(self.statuses(hook, 3), [410, 410, 200])
        status, headers, body = self.post(hook, "/down")
        self.assertEqual((status, headers["Retry-After"], body), (503, "1", b""))
        self.answer(hook, [{"at": [2], "do": {"status": 500}}])
        self.assertEqual(self.statuses(hook, 3), [200, 500, 200], "a new file counts from one")
        (hook.directory / "answers.json").unlink()
        self.assertEqual(self.statuses(hook, 2), [200, 200])
        self.assertEqual([line["status"] for line in self.lines(hook)], [200, 410, 410, 200, 503, 200, 500, 200, 200, 200])

    def test_a_wrong_file_of_answers_is_an_error_that_shows(self):
        hook = self.hook()
        for text in ("{", "{}", '[{"do": {"state": 1}}]', "[1]"):
            self.answer(hook, text)
            self.assertEqual(self.post(hook)[0], 500, text)
            self.assertTrue(self.lines(hook)[-1]["fault"])
        self.answer(hook, [])
        self.assertEqual(self.post(hook)[0], 200)

    def test_it_can_be_slow_rude_or_elsewhere(self):
        hook = self.hook()
        self.answer(hook, [{"at": 1, "do": {"delay_ms": 300}}, {"at": 2, "do": {"close": True}}, {"at": 3, "do": {"redirect": "http://127.0.0.1:1/"}},
                           {"at": 4, "do": {"status": 200, "body": "ok"}}])
        start = time.monotonic()
        self.assertEqual(self.post(hook)[0], 200)
        self.assertGreaterEqual(time.monotonic() - start, 0.3)
        with self.assertRaises(http.client.RemoteDisconnected):
            self.post(hook)
        status, headers, _ = self.post(hook)
        self.assertEqual((status, headers["Location"]), (302, "http://127.0.0.1:1/"))
        self.assertEqual(self.post(hook)[2], b"ok")
        self.assertEqual([line["status"] for line in self.lines(hook)], [200, 0, 302, 200])

    def test_the_usual_answer_can_be_given_at_the_start(self):
        hook = self.hook("--answer", '{"status": 202}')
        self.answer(hook, [{"at": 1, "do": {"status": 500}}])
        self.assertEqual(self.statuses(hook, 2), [500, 202])
        done = subprocess.run([BUILD / "tests/hookcatch", "--dir", self.directory / "x", "--answer", "{"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--answer", done.stderr)

    def test_it_speaks_https(self):
        hook = self.hook("--https")
        self.assertEqual((self.post(hook)[0], self.lines(hook)[0]["listener"]), (200, "https"))
        hook = self.hook("--https", "--certificate", "expired")
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.post(hook)

    def test_wrong_usage_is_64(self):
        for options in (["x"], ["--nope"], ["--dir"]):
            self.assertEqual(subprocess.run([BUILD / "tests/hookcatch", *options], capture_output=True, timeout=20).returncode, 64, options)


if __name__ == "__main__":
    unittest.main()
