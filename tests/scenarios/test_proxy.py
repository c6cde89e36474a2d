# SPDX-License-Identifier: MIT
"""A proxy on the way out: a real one (tinyproxy, nghttpx), and one that does what none should. The origins are
elsewhere, in a network where their ledgers tell by the client's address who really came."""
import base64
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import unittest

from harness import BUILD, Graph, Hook, Scenario, pool, scenario, state
from network import Network

GRAPH, PROXY, BEHIND = "192.0.2.10", "192.0.2.20", "192.0.2.21"
HOOKS = {"tls": "192.0.2.11", "plain": "192.0.2.12"}
HOST, LOGIN = "graph.corp.example", "login.corp.example"
PASSWORD = "canaryProxyPassword7Qx"
FULL, WELL = state(pool("pool-1", 100, 101)), state(pool("pool-1", 100, 10))


def setUpModule():
    global network
    network = Network()
    unittest.addModuleCleanup(network.end)
    network.here(GRAPH, PROXY, BEHIND)
    network.names({HOST: GRAPH, LOGIN: GRAPH, "proxy.corp.example": PROXY,
                   **{f"{name}.corp.example": address for name, address in HOOKS.items()}})


class Listener:
    """Somebody at the proxy's address. `serve` is given each connection; it counts them."""

    def __init__(self, serve=None, port=0):
        self.serve, self.connections = serve, 0
        self.socket = socket.create_server((PROXY, port))
        self.root = f"http://{PROXY}:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.one, args=(client,), daemon=True).start()

    def one(self, client):
        with client:
            try:
                if self.serve:
                    self.serve(client)
            except OSError:
                pass

    def stop(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has been before
        self.thread.join(10)
        self.socket.close()


def head_of(client):
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(65536)
        if not data:
            raise OSError("hung up")
        head += data
    return head


def says(answer):
    def serve(client):
        head_of(client)
        client.sendall(answer)
    return serve


def pump(source, sink, most=None):
    """Passes on what comes, `most` bytes of it."""
    try:
        while most is None or most > 0:
            data = source.recv(65536 if most is None else min(most, 65536))
            if not data:
                break
            sink.sendall(data)
            most = most and most - len(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Proxied(Scenario):
    def setUp(self):
        super().setUp()
        self.canaries += [PASSWORD, base64.b64encode(f"watch:{PASSWORD}".encode()).decode()]
        self.password = self.secret("proxy.password", f"watch:{PASSWORD}\n")

    def tinyproxy(self, password=PASSWORD, port=0):
        """Lets in who knows the password; leaves from another address of its own."""
        for _ in range(5):
            if not port:
                with socket.create_server((PROXY, 0)) as s:
                    free = s.getsockname()[1]
            conf = self.secret("tinyproxy.conf", f"""Port {port or free}\nListen {PROXY}\nBind {BEHIND}\nTimeout 60
MaxClients 100\nLogFile "{self.directory}/tinyproxy.log"\nBasicAuth watch {password}\nConnectPort 443\n""")
            process = subprocess.Popen(["tinyproxy", "-d", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait, 10)
            self.addCleanup(process.terminate)
            while process.poll() is None:
                with socket.socket() as s:
                    if s.connect_ex((PROXY, port or free)) == 0:
                        return process, f"http://{PROXY}:{port or free}"
                try:
                    process.wait(0.02)
                except subprocess.TimeoutExpired:
                    pass
        return self.fail("tinyproxy does not start")

    def world(self, *states, names=(HOST, LOGIN), address=GRAPH, **tenant):
        directory = self.directory / "graph"
        self.sim = Graph(directory, scenario(*(states or [FULL]), **tenant), "--address", address, "--names", ",".join(names),
                         "--issued", self.directory / "secrets/issued")
        self.peers.append(self.sim)
        return self.sim

    def configure_proxy(self, proxy, hooks=(), extra="", tenant_extra="", timeout="20s", password=True):
        self.configure(self.sim, hooks, tls=True, extra=extra, tenant_extra=tenant_extra)
        text = self.config.read_text()
        text = re.sub('login_url = "[^"]*"', f'login_url = "https://{LOGIN}"', text).replace('timeout = "20s"', f'timeout = "{timeout}"')
        said = f'proxy = "{proxy}"; ' + (f'proxy_password_file = "{self.password}"; ' if password else "") if proxy else ""
        self.config.write_text(text.replace("network: {", "network: { " + said, 1))

    def far_hook(self, https):
        """A receiver beyond this machine: the hook, and its row in the configuration."""
        name = "tls" if https else "plain"
        key = self.secret(f"{name}.key", "whsec_" + base64.b64encode(os.urandom(32)).decode() + "\n")
        network.here(HOOKS[name])
        hook = Hook(self.directory / name, key, https, ["--names", f"{name}.corp.example", "--address", HOOKS[name]])
        self.peers.append(hook)
        url = self.secret(f"{name}.url", hook.ready["url"] + "/in\n")
        more = f'ca_file = "{hook.ready["ca_file"]}"; ' if https else "allow_http = true; "
        return hook, f'{{ name = "{name}"; type = "webhook"; url_file = "{url}"; signing_key_file = "{key}"; {more}}}'

    def told(self, hook):
        return [(m["type"], m["data"]["rule"]) for m in hook.messages()]


class Through(Proxied):
    def assert_through(self, requests):
        """All of them came from the proxy, and none with what was for the proxy."""
        self.assertTrue(requests)
        self.assertEqual({r["peer"] for r in requests}, {BEHIND})
        self.assertEqual([h for r in requests for h in r["headers"] if h.lower().startswith("proxy-")], [])

    def test_everything_beyond_this_machine_and_nothing_on_it(self):
        _, root = self.tinyproxy()
        near, (tls, tls_row), (plain, plain_row) = self.hook(), self.far_hook(True), self.far_hook(False)
        self.world(FULL, page_size=1)
        self.configure_proxy(root, [near])
        text = self.config.read_text()
        self.config.write_text(text.replace("receivers = (", f"receivers = ( {tls_row}, {plain_row},"))
        self.once(expect=0)
        self.assert_through(self.sim.requests())
        self.assertEqual({(r["host"], r["sni"]) for r in self.sim.requests()}, {(HOST, HOST), (LOGIN, LOGIN)})
        for hook, through in ((near, False), (tls, True), (plain, True)):
            (request,) = hook.requests()
            self.assertEqual((request["signature"], request["status"]), ("ok", 200))
            self.assertEqual(request["peer"], BEHIND if through else "127.0.0.1")
            self.assertEqual([name for name in request["headers"] if name.startswith("proxy")], [])
        log = (self.directory / "tinyproxy.log").read_text()
        self.assertEqual(set(re.findall(r"CONNECT (\S+) ", log)), {f"{HOST}:443", f"{LOGIN}:443", "tls.corp.example:443"})
        with self.subTest("a check of the access and a test message take the same way"):
            before = len(self.sim.requests())
            done = self.run_daemon("--check-access")
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assert_through(self.sim.requests()[before:])
            done = self.run_daemon("--test-receiver", "tls")
            self.assertEqual((done.returncode, [r["peer"] for r in tls.requests()]), (0, [BEHIND] * 2), done.stderr)

    def test_the_proxy_sees_names_and_its_own_credential_only(self):
        seen = []

        def relay(client):
            head = head_of(client)
            seen.append(head)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            host, port = head.split(b" ")[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port)), source_address=(BEHIND, 0)) as origin:
                back = threading.Thread(target=pump, args=(origin, client), daemon=True)
                back.start()
                pump(client, origin)
                back.join()
        proxy = Listener(relay)
        self.addCleanup(proxy.stop)
        self.world(WELL)
        self.configure_proxy(proxy.root)
        self.once(expect=0)
        self.assert_through(self.sim.requests())
        credential = base64.b64encode(f"watch:{PASSWORD}".encode())
        self.assertEqual({re.sub(rb"\r\n.*", b"", head, flags=re.S) for head in seen},
                         {f"CONNECT {name}:443 HTTP/1.1".encode() for name in (HOST, LOGIN)})
        for head in seen:
            names = [line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:-2]]
            self.assertEqual(sorted(names), [b"host", b"proxy-authorization", b"proxy-connection", b"user-agent"])
            self.assertIn(b"Proxy-Authorization: Basic " + credential + b"\r\n", head)

    def test_the_environment_neither_names_a_proxy_nor_takes_one_away(self):
        other = Listener(says(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"))
        self.addCleanup(other.stop)
        env = {**os.environ, **{name: other.root for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}}
        self.world()
        for said, peer in (("", GRAPH), (self.tinyproxy()[1], BEHIND)):
            with self.subTest(peer):
                before = len(self.sim.requests())
                self.configure_proxy(said)
                no_proxy = {"no_proxy": "*", "NO_PROXY": f"*,{HOST},{LOGIN}"} if said else {}
                done = self.run_daemon("--once", env={**env, **no_proxy})
                self.assertIn('contoso', self.config.read_text())
                self.assertEqual({r["peer"] for r in self.sim.requests()[before:]}, {peer}, done.stderr)
        self.assertEqual(other.connections, 0)

    def test_a_machine_s_identity_is_asked_directly(self):
        network.here("169.254.169.254")
        self.world(WELL, identity={}, names=(HOST, LOGIN, "169.254.169.254"), address="0.0.0.0")
        self.configure_proxy(self.tinyproxy()[1], tenant_extra='auth = "managed_identity";')
        text = self.config.read_text()
        self.config.write_text(re.sub(r'(client_id|client_secret_file|login_url) = "[^"]*";', "", text))
        self.once(expect=0)
        (identity,) = [r for r in self.sim.requests() if r["endpoint"] == "identity"]
        self.assertEqual((identity["listener"], identity["status"], identity["host"]), ("http", 200, "169.254.169.254"))
        self.assertNotEqual(identity["peer"], BEHIND)
        self.assert_through([r for r in self.sim.requests() if r["endpoint"] != "identity"])


class Secured(Proxied):
    """A proxy that is itself reached over TLS: nghttpx in front of tinyproxy."""

    def nghttpx(self, backend, key, pem):
        for _ in range(5):
            with socket.create_server((PROXY, 0)) as s:
                port = s.getsockname()[1]
            process = subprocess.Popen(["nghttpx", "--conf=/dev/null", "--no-ocsp", "--http2-proxy", f"--frontend={PROXY},{port}",
                                        f"--backend={PROXY},{backend.rsplit(':', 1)[1]}", "--workers=1", str(key), str(pem)],
                                       stderr=subprocess.DEVNULL)
            self.addCleanup(process.wait, 10)
            self.addCleanup(process.terminate)
            while process.poll() is None:
                with socket.socket() as s:
                    if s.connect_ex((PROXY, port)) == 0:
                        return f"https://proxy.corp.example:{port}"
                try:
                    process.wait(0.02)
                except subprocess.TimeoutExpired:
                    pass
        return self.fail("nghttpx does not start")

    def test_its_certificate_is_checked_like_any_other(self):
        key, pem = self.directory / "proxy.key", self.directory / "proxy.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", key, "-out", pem, "-subj", "/CN=proxy", "-addext", "subjectAltName=DNS:proxy.corp.example"],
                       check=True, capture_output=True)
        self.world(WELL)
        root = self.nghttpx(self.tinyproxy()[1], key, pem)
        bundle = self.directory / "bundle.pem"
        authority = pathlib.Path(self.sim.ready["ca_file"]).read_text()
        for name, said, ca, words in (
                ("known", root, authority + pem.read_text(), None),
                ("not known", root, authority, f"the proxy {root}: its certificate is from an unknown issuer"),
                # libcurl 7.88 has no better word for a refusal within a tunnel within TLS.
                ("by another name", root.replace("proxy.corp.example", PROXY), authority + pem.read_text(),
                 f"the proxy https://{PROXY}:{root.rsplit(':', 1)[1]}: its certificate is for another name"),
                ("known, but not the origin", root, pem.read_text(),
                 f"https://{LOGIN} (through the proxy {root}): the TLS handshake failed")):
            with self.subTest(name):
                before = len(self.sim.requests())
                bundle.write_text(ca)
                self.configure_proxy(said, timeout="4s" if words else "20s")
                text = self.config.read_text()
                self.config.write_text(re.sub('ca_file = "[^"]*"', f'ca_file = "{bundle}"', text, count=1))
                tenant = self.once()["tenants"][0]
                if words:
                    self.assertIn(words, tenant["error"])
                    self.assertEqual(len(self.sim.requests()), before)
                else:
                    self.assertTrue(tenant["complete"], tenant)
                    self.assertEqual({r["peer"] for r in self.sim.requests()}, {BEHIND})


