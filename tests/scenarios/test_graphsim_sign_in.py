# SPDX-License-Identifier: MIT
"""The simulator believes no assertion that Entra would not, and plays the services of a machine."""
import pathlib
import tempfile
import unittest
import urllib.parse

from signing import Pair, claims
from simulated import CLIENT, OTHER, TENANT, Simulated, pool, rule, tenant

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MACHINE = "/metadata/identity/oauth2/token"
VERSION = "?api-version=2018-02-01&resource=https%3A%2F%2Fgraph.microsoft.com"


class Assertion(Simulated):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keys.cleanup)
        directory = pathlib.Path(cls.keys.name)
        cls.ours, cls.foreign = Pair(directory, "ours"), Pair(directory, "foreign")
        cls.old = Pair(directory, "old", days=-1)

    def offer(self, sim, assertion, kind=TYPE, **more):
        fields = {"client_secret": None, "client_assertion": assertion, "client_assertion_type": kind, **more}
        answer = self.sign_in(sim, **fields)
        return (answer.json.get("error_codes") or [0])[0] if answer.status != 200 else 0

    def good(self, sim, pair=None, pss=True, header=None, salt=32, **changed):
        pair = pair or self.ours
        head = ({"alg": "PS256", "typ": "JWT", "x5t#S256": pair.thumbprint("sha256")} if pss else
                {"alg": "RS256", "typ": "JWT", "x5t": pair.thumbprint("sha1")})
        said = claims(f"{sim.ready['http']}/{TENANT}/oauth2/v2.0/token", CLIENT)
        return pair.sign({**head, **(header or {})}, {**said, **changed}, pss, salt)

    def test_what_is_right_gives_a_token_once(self):
        sim = self.sim(tenant(pool("a"), certificates=[self.foreign.pem, str(self.ours.certificate)]))
        for pss in (True, False):
            one = self.good(sim, pss=pss)
            self.assertEqual([self.offer(sim, one), self.offer(sim, one)], [0, 50013])
        said = [r["assertion"]["alg"] for r in self.ledger(sim)]
        self.assertEqual(said, ["PS256", "PS256", "RS256", "RS256"])

    def test_what_is_wrong_is_refused_by_number(self):
        sim = self.sim(tenant(pool("a"), certificates=[self.ours.pem, self.old.pem]))
        whole = self.good(sim)
        head, body, signature = whole.split(".")
        now = claims("", "")["iat"]
        for name, assertion, code in [
                ("a certificate that is not registered", self.good(sim, self.foreign), 700027),
                ("an expired one", self.good(sim, self.old), 700027),
                ("another one's key", self.foreign.sign({"alg": "PS256", "typ": "JWT", "x5t#S256": self.ours.thumbprint("sha256")},
                                                        claims(f"{sim.ready['http']}/{TENANT}/oauth2/v2.0/token", CLIENT), True), 700027),
                ("PSS where RS256 is said", self.good(sim, header={"alg": "RS256"}), 700027),
                ("a longer salt", self.good(sim, salt=64), 700027),
                ("other claims", f"{head}.{self.good(sim).split('.')[1]}.{signature}", 700027),
                ("no signature", f"{head}.{body}.", 700027),
                ("alg none", self.good(sim, header={"alg": "none"}), 50013),
                ("PS256 with x5t", self.good(sim, header={"x5t#S256": None, "x5t": self.ours.thumbprint("sha1")}), 700027),
                ("not of this endpoint", self.good(sim, aud=f"{sim.ready['http']}/{OTHER}/oauth2/v2.0/token"), 50013),
                ("of another subject", self.good(sim, sub=OTHER), 50013),
                ("no jti", self.good(sim, jti=""), 50013),
                ("over", self.good(sim, exp=now - 400, nbf=now - 900), 700024),
                ("not yet", self.good(sim, nbf=now + 400, exp=now + 900), 700024),
                ("without an end", self.good(sim, exp=None), 700024),
                ("for two days", self.good(sim, exp=now + 2 * 86400), 700024),
                ("not base64url", whole.replace(".", "=.", 1), 50013),
                ("two parts", f"{head}.{body}", 50013)]:
            with self.subTest(name):
                self.assertEqual(self.offer(sim, assertion), code)
        self.assertEqual(self.offer(sim, whole, kind="jwt"), 7000218)
        self.assertEqual(self.offer(sim, whole, client_secret="both"), 9000411)
        self.assertEqual(self.offer(sim, whole, claims="{"), 9002313)
        self.assertEqual(self.offer(sim, whole, claims='{"access_token":{}}'), 0)

    def test_a_federated_token_needs_issuer_subject_audience_and_signature(self):
        trust = {"issuer": "https://k8s.example", "subject": "system:serviceaccount:a:b", "audience": "api://AzureADTokenExchange",
                 "certificate": self.foreign.pem}
        sim = self.sim(tenant(pool("a"), federated=[trust]))

        def token(pair=self.foreign, **changed):
            said = claims(trust["audience"], trust["issuer"], trust["subject"])
            return pair.sign({"alg": "RS256", "typ": "JWT", "kid": "1"}, {**said, **changed})
        one = token()
        for name, assertion, code in [("good", one, 0), ("good once more: the file is read again and again", one, 0),
                                      ("issuer", token(iss="https://k8s.example/"), 70021), ("subject", token(sub="x"), 700213),
                                      ("audience", token(aud="x"), 700213), ("signature", token(self.ours), 50013),
                                      ("over", token(exp=1000, nbf=900), 700024)]:
            with self.subTest(name):
                self.assertEqual(self.offer(sim, assertion), code)


