# SPDX-License-Identifier: MIT
"""What stands between the daemon and Graph: certificates and protocols that must not be accepted, addresses of both
kinds, and dead ones among them. All of it in a network of its own.

Each failure is told by its cause, nothing is resolved by it, and no token leaves for a place that was not proven."""
import re
import socket
import ssl
import threading
import time
import unittest
import warnings

from harness import Graph, Scenario, pool, scenario, state
from network import Network
from signing import openssl

FULL = scenario(state(pool("pool-1", 100, 101)))
THREE = state(pool("a", 100, 10), pool("b", 100, 20), pool("c", 100, 30))


def setUpModule():
    global network
    network = Network()
    unittest.addModuleCleanup(network.end)


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
        text = self.text.replace('timeout = "20s"', 'timeout = "8s"')  # not as long as it would be tried
        self.config.write_text(text.replace(self.good[0], root).replace(str(self.good[1]), str(ca_file)))
        tenant = self.once(expect=1)["tenants"][0]
        self.assertFalse(tenant["complete"])
        self.assertIsNone(tenant["consumed_units"])
        self.assertRegex(tenant["error"], re.compile(words))
        told = [(m["type"], m["data"]["rule"]) for m in self.the_hook.messages()]
        self.assertNotIn("alert.resolved", [kind for kind, _ in told])

    def test_a_certificate_that_does_not_pass_is_named_by_its_fault(self):
        faults = {"expired": "has expired", "wrong-name": "is for another name", "unknown-issuer": r"unknown issuer \(see network.ca_file\)"}
        for fault, words in faults.items():
            with self.subTest(fault):
                bad = Graph(self.directory / fault, FULL, "--certificate", fault)
                self.peers.append(bad)
                self.refused(bad.ready["https"], bad.ready["ca_file"], words)
                self.assertEqual(bad.requests(), [], "nothing is asked there")

    def test_a_certificate_that_vouches_for_itself_is_not_believed(self):
        listener, _ = self.listener()
        self.refused(listener.root, self.good[1], r"unknown issuer \(see network.ca_file\)")
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


class Addresses(Scenario):
    """Documentation prefixes of both kinds: 2001:db8:: here, 2001:db8:dead:: where everything gets lost."""
    HOST, LOGIN = "graph.corp.example", "login.corp.example"

    def simulator(self, address, *options):
        graph = Graph(self.directory / f"graph{len(self.peers)}", scenario(THREE, page_size=1), "--address", address, *options)
        self.peers.append(graph)
        return graph

    def read(self, graph, expect=0):
        """One reading in pages, by name or address; what was asked and the tenant's report."""
        self.configure(graph, tls=True)
        if self.HOST in graph.ready["https"]:
            self.config.write_text(re.sub('login_url = "[^"]*"', f'login_url = "https://{self.LOGIN}"', self.config.read_text()))
        if expect:
            self.config.write_text(self.config.read_text().replace('timeout = "20s"', 'timeout = "8s"'))
        (tenant,) = self.once(expect=expect)["tenants"]
        self.assertEqual((tenant["complete"], tenant["allotments"]), (not expect, None if expect else 3), tenant)
        return tenant

    def named(self, address, *at):
        """The simulator is at the address; its names lead to all of `at`."""
        network.here(address)
        network.names({self.HOST: at, self.LOGIN: at})
        return self.simulator(address, "--names", f"{self.HOST},{self.LOGIN}")

    def test_an_address_of_six_stands_in_brackets(self):
        graph = self.simulator("::1")
        self.assertRegex(graph.ready["https"], r"^https://\[::1\]:\d+$")
        self.read(graph)
        self.assertEqual({(r["peer"], r["host"]) for r in graph.requests()}, {("::1", graph.ready["https"][8:])})
        self.config.write_text(self.config.read_text().replace(graph.ready["https"], graph.ready["http"]))
        self.once(expect=0)
        self.assertEqual({r["listener"] for r in graph.requests()[-3:]}, {"http"}, "plain http is fine on this machine")

    def test_a_name_may_have_an_address_of_six_alone(self):
        graph = self.named("2001:db8::10", "2001:db8::10")
        self.read(graph)
        self.assertEqual({(r["host"], r["sni"]) for r in graph.requests()}, {(n, n) for n in (self.HOST, self.LOGIN)})

    def test_a_dead_address_gives_way_to_the_next_one(self):
        network.here("2001:db8::20", "192.0.2.20")
        network.silent("2001:db8:dead::1", "203.0.113.1")
        for name, address, at in (
                ("nobody listens at six", "192.0.2.30", ("2001:db8::20", "192.0.2.30")),
                ("six is silent", "192.0.2.31", ("2001:db8:dead::1", "192.0.2.31")),
                ("four is silent", "2001:db8::31", ("203.0.113.1", "2001:db8::31")),
                ("nobody listens at the first of two", "192.0.2.32", ("192.0.2.20", "192.0.2.32")),
                ("the first of two is silent", "192.0.2.33", ("203.0.113.1", "192.0.2.33")),
                ("no way leads to six", "192.0.2.34", ("2001:db9::1", "192.0.2.34"))):
            with self.subTest(name):
                graph = self.named(address, *at)
                self.assertEqual(self.read(graph)["requests"], len(graph.requests()))
                self.assertTrue(graph.requests())
                graph.stop()

    def test_a_connection_that_dies_silently_costs_a_poll_and_is_replaced(self):
        address = "2001:db8::40"
        graph = self.named(address, address)
        self.configure(graph, tls=True)
        text = re.sub('login_url = "[^"]*"', f'login_url = "https://{self.LOGIN}"', self.config.read_text())
        self.config.write_text(text.replace('timeout = "20s"', 'timeout = "3s"'))
        self.start()
        self.wait("two polls", lambda: len(graph.requests("assignmentErrors")) >= 2)
        network.lose(address)
        self.wait("a poll that fails", lambda: "poll incomplete" in self.stderr())
        self.assertRegex(self.stderr(), r"did not end within 3 s|time-out: ")
        network.find(address)
        polls = len(graph.requests("assignmentErrors"))
        self.wait("two more polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
        self.assertEqual(self.stop(), 0)

    def test_where_all_are_dead_it_is_said_and_nothing_is_known(self):
        network.here("2001:db8::20", "192.0.2.20")
        graph = self.named("192.0.2.35", "2001:db8::20", "192.0.2.20")
        self.assertIn(f"https://{self.LOGIN}: no connection: Connection refused", self.read(graph, expect=1)["error"])
        network.names({})
        self.assertIn(f"https://{self.LOGIN}: name resolution failed", self.read(graph, expect=1)["error"])


if __name__ == "__main__":
    unittest.main()