LOGIN_PAGE = b"<!DOCTYPE html><html><title>Welcome to our portal, please sign in</title></html>"


class Broken(Proxied):
    """What is behind the proxy has fired an alert. It stands, and the failure says whose fault it is."""

    def setUp(self):
        super().setUp()
        self.near = self.hook()
        self.world()

    def fired(self, proxy):
        self.configure_proxy(proxy, [self.near])
        self.once(expect=0)
        self.assertEqual(self.told(self.near), [("alert.firing", "remaining")])
        self.sim.change(scenario(WELL))  # which nobody can know yet

    def refused(self, cases, timeout="10s", password=True):
        """{name: (proxy, words...)}, all at the same time: each has a configuration and a copy of the state of its own."""
        before, places = len(self.sim.requests()), {}
        for name, (proxy, *_) in cases.items():
            self.configure_proxy(proxy, [self.near], timeout=timeout, password=password)
            place = self.directory / f"case-{len(list(self.directory.glob('case-*')))}"
            shutil.copytree(self.directory / "state", place / "state")
            self.config.rename(place / "conf")
            places[name] = place
        runs = {name: subprocess.Popen([BUILD / "daemon/seatwatchd", "-c", place / "conf", "--state-dir", place / "state",
                                        "--once", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for name, place in places.items()}
        for name, run in runs.items():
            out, err = run.communicate(timeout=120)
            self.shown += [("standard output", out.encode()), ("standard error", err.encode())]
            with self.subTest(name):
                self.assertEqual(run.returncode, 1, err)
                tenant = json.loads(out)["tenants"][0]
                self.assertEqual((tenant["complete"], tenant["consumed_units"]), (False, None))
                for word in cases[name]:
                    self.assertIn(word, tenant["error"])
                self.assertNotIn("portal", tenant["error"])
        self.assertEqual(len(self.sim.requests()), before)
        self.assertNotIn("alert.resolved", [kind for kind, _ in self.told(self.near)])

    def test_wrong_credentials_are_said_at_once_and_not_shown(self):
        self.fired(self.tinyproxy()[1])
        _, strict = self.tinyproxy("another")
        self.refused({"wrong": (strict, "requires different credentials (HTTP 4", "check network.proxy_password_file")})
        alarm = self.near.messages()[-1]["data"]
        self.assertEqual((alarm["rule"], alarm["detail"]["cause"]), ("poll", "config"))
        self.assertIn(f"the proxy {strict} requires", alarm["next_step"])
        self.refused({"none": (strict, "requires credentials (HTTP 407)", "network.proxy_password_file")}, password=False)

    def test_a_proxy_that_is_not_there_is_named(self):
        self.fired(self.tinyproxy()[1])
        gone = Listener()
        gone.stop()
        network.silent("203.0.113.1")
        self.refused({
            "nobody listens": (gone.root, "no connection: Connection refused"),
            "no such name": ("http://nowhere.corp.example:3128", "cannot be used: Could not resolve proxy"),
            "no answer at all": ("http://203.0.113.1:3128", "no connection within 10 s")}, timeout="14s")

    def test_what_is_no_way_through_is_no_answer_of_graph(self):
        self.fired(self.tinyproxy()[1])
        page = b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(LOGIN_PAGE), LOGIN_PAGE)
        cases = {
            "garbage": (b"\0\1\2 SSH-2.0-OpenSSH\r\n\r\n", f"https://{LOGIN} (through the proxy "),
            "nothing": (b"", f"https://{LOGIN} (through the proxy "),
            "half a head": (b"HTTP/1.1 200 Conn", f"https://{LOGIN} (through the proxy "),
            "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100000, f"https://{LOGIN} (through the proxy "),
            "a redirect": (b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n" + page, "HTTP 302"),
            "the page of a portal": (b"HTTP/1.1 200 OK\r\n" + page, "the TLS handshake failed"),
            "forbidden": (b"HTTP/1.1 403 Forbidden\r\n" + page, f"refused the connection to https://{LOGIN}: HTTP 403"),
            "out of order": (b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n" + page, "HTTP 503")}
        proxies = {name: Listener(says(answer)) for name, (answer, _) in cases.items()}
        for proxy in proxies.values():
            self.addCleanup(proxy.stop)
        self.refused({name: (proxies[name].root, words) for name, (_, words) in cases.items()})
        self.assertEqual([name for name, proxy in proxies.items() if proxy.connections == 0], [])

    def test_one_that_dies_within_a_poll_spoils_that_poll(self):
        self.fired(self.tinyproxy()[1])
        self.sim.change(scenario(state(*[pool(f"pool-{i}", 100, 10) for i in range(100)])) | {"gzip": False})
        tunnels = []

        def relay(client):
            """The sign-in goes through; within a long answer of Graph the process is gone, and nobody listens any more."""
            head = head_of(client)
            tunnels.append(head)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection((GRAPH, 443), source_address=(BEHIND, 0)) as origin:
                if HOST.encode() in head:
                    proxy.socket.shutdown(socket.SHUT_RDWR)
                threading.Thread(target=pump, args=(client, origin), daemon=True).start()
                pump(origin, client, 20000 if HOST.encode() in head else None)
        proxy = Listener(relay)
        self.addCleanup(proxy.stop)
        self.configure_proxy(proxy.root, [self.near], timeout="10s")
        tenant = self.once(expect=1)["tenants"][0]
        self.assertFalse(tenant["complete"])
        self.assertIsNone(tenant["consumed_units"])
        self.assertIn(proxy.root, tenant["error"])
        self.assertIn(LOGIN.encode(), tunnels[0])
        self.assertNotIn("alert.resolved", [kind for kind, _ in self.told(self.near)])

    def test_an_outage_of_the_proxy_ends_by_itself(self):
        process, root = self.tinyproxy()
        self.configure_proxy(root, [self.near])
        self.start()
        self.wait_message(self.near, "alert.firing", rule="remaining")
        process.terminate()
        process.wait(10)
        self.sim.change(scenario(WELL))
        failed = self.stderr().count("poll incomplete")
        self.wait("a poll that fails", lambda: self.stderr().count("poll incomplete") > failed)
        self.assertIn(f"the proxy {root}: no connection: Connection refused", self.stderr())
        self.assertEqual(self.told(self.near), [("alert.firing", "remaining")])
        self.tinyproxy(port=int(root.rsplit(":", 1)[1]))
        self.wait_message(self.near, "alert.resolved", rule="remaining")
        self.assertEqual(self.stop(), 0)


if __name__ == "__main__":
    unittest.main()
