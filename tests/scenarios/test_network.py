# SPDX-License-Identifier: MIT
"""What stands between the daemon and Graph: certificates and protocols that must not be accepted.

Each failure is told by its cause, nothing is resolved by it, and no token leaves for a place that was not proven."""
import re
import socket
import ssl
import threading
import time
import unittest
import warnings

from harness import Graph, Scenario, pool, scenario, state
from signing import openssl

FULL = scenario(state(pool("pool-1", 100, 101)))


class Listener(threading.Thread):
    """Speaks TLS as the context says, and hangs up once that has worked. The context is None: it hangs up at once."""

    def __init__(self, context):
        super().__init__(daemon=True)
        self.context, self.heard = context, b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.root = f"https://127.0.0.1:{self.socket.getsockname()[1]}"
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                try:
                    if self.context:
                        with self.context.wrap_socket(client, server_side=True) as secure:
                            self.heard += secure.recv(65536)
                except OSError:
                    pass

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.join(10)
        self.socket.close()


class Tls(Scenario):
    def setUp(self):
        super().setUp()
        self.the_hook = self.hook()
        good = self.graph(FULL["tenants"][0]["states"][0])
        self.configure(good, [self.the_hook], tls=True)
        self.text = self.config.read_text()
        self.good = (good.ready["https"], good.ready["ca_file"])
        self.once(expect=0)
        self.assertEqual([m["type"] for m in self.the_hook.messages()], ["alert.firing"])

    def own_certificate(self, begins=-1):
        """It vouches for itself, from so many days from now on."""
        key, cert, request, settings = (self.directory / name for name in ("own.key", "own.pem", "own.request", "own.conf"))
        (self.directory / "own.index").touch()
        settings.write_text(f"[ca]\ndefault_ca = it\n[it]\ndatabase = {self.directory}/own.index\nnew_certs_dir = {self.directory}\n"
                            "rand_serial = yes\ndefault_md = sha256\npolicy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n")
        stamps = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * 86400)) for days in (begins, begins + 9)]
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=own",
                "-addext", "subjectAltName=IP:127.0.0.1")
        openssl("ca", "-config", settings, "-selfsign", "-keyfile", key, "-in", request, "-out", cert,
                "-startdate", stamps[0], "-enddate", stamps[1], "-batch", "-notext")
        return key, cert

    def listener(self, begins=-1, **versions):
        key, cert = self.own_certificate(begins)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that they are old is the point
            for name, value in versions.items():
                setattr(context, name, value)
        if versions:
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(cert, key)
        listener = Listener(context)
        self.addCleanup(listener.stop)
        return listener, cert

    def refused(self, root, ca_file, words):
        """One reading from there fails with these words; what was told before stands."""
        self.config.write_text(self.text.replace(self.good[0], root).replace(str(self.good[1]), str(ca_file)))
        tenant = self.once(expect=1)["tenants"][0]
        self.assertFalse(tenant["complete"])
        self.assertIsNone(tenant["consumed_units"])
        self.assertRegex(tenant["error"], re.compile(words))
        told = [(m["type"], m["data"]["rule"]) for m in self.the_hook.messages()]
        self.assertNotIn("alert.resolved", [kind for kind, _ in told])

    def test_a_certificate_that_does_not_pass_is_named_by_its_fault(self):
        faults = {"expired": "has expired", "wrong-name": "is for another name", "unknown-issuer": r"do not know \(see network.ca_file\)"}
        for fault, words in faults.items():
            with self.subTest(fault):
                bad = Graph(self.directory / fault, FULL, "--certificate", fault)
                self.peers.append(bad)
                self.refused(bad.ready["https"], bad.ready["ca_file"], words)
                self.assertEqual(bad.requests(), [], "nothing is asked there")

    def test_a_certificate_that_vouches_for_itself_is_not_believed(self):
        listener, _ = self.listener()
        self.refused(listener.root, self.good[1], r"issuer that we do not know \(see network.ca_file\)")
        self.assertEqual(listener.heard, b"")

    def test_a_certificate_of_tomorrow_is_not_valid_yet(self):
        listener, cert = self.listener(begins=1)
        self.refused(listener.root, cert, "is not valid yet")
        self.assertEqual(listener.heard, b"")

    def test_an_old_protocol_is_not_spoken(self):
        listener, cert = self.listener(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
        self.refused(listener.root, cert, "(?i)tls|ssl|protocol")
        self.assertEqual(listener.heard, b"")

    def test_a_connection_that_breaks_off_is_no_answer(self):
        cut = Listener(None)
        self.addCleanup(cut.stop)
        self.refused(cut.root, self.good[1], "127.0.0.1")
        listener, cert = self.listener()
        self.refused(listener.root, cert, "127.0.0.1")
        self.assertIn(b"POST ", listener.heard, "this one had the right certificate")


if __name__ == "__main__":
    unittest.main()
