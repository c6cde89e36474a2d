# SPDX-License-Identifier: MIT
"""What Entra says against a sign-in becomes what a person can do about it, in the alert and in --check-access."""
import re
import unittest
import urllib.parse

from harness import CLIENT, CLIENT_SECRET, TENANT, Graph, Scenario, pool, state

BUSY, SCOPE, CLOUD, ADMIN = ("sign-in service is busy", "the requested scope is wrong: check cloud and resource",
                             "belongs to another national cloud: set cloud", "an administrator has disabled the application or a policy blocks it")
TRUST, CERTIFICATE, CONSENT = ("check its issuer, subject and audience", "check certificate and key file, and that the certificate is uploaded",
                               "grant admin consent to the application's permissions")
HINTS = {
    7000215: "its value is needed, not its id", 7000222: "create a new client secret", 7000218: "check the tenant's auth key",
    700016: "check client_id and tenant_id, and that consent was given", 7000229: CONSENT, 700027: CERTIFICATE,
    700024: "outside its time: check this machine's clock, and that the token file is renewed", 70021: TRUST, 700213: TRUST, 50012: CERTIFICATE,
    50013: CERTIFICATE, 500133: "has expired: check this machine's clock", 90002: "check tenant_id and cloud", 90038: CLOUD, 900382: CLOUD,
    900432: CLOUD, 500011: "check cloud and resource", 70011: SCOPE, 700022: SCOPE, 700023: SCOPE, 28002: SCOPE, 70001: ADMIN, 53003: ADMIN,
    530032: ADMIN, 530035: ADMIN, 65001: CONSENT, 90094: CONSENT}
PASSING = {50000: BUSY, 90006: BUSY, 90012: BUSY, 90024: BUSY, 90033: BUSY, 90090: BUSY, 90055: "asks to slow down"}
BY_CONSENT = {65001, 90094, 700016, 7000229}


class Refused(Scenario):
    def tenants(self, codes, well=False, well_first=False):
        """A tenant for each number, refused with it; and more that are well, or it would be one outage of all."""
        numbers = [*codes, *range(1, len(codes) + 2 if well else 1)]
        numbers = numbers[::-1] if well_first else numbers
        rows = [{"id": f"{TENANT[:-12]}{n:012}", "client_id": CLIENT, "client_secret": CLIENT_SECRET,
                 "sign_in": n if n in codes else 0} for n in numbers]
        graph = Graph(self.directory / "graph", {"tenants": rows})
        self.peers.append(graph)
        self.receiver = self.hook()
        self.configure(graph, [self.receiver])
        text = self.config.read_text()
        (one,) = re.findall(r'tenants = \( (\{.*?\}; ? *\}) \);', text, re.S)
        many = [one.replace('"contoso"', f'"t{n}"').replace(TENANT, row["id"]) for n, row in zip(numbers, rows)]
        self.config.write_text(text.replace(one, ", ".join(many)))
        return graph

    def test_every_number_has_its_hint_in_the_alert(self):
        self.tenants(HINTS, well=True)
        self.assertEqual(self.run_daemon("--once").returncode, 1)
        told = {m["data"]["tenant"]["name"]: m["data"] for m in self.receiver.messages() if m["data"]["rule"] == "poll"}
        for code, hint in HINTS.items():
            with self.subTest(code):
                said = told[f"t{code}"]
                self.assertIn(f"(AADSTS{code})", said["next_step"])
                self.assertIn(hint, said["next_step"])

    def test_once_alerts_whatever_the_order_of_the_polls(self):
        """Tenants that were polled before the first refusal are not polled again: nothing later decides about an outage."""
        codes = list(HINTS)[:9]
        self.tenants(codes, well=True, well_first=True)
        self.config.write_text(self.config.read_text().replace("poll: {", "poll: { concurrency = 1;"))
        self.assertEqual(self.run_daemon("--once").returncode, 1)
        told = [m["data"]["tenant"]["name"] for m in self.receiver.messages() if m["data"]["rule"] == "poll"]
        self.assertEqual(sorted(told), sorted(f"t{code}" for code in codes))

    def test_a_number_that_is_in_no_table_is_quoted_and_blames_nothing(self):
        graph = self.graph(state(pool()), faults=[{"match": {"path": "token"}, "times": 1000, "do": {"status": 400, "body": {
            "error": "invalid_grant", "error_codes": [50999], "error_description": "AADSTS50999: The moon is in the wrong house.\r\nTrace ID: 1"}}}])
        hook = self.hook()
        self.configure(graph, [hook])
        self.assertEqual(self.run_daemon("--once").returncode, 1)
        (said,) = [m["data"] for m in hook.messages() if m["data"]["rule"] == "poll"]
        self.assertIn("(AADSTS50999); Entra says: AADSTS50999: The moon is in the wrong house.", said["next_step"])
        for blamed in ("secret", "certificate", "client_id", "tenant_id", "consent"):
            self.assertNotIn(blamed, said["next_step"])

    def test_every_number_has_its_hint_in_a_check_of_the_access(self):
        graph = self.tenants({**HINTS, **PASSING})
        done = self.run_daemon("--check-access")
        self.assertEqual(done.returncode, 1)
        parts = {int(m[1]): m[2] for m in re.finditer(r"tenant t(\d+) .*\n((?:  .*\n)*)", done.stdout)}
        self.assertEqual(sorted(parts), sorted({**HINTS, **PASSING}))
        for code, hint in {**HINTS, **PASSING}.items():
            with self.subTest(code):
                self.assertIn(f"AADSTS{code}", parts[code])
                self.assertIn(hint, parts[code])
                consent = f"{graph.ready['http']}/{TENANT[:-12]}{code:012}/adminconsent?client_id={CLIENT}\n"
                self.assertEqual(consent in parts[code], code in BY_CONSENT)


class Consent(Scenario):
    def test_a_missing_permission_names_the_address_once(self):
        graph = self.graph(state(pool()), deny=["allotments", "assignmentErrors", "subscribedSkus"])
        self.configure(graph)
        done = self.run_daemon("--check-access")
        self.assertEqual(done.returncode, 1)
        address = f"{graph.ready['http']}/{TENANT}/adminconsent?client_id={urllib.parse.quote(CLIENT)}"
        self.assertEqual(done.stdout.count(address), 1, done.stdout)

    def test_where_nothing_is_missing_no_address_is_named(self):
        self.configure(self.graph(state(pool())))
        done = self.run_daemon("--check-access")
        self.assertEqual((done.returncode, "adminconsent" in done.stdout), (0, False), done.stdout)


if __name__ == "__main__":
    unittest.main()