class Machine(Simulated):
    def ask(self, sim, more="", target=MACHINE, headers=None, method="GET"):
        headers = {"Metadata": "true"} if headers is None else headers
        return self.call(sim, method, target + VERSION + more, headers=headers)

    def test_the_metadata_service_gives_a_token_that_opens_graph(self):
        sim = self.sim(tenant(pool("a"), identity={}, token_life_s=1234))
        answer = self.ask(sim)
        self.assertEqual({type(v) for v in answer.json.values()}, {str})
        self.assertEqual((answer.json["expires_in"], answer.json["token_type"]), ("1234", "Bearer"))
        self.assertEqual(self.get(sim, "/beta/admin/cloudLicensing/allotments", answer.json["access_token"]).status, 200)

    def test_it_is_as_strict_as_the_page_says(self):
        sim = self.sim(tenant(pool("a"), identity={"client_id": CLIENT, "object_id": "o", "resource_id": "/r"}))
        for name, more, headers, status in [("good", "", None, 200), ("no header", "", {}, 400),
                                            ("a capital", "", {"Metadata": "True"}, 400),
                                            ("by a proxy", "", {"Metadata": "true", "Via": "1.1 p"}, 403),
                                            ("two resources", "&resource=x", None, 400),
                                            ("by client", f"&client_id={CLIENT}", None, 200), ("by object", "&object_id=o", None, 200),
                                            ("by resource id", "&msi_res_id=%2Fr", None, 200),
                                            ("two selectors", f"&client_id={CLIENT}&object_id=o", None, 400),
                                            ("a stranger", f"&client_id={OTHER}", None, 400)]:
            with self.subTest(name):
                self.assertEqual(self.ask(sim, more, headers=headers).status, status)
        self.assertEqual(self.ask(sim, method="POST").status, 405)
        self.assertEqual(self.call(sim, "GET", MACHINE + VERSION.replace("2018", "2019"), headers={"Metadata": "true"}).status, 400)
        scope = urllib.parse.quote("https://graph.microsoft.com/.default", safe="")
        self.assertEqual(self.call(sim, "GET", f"{MACHINE}?api-version=2018-02-01&resource={scope}",
                                   headers={"Metadata": "true"}).json["error"], "invalid_resource")
        self.assertEqual(self.ask(sim, target=sim.ready["http"] + MACHINE).status, 403)  # as one asks a proxy

    def test_a_rule_makes_it_fail_in_its_own_words(self):
        sim = self.sim(tenant(pool("a"), identity={}), faults=[rule({"status": 410}, "identity", at=[1])])
        self.assertEqual([self.ask(sim).status, self.ask(sim).status], [410, 200])

    def test_arc_wants_the_content_of_its_file_once(self):
        keys = self.directory / "keys"
        keys.mkdir()
        sim = self.sim(tenant(pool("a"), identity={"keys": str(keys), "keys_as": "/elsewhere"}))

        def ask(key=None):
            headers = {"Metadata": "true", **({"Authorization": "Basic " + key} if key else {})}
            return self.call(sim, "GET", MACHINE + VERSION.replace("2018-02-01", "2019-11-01"), headers=headers)
        first = ask()
        self.assertEqual(first.status, 401)
        name = first.headers["WWW-Authenticate"].removeprefix("Basic realm=/elsewhere/")
        key = (keys / name).read_text()
        self.assertEqual([ask("x").status, ask(key).status], [401, 401])  # the second 401 has made a new one
        (path,) = keys.iterdir()
        key = path.read_text()
        self.assertEqual([ask(key).status, ask(key).status], [200, 401])


if __name__ == "__main__":
    unittest.main()
