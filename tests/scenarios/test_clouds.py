# SPDX-License-Identifier: MIT
"""Microsoft's clouds by their real names and over real TLS, in a network that has no way out: who is asked
for what, and which certificates are believed. The simulators' ledgers are the truth."""
import os
import pathlib
import subprocess
import unittest

from harness import CLIENT, CLIENT_SECRET, TENANT, Graph, Scenario, pool, scenario, state
from network import Network, bind, run
from signing import Pair

# cloud: its Graph, its sign-in (the page "National cloud deployments"), where it is here.
CLOUDS = {
    "global": ("graph.microsoft.com", "login.microsoftonline.com", "192.0.2.1"),
    "usgov_l4": ("graph.microsoft.us", "login.microsoftonline.us", "192.0.2.2"),
    "usgov_l5": ("dod-graph.microsoft.us", "login.microsoftonline.us", "192.0.2.3"),
    "china": ("microsoftgraph.chinacloudapi.cn", "login.chinacloudapi.cn", "192.0.2.4"),
}
THREE = state(pool("a", 100, 10), pool("b", 100, 20), pool("c", 100, 30))


def setUpModule():
    global network
    network = Network()
    unittest.addModuleCleanup(network.end)


class Cloud(Scenario):
    def simulator(self, name, address, names, scope, **tenant):
        """Known by these names only, there and in its certificate."""
        network.here(address)
        world = scenario(THREE, page_size=1, **tenant)
        world["tenants"][0]["scope"] = scope
        graph = Graph(self.directory / name, world, "--address", address, "--names", ",".join(names))
        self.peers.append(graph)
        return graph

    def write(self, *tenants, ca=(), more=""):
        """Tenants of these settings; certificates of these simulators are believed."""
        secret = self.secret("tenant.secret", CLIENT_SECRET + "\n")
        bundle = self.directory / "bundle.pem"
        bundle.write_text("".join(pathlib.Path(g.ready["ca_file"]).read_text() for g in ca))
        rows = [f'\n{{ name = "t{i}"; tenant_id = "{TENANT[:-1]}{5 + i}"; client_id = "{CLIENT}"; '
                + ("" if "auth =" in row else f'client_secret_file = "{secret}"; ') + row + " }" for i, row in enumerate(tenants)]
        self.config = self.directory / "seatwatchd.conf"
        self.config.write_text(f'network: {{ ca_file = "{bundle if ca else ""}"; }};\ntenants = ({",".join(rows)} );\n{more}'
                               f'receivers = ( {{ name = "syslog"; type = "syslog"; socket = "{self.directory}/no-log"; }} );\n')

    def asked(self, graph, login, host, scope):
        """Every request was for the right name at the right place; nobody was asked for another one's sake."""
        lines = graph.requests()
        self.assertEqual(len([r for r in lines if r["endpoint"] == "allotments"]), 3, "each page is asked for")
        for r in lines:
            sign_in = r["endpoint"] == "token"
            self.assertEqual((r["host"], r["sni"], r["listener"]), (*[login if sign_in else host] * 2, "https"), r["path"])
            self.assertEqual(r["status"], 200)
            if sign_in:
                self.assertRegex(r["path"], f"^/{TENANT}/oauth2/v2.0/token$")
                self.assertEqual((r["method"], r["token"]["scope"]), ("POST", scope))
            else:
                self.assertRegex(r["path"], "^/beta/admin/cloudLicensing/(allotments|assignmentErrors)")
        self.assertEqual(len({r["tenant"] for r in lines}), 1)
        return lines


class Names(Cloud):
    def test_each_cloud_is_asked_at_its_own_hosts_for_its_own_scope(self):
        for cloud, (host, login, address) in CLOUDS.items():
            with self.subTest(cloud):
                network.names({host: address, login: address})
                graph = self.simulator(cloud, address, [host, login], f"https://{host}/.default")
                self.write(f'cloud = "{cloud}";', ca=[graph])
                self.once(expect=0)
                self.asked(graph, login, host, f"https://{host}/.default")

    def test_china_has_another_sign_in_and_the_certificate_speaks_to_it(self):
        host, login, address = "microsoftgraph.chinacloudapi.cn", "login.partner.microsoftonline.cn", "192.0.2.5"
        pair = Pair(self.directory / "secrets", "app")
        network.names({host: address, login: address})
        graph = self.simulator("graph", address, [host, login], f"https://{host}/.default", certificates=[pair.pem])
        self.write(f'cloud = "china"; login_url = "https://{login}"; auth = "certificate"; '
                   f'certificate_file = "{pair.certificate}"; private_key_file = "{pair.key}";', ca=[graph])
        self.once(expect=0)
        (said,) = [r["assertion"] for r in self.asked(graph, login, host, f"https://{host}/.default") if r["endpoint"] == "token"]
        self.assertEqual(said["aud"], f"https://{login}/{TENANT}/oauth2/v2.0/token")

    def test_hosts_of_one_s_own_get_tokens_for_the_graph_of_the_cloud(self):
        address, resource = "192.0.2.6", "https://licences.example"
        network.names({"graph.corp.example": address, "login.corp.example": address})
        for cloud, said, scope in (("usgov_l5", "", "https://dod-graph.microsoft.us/.default"),
                                   ("global", f'resource = "{resource}/";', f"{resource}/.default")):
            with self.subTest(cloud):
                graph = self.simulator(cloud, address, ["graph.corp.example", "login.corp.example"], scope)
                self.write(f'cloud = "{cloud}"; graph_url = "https://graph.corp.example/"; '
                           f'login_url = "https://login.corp.example"; {said}', ca=[graph])
                self.once(expect=0)
                self.asked(graph, "login.corp.example", "graph.corp.example", scope)
                graph.stop()

    def test_a_mix_of_clouds_is_refused_before_anybody_is_asked(self):
        host, login, address = CLOUDS["global"]
        network.names({name: address for name in (host, login, *CLOUDS["usgov_l4"][:2])})
        graph = self.simulator("graph", address, [host, login, *CLOUDS["usgov_l4"][:2]], f"https://{host}/.default")
        mixed = f'cloud = "usgov_l4"; login_url = "https://{login}";'
        self.write("\n" + mixed, ca=[graph])
        checked = self.run_daemon("--check-config")
        self.assertEqual(checked.returncode, 78)
        self.assertIn(f'{self.config}:4: tenants: Graph is https://{CLOUDS["usgov_l4"][0]}, but the sign-in is https://{login}, '
                      'of another cloud; write cloud = "usgov_l4"', checked.stderr)
        self.assertEqual(self.run_daemon("--once").returncode, 78, "there is no other tenant")
        self.assertEqual(graph.requests(), [])
        with self.subTest("another tenant is read"):
            self.write('cloud = "global";', "\n" + mixed, ca=[graph])
            right, wrong = self.once(expect=1)["tenants"]
            self.assertEqual((right["complete"], wrong["requests"]), (True, 0))
            self.assertIn("of another cloud", wrong["error"])
            self.asked(graph, login, host, f"https://{host}/.default")


class Certificates(Cloud):
    """Of the extra file and of the system; and the environment, which has no say."""
    HOST, LOGIN, ADDRESS = CLOUDS["global"]

    def setUp(self):
        super().setUp()
        network.names({self.HOST: self.ADDRESS, self.LOGIN: self.ADDRESS})
        self.sim = self.simulator("graph", self.ADDRESS, [self.HOST, self.LOGIN], f"https://{self.HOST}/.default")
        self.own = pathlib.Path(self.sim.ready["ca_file"])

    def system(self, *authorities):
        """Makes these the machine's only ones, in the two forms that it keeps them in."""
        store = self.directory / "store"
        store.mkdir()
        for i, pem in enumerate(authorities):
            (store / f"{i}.pem").write_text(pem)
        run("openssl", "rehash", store)
        (store / "ca-certificates.crt").write_text("".join(authorities))
        bind(store, "/etc/ssl/certs")
        self.addCleanup(run, "umount", os.path.realpath("/etc/ssl/certs"))

    def another(self):
        key, pem = self.directory / "another.key", self.directory / "another.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", key, "-out", pem, "-subj", "/CN=another authority"], check=True, capture_output=True)
        return pem

    def refused(self, words, **kw):
        done = self.run_daemon("--once", "--json", **kw)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(words, done.stdout)
        self.assertEqual(self.sim.requests(), [])

    def test_the_system_s_authorities_are_believed_where_no_file_is_named(self):
        self.write("")
        self.refused("is from an unknown issuer (see network.ca_file)")
        self.system(self.own.read_text())
        self.once(expect=0)

    def test_an_extra_file_comes_beside_the_system_s_authorities(self):
        self.write("", ca=[self.sim])
        (self.directory / "bundle.pem").write_text(self.another().read_text())
        self.refused("is from an unknown issuer (see network.ca_file)")
        self.system(self.own.read_text())
        self.once(expect=0)

    def test_the_environment_adds_no_authority(self):
        self.write("")
        self.refused("is from an unknown issuer", env={
            **os.environ, **{name: str(self.own) for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")},
            "SSL_CERT_DIR": str(self.own.parent)})

    def test_a_file_that_cannot_be_used_stops_the_start_by_its_name(self):
        self.write("", ca=[self.sim])
        bundle = self.directory / "bundle.pem"
        pem = bundle.read_text()
        broken = pem.replace("MII", "M!!", 1)
        for what, make in {"missing": bundle.unlink, "empty": lambda: bundle.write_text(""),
                           "no certificate": lambda: bundle.write_text("-----BEGIN PUBLIC KEY-----\n"),
                           "a directory": bundle.mkdir, "a broken one": lambda: bundle.write_text(broken),
                           "one good, one broken": lambda: bundle.write_text(pem + broken)}.items():
            with self.subTest(what):
                bundle.rmdir() if bundle.is_dir() else bundle.unlink(missing_ok=True)
                if what == "missing":
                    bundle.touch()
                make()
                for option in ("--check-config", "--once"):
                    done = self.run_daemon(option)
                    self.assertEqual(done.returncode, 78, (option, done.stdout, done.stderr))
                    self.assertIn(str(bundle), done.stderr)
        self.assertEqual(self.sim.requests(), [])


if __name__ == "__main__":
    unittest.main()
