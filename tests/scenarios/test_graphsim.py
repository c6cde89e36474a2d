# SPDX-License-Identifier: MIT
"""The Graph simulator is as strict as it claims to be: whole-daemon tests prove nothing against one
that nods everything through."""
import base64
import gzip
import json
import pathlib
import signal
import time
import unittest
import urllib.parse

from simulated import (ADMIN, ALLOTMENTS, CLIENT, E3, E5, ERRORS, OTHER, SCOPE, SECRET, TENANT, Simulated, pool, rule,
                       tenant)


JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class SignIn(Simulated):
    def test_the_right_secret_gives_a_token_that_opens_graph(self):
        sim = self.sim(tenant(pool("a"), domains=["contoso.example"], token_life_s=1234))
        for where in (TENANT, TENANT.upper(), "contoso.example"):
            answer = self.sign_in(sim, where)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(answer.json["token_type"], "Bearer")
            self.assertEqual((answer.json["expires_in"], answer.json["ext_expires_in"]), (1234, 1234))
            self.assertEqual(self.get(sim, ALLOTMENTS, answer.json["access_token"]).status, 200)

    def test_every_wrong_field_is_refused_as_entra_refuses_it(self):
        sim = self.sim(tenant(pool("a")))
        cases = [
            ("another secret", {"client_secret": "x"}, TENANT, 401, "invalid_client", 7000215),
            ("no secret", {"client_secret": None}, TENANT, 401, "invalid_client", 7000218),
            ("an assertion of no type", {"client_secret": None, "client_assertion": "a.b.c"}, TENANT, 401, "invalid_client", 7000218),
            ("an assertion that is none", {"client_secret": None, "client_assertion": "a.b.c", "client_assertion_type": JWT},
             TENANT, 401, "invalid_client", 50013),
            ("another application", {"client_id": OTHER}, TENANT, 400, "unauthorized_client", 700016),
            ("no application", {"client_id": None}, TENANT, 400, "invalid_request", 900144),
            ("no scope", {"scope": None}, TENANT, 400, "invalid_request", 900144),
            ("no grant type", {"grant_type": None}, TENANT, 400, "invalid_request", 900144),
            ("another grant type", {"grant_type": "password"}, TENANT, 400, "unsupported_grant_type", 70003),
            ("a scope without .default", {"scope": "https://graph.microsoft.com/User.Read"}, TENANT, 400, "invalid_scope", 1002012),
            ("another resource", {"scope": "https://graph.microsoft.us/.default"}, TENANT, 400, "invalid_resource", 500011),
            ("two scopes", {"scope": SCOPE + " " + SCOPE}, TENANT, 400, "invalid_scope", 70011),
            ("another tenant", {}, OTHER, 400, "invalid_request", 90002),
            ("common", {}, "common", 400, "invalid_request", 9001023),
        ]
        for why, fields, where, status, error, code in cases:
            with self.subTest(why):
                answer = self.sign_in(sim, where, headers={"client-request-id": "corr-1"}, **fields)
                body = answer.json
                self.assertEqual((answer.status, body["error"], body["error_codes"]), (status, error, [code]))
                self.assertTrue(body["error_description"].startswith(f"AADSTS{code}: "), body)
                self.assertEqual(body["correlation_id"], "corr-1")
                self.assertIn("trace_id", body)
                self.assertIn("timestamp", body)

    def test_method_content_type_and_doubled_fields_count(self):
        sim = self.sim(tenant(pool("a")))
        form = urllib.parse.urlencode({"client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE, "grant_type": "client_credentials"})
        path, kind = f"/{TENANT}/oauth2/v2.0/token", {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(self.call(sim, "GET", path).status, 405)
        self.assertEqual(self.call(sim, "POST", path, form, {"Content-Type": "application/json"}).json["error_codes"], [900144])
        self.assertEqual(self.call(sim, "POST", path, form + "&scope=x", kind).json["error_codes"], [9000411])
        self.assertEqual(self.call(sim, "POST", path, form, kind).status, 200)

    def test_http_basic_is_accepted_too(self):
        sim = self.sim(tenant(pool("a")))
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        answer = self.sign_in(sim, client_id=None, client_secret=None, headers={"Authorization": basic})
        self.assertEqual(answer.status, 200, answer.body)

    def test_the_ledger_knows_whether_the_secret_was_right_and_never_the_secret(self):
        sim = self.sim(tenant(pool("a")))
        self.sign_in(sim)
        self.sign_in(sim, client_secret="wrong one")
        self.sign_in(sim, client_secret=None)
        lines = self.ledger(sim)
        self.assertEqual([line["token"]["secret"] for line in lines], ["right", "wrong", "missing"])
        self.assertEqual(lines[0]["token"]["fields"], ["client_id", "client_secret", "scope", "grant_type"])
        text = pathlib.Path(sim.ready["ledger"]).read_text()
        for canary in (SECRET, json.dumps(SECRET), urllib.parse.quote_plus(SECRET), "wrong one"):
            self.assertNotIn(canary, text)

    def test_a_state_can_break_the_sign_in_by_its_number(self):
        for code, status, error in ((7000222, 401, "invalid_client"), (90033, 503, "temporarily_unavailable"), (65001, 400, "invalid_grant")):
            with self.subTest(code):
                sim = self.sim(tenant(pool("a"), sign_in=code))
                answer = self.sign_in(sim)
                self.assertEqual((answer.status, answer.json["error"], answer.json["error_codes"]), (status, error, [code]))


class Bearer(Simulated):
    def refused(self, sim, authorization, said):
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = self.call(sim, "GET", ALLOTMENTS, headers=headers)
        self.assertEqual((answer.status, answer.json["error"]["code"]), (401, "InvalidAuthenticationToken"))
        self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer "))
        self.assertEqual(self.ledger(sim)[-1]["auth"], said)

    def test_without_a_good_token_there_is_a_401(self):
        sim, stranger = self.sim(tenant(pool("a"))), self.sim(tenant(pool("a")))
        token = self.token(sim)
        swapped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
        self.refused(sim, None, "none")
        for authorization in ("Bearer", "Bearer x", "Basic " + token, "Bearer " + swapped, "Bearer " + token + "x",
                              "Bearer " + self.token(stranger)):
            self.refused(sim, authorization, "bad")
        self.assertEqual(self.get(sim, ALLOTMENTS, token).status, 200)

    def test_a_401_comes_before_any_other_refusal(self):
        sim = self.sim(tenant(pool("a")))
        for target in ("/nowhere", ALLOTMENTS + "?$count=true"):
            self.assertEqual(self.call(sim, "GET", target).status, 401)

    def test_a_token_expires(self):
        sim = self.sim(tenant(pool("a"), token_life_s=1))
        token = self.token(sim)
        deadline = time.monotonic() + 10
        while self.get(sim, ALLOTMENTS, token).status == 200 and time.monotonic() < deadline:
            pass
        self.refused(sim, "Bearer " + token, "expired")

    def test_tokens_are_taken_back_by_a_rule_and_by_a_state(self):
        sim = self.sim(tenant(pool("a"), states=[{}, {"when": {"signal": True}, "revoke_tokens": True}]),
                       faults=[rule({"revoke": True}, at=2)])
        token = self.token(sim)
        self.assertEqual(self.get(sim, ALLOTMENTS, token).status, 200)
        self.refused(sim, "Bearer " + token, "revoked")
        self.refused(sim, "Bearer " + token, "revoked")
        token = self.token(sim)
        self.assertEqual(self.get(sim, ALLOTMENTS, token).status, 200)
        sim.process.send_signal(signal.SIGUSR1)
        self.event(sim, "state")
        self.refused(sim, "Bearer " + token, "revoked")

    def test_a_token_opens_the_tenant_it_was_made_for(self):
        sim = self.sim(tenant(pool("a")), {**tenant(pool("b")), "id": OTHER})
        for where, identity in ((TENANT, "a"), (OTHER, "b")):
            answer = self.get(sim, ALLOTMENTS, self.token(sim, where=where))
            self.assertEqual([row["id"] for row in answer.json["value"]], [identity])


class Strictness(Simulated):
    def test_what_is_not_documented_is_refused(self):
        sim = self.sim(tenant(pool("a")))
        token = self.token(sim)
        waiting = ALLOTMENTS + "/a/waitingMembers"
        cases = [(400, ALLOTMENTS + "?" + q) for q in (
            "$count=true", "$orderby=id", "$skip=1", "$search=x", "$apply=x", "$format=json", "foo=bar", "=x", "$top=1&$top=1",
            "$top=1&top=1", "$top=%zz", "$top=%4", "$select=%00", "$select=", "$select=id,", "$select=id,,skuId", "$select=nope",
            "$select=Id", "$select=waitingMembers", "$top=0", "$top=1000", "$top=-1", "$top=1.5", "$top=", "$top=%2B1", "$top=ten",
            "$expand=", "$expand=nope", "$expand=waitingmembers", "$expand=assignments", "$expand=waitingMembers(", "$expand=waitingMembers()",
            "$expand=waitingMembers($select=)", "$expand=waitingMembers($select=nope)", "$expand=waitingMembers($top=3)",
            "$expand=waitingMembers($expand=assignedTo)", "$expand=waitingMembers($select=id))", "$expand=waitingMembers,waitingMembers",
            "$filter=", "$filter=id%20eq%20'a'", f"$filter=skuId%20eq%20'{E5}'", f"$filter=skuId%20ne%20{E5}", "$filter=skuId%20eq%20x",
            f"$filter=skuId%20in%20({E5})", "$skiptoken=", "$skiptoken=abc", "$skiptoken=AgAAAAAAAADbdcFfrOlyxaoHVINV")]
        cases += [(400, ALLOTMENTS + "/a?$top=1"), (400, waiting + "?$filter=x"), (400, waiting + "?$select=assignedTo"),
                  (400, waiting + "?$expand=nope"), (400, ERRORS + "?$expand=usageRight"), (400, ERRORS + "?$select=assignedTo"),
                  (400, "/v1.0/subscribedSkus?$top=1"), (400, "/v1.0/subscribedSkus?select=id"), (400, "/v1.0/subscribedSkus?$filter=x"),
                  (404, "/"), (404, "/beta"), (404, ADMIN), (404, ALLOTMENTS + "/"), (404, ALLOTMENTS + "/a/"), (404, ALLOTMENTS + "/nope"),
                  (404, ALLOTMENTS + "/nope/waitingMembers"), (404, ALLOTMENTS.lower()), (404, "/v1.0/admin/cloudLicensing/allotments"),
                  (404, ADMIN + "/assignments"), (404, "/beta//admin/cloudLicensing/allotments")]
        for status, target in cases:
            with self.subTest(target):
                answer = self.get(sim, target, token)
                self.assertEqual(answer.status, status, answer.body)
                self.assertTrue(answer.json["error"]["code"])
                self.assertTrue(self.ledger(sim)[-1]["refused"])

    def test_what_is_documented_is_served(self):
        sim = self.sim(tenant(pool("a", waiting={"count": 2}), errors=[{"count": 2}]))
        token = self.token(sim)
        waiting = ALLOTMENTS + "/a/waitingMembers"
        for target in (ALLOTMENTS, ALLOTMENTS + "?", ALLOTMENTS + "?$top=1", ALLOTMENTS + "?$top=999", ALLOTMENTS + "?top=1",
                       ALLOTMENTS + "?%24top=1", ALLOTMENTS + "?$select=id,%20skuId", ALLOTMENTS + "?$expand=waitingMembers",
                       ALLOTMENTS + "?$select=id&$expand=waitingMembers(%24select%3Did,waitingSinceDateTime)&$top=7",
                       ALLOTMENTS + f"?$filter=skuId%20eq%20{E5.upper()}", ALLOTMENTS + f"?$filter=skuId+eq+{E5}", ALLOTMENTS + "/a?$select=id",
                       ALLOTMENTS + "/a?$expand=waitingMembers", waiting + "?$select=id&$top=1", waiting + "?$expand=assignedTo($select=id)",
                       ERRORS + "?$select=id,code,occurrenceDateTime,skuId&$top=999", ERRORS + "?$expand=assignedTo($select=id,displayName)",
                       "/v1.0/subscribedSkus", "/beta/subscribedSkus?$select=skuId,prepaidUnits"):
            with self.subTest(target):
                answer = self.get(sim, target, token)
                self.assertEqual(answer.status, 200, answer.body)
                self.assertIn("value", answer.json)

    def test_only_get_and_only_json(self):
        sim = self.sim(tenant(pool("a")))
        bearer = {"Authorization": "Bearer " + self.token(sim)}
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = self.call(sim, method, ALLOTMENTS, "{}", bearer)
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET"))
        self.assertEqual(self.call(sim, "GET", ALLOTMENTS, headers={**bearer, "Accept": "text/html"}).status, 406)

    def test_an_error_carries_what_support_asks_for(self):
        sim = self.sim(tenant(pool("a")))
        answer = self.get(sim, ALLOTMENTS + "?$count=true", client_request_id="abc-1")
        inner = answer.json["error"]["innerError"]
        self.assertEqual((inner["client-request-id"], answer.headers["client-request-id"]), ("abc-1", "abc-1"))
        self.assertEqual(inner["request-id"], answer.headers["request-id"])
        self.assertRegex(inner["date"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
        self.assertIn("ServerInfo", answer.headers["x-ms-ags-diagnostic"])
        self.assertEqual(self.ledger(sim)[-1]["client_request_id"], "abc-1")

    def test_select_shows_what_was_selected_and_nothing_else(self):
        sim = self.sim(tenant(pool("a", 10, 3, waiting={"count": 1}), errors=[{"count": 1}, {"id": "e", "code": "X", "new": 1}]))
        token = self.token(sim)
        row = self.get(sim, ALLOTMENTS + "?$select=id,consumedUnits", token).json["value"][0]
        self.assertEqual(row, {"@odata.type": "#microsoft.graph.cloudLicensing.allotment", "id": "a", "consumedUnits": 3})
        row = self.get(sim, ALLOTMENTS + "?$select=id&$expand=waitingMembers($select=id)", token).json["value"][0]
        self.assertEqual(set(row["waitingMembers"][0]), {"@odata.type", "id"})
        rows = self.get(sim, ERRORS + "?$select=code", token).json["value"]
        self.assertEqual([set(r) for r in rows], [{"@odata.type", "code"}, {"@odata.type", "code", "new"}])
        sku = self.get(sim, "/v1.0/subscribedSkus?$select=skuId,consumedUnits", token).json["value"][0]
        self.assertEqual(sku, {"skuId": E5, "consumedUnits": 3})

    def test_a_tenant_can_lack_options_permissions_or_the_whole_api(self):
        sim = self.sim(tenant(pool("a"), refuse=["$expand", "$top"], deny=["assignmentErrors"]), {**tenant(absent=501), "id": OTHER})
        token = self.token(sim)
        self.assertEqual(self.get(sim, ALLOTMENTS + "?$expand=waitingMembers", token).status, 400)
        self.assertEqual(self.get(sim, ALLOTMENTS + "?$top=3", token).status, 400)
        self.assertEqual(self.get(sim, ALLOTMENTS + "?$select=id", token).status, 200)
        denied = self.get(sim, ERRORS, token)
        self.assertEqual((denied.status, denied.json["error"]["code"]), (403, "Authorization_RequestDenied"))
        token = self.token(sim, where=OTHER)
        self.assertEqual([self.get(sim, t, token).status for t in (ALLOTMENTS, ERRORS, "/v1.0/subscribedSkus")], [501, 501, 200])


class Paging(Simulated):
    def test_a_walk_gives_every_row_once_in_every_list(self):
        pools = [pool(f"p {n}/%+", waiting={"count": 7 * n}) for n in range(7)]
        sim = self.sim(tenant(*pools, errors=[{"count": 11}, {"id": "one", "code": "X"}, {"count": 5, "code": "Y"}], page_size=3))
        token = self.token(sim)
        for listener in ("http", "https"):
            pages = self.walk(sim, ALLOTMENTS + "?$select=id", token, listener)
            self.assertEqual([len(p) for p in pages], [3, 3, 1])
            self.assertEqual([row["id"] for p in pages for row in p], [p["id"] for p in pools])
            pages = self.walk(sim, ERRORS, token, listener)
            self.assertEqual(len({row["id"] for p in pages for row in p}), 17)
            path = ALLOTMENTS + "/" + urllib.parse.quote("p 3/%+", safe="") + "/waitingMembers"
            pages = self.walk(sim, path, token, listener)
            self.assertEqual(len({row["id"] for p in pages for row in p}), 21)

    def test_top_is_the_page_size_within_the_service_s_own(self):
        sim = self.sim(tenant(*[pool(str(n)) for n in range(10)], page_size=2, page_max=6))
        token = self.token(sim)
        for query, sizes in (("", [2] * 5), ("?$top=3", [3, 3, 3, 1]), ("?$top=999", [6, 4]), ("?$top=10", [6, 4])):
            self.assertEqual([len(p) for p in self.walk(sim, ALLOTMENTS + query, token)], sizes, query)

    def test_a_page_size_alone_is_a_ceiling(self):
        sim = self.sim(tenant(*[pool(str(n)) for n in range(5)], page_size=2))
        self.assertEqual(len(self.get(sim, ALLOTMENTS + "?$top=100").json["value"]), 2)

    def test_a_filtered_list_pages_over_what_it_shows(self):
        pools = [pool(str(n), skuId=E3 if n % 2 else E5) for n in range(9)]
        sim = self.sim(tenant(*pools, errors=[{"count": 4, "skuId": E3}, {"count": 4, "skuId": E5}, {"id": "x", "skuId": E3}], page_size=2))
        token = self.token(sim)
        pages = self.walk(sim, ALLOTMENTS + f"?$filter=skuId%20eq%20{E3}", token)
        self.assertEqual([[r["id"] for r in p] for p in pages], [["1", "3"], ["5", "7"]])
        self.assertEqual([len(p) for p in self.walk(sim, ERRORS + f"?$filter=skuId%20eq%20{E3.upper()}", token)], [2, 2, 1])

    def test_a_continuation_is_good_only_byte_for_byte(self):
        sim = self.sim(tenant(*[pool(str(n)) for n in range(9)], page_size=2), {**tenant(*[pool(str(n)) for n in range(9)]), "id": OTHER})
        token = self.token(sim)
        link = self.get(sim, ALLOTMENTS + "?$select=id,skuId&$top=2", token).json["@odata.nextLink"]
        self.assertEqual(self.get(sim, link, token).status, 200)
        mark = link.index("$skiptoken=") + 11
        skip = link[mark:]
        for bad in (link.replace("$select=id,skuId&", ""), link.replace("$top=2", "$top=3"), link.replace("id,skuId", "id%2CskuId"),
                    link.replace("$skiptoken", "%24skiptoken"), link + "&$select=id", link[:-1], link[:mark] + "%" + f"{ord(skip[0]):02X}" + skip[1:],
                    link[:mark] + skip.swapcase(), ALLOTMENTS + "?$skiptoken=" + skip, ERRORS + "?$skiptoken=" + skip,
                    "/beta/admin/cloudLicensing/allotments?$top=2&$select=id,skuId&$skiptoken=" + skip):
            with self.subTest(bad):
                self.assertEqual(self.get(sim, bad, token).status, 400)
        self.assertEqual(self.get(sim, link, self.token(sim, where=OTHER)).status, 400)
        self.assertEqual(self.get(sim, link, token).status, 200)

    def test_links_stay_on_the_origin_the_client_used(self):
        sim = self.sim(tenant(*[pool(str(n)) for n in range(3)], page_size=2))
        token = self.token(sim)
        for listener in ("http", "https"):
            link = self.get(sim, ALLOTMENTS, token, listener).json["@odata.nextLink"]
            self.assertTrue(link.startswith(sim.ready[listener] + ALLOTMENTS + "?$skiptoken="), link)
        port = sim.ready["http"].rsplit(":", 1)[1]
        link = self.get(sim, ALLOTMENTS, token, Host=f"localhost:{port}").json["@odata.nextLink"]
        self.assertTrue(link.startswith(f"http://localhost:{port}/"), link)

    def test_links_begin_with_the_address_of_a_proxy_in_front(self):
        sim = self.sim(tenant(*[pool(str(n)) for n in range(3)], page_size=2), options=("--http", "--origin", "https://proxy.example:8443"))
        token = self.token(sim)
        link = self.get(sim, ALLOTMENTS, token).json["@odata.nextLink"]
        self.assertTrue(link.startswith("https://proxy.example:8443" + ALLOTMENTS + "?$skiptoken="), link)
        self.assertEqual(self.get(sim, link[len("https://proxy.example:8443"):], token).status, 200)

    def test_a_long_waiting_room_continues_in_a_list_of_its_own(self):
        sim = self.sim(tenant(pool("a b", waiting={"count": 12, "since": "2026-11-20T00:00:00Z", "every_s": 3600}), inline_limit=5, page_size=4))
        token = self.token(sim)
        row = self.get(sim, ALLOTMENTS + "?$expand=waitingMembers($select=id)", token).json["value"][0]
        first = [m["id"] for m in row["waitingMembers"]]
        rest = [m for p in self.walk(sim, row["waitingMembers@odata.nextLink"], token) for m in p]
        whole = [m for p in self.walk(sim, ALLOTMENTS + "/a%20b/waitingMembers", token) for m in p]
        self.assertEqual(first + [m["id"] for m in rest], [m["id"] for m in whole])
        self.assertEqual({tuple(m) for m in rest}, {("@odata.type", "id")})
        self.assertEqual([m["waitingSinceDateTime"][:19] for m in whole][:2], ["2026-11-20T00:00:00", "2026-11-20T01:00:00"])

    def test_an_expanded_list_can_be_cut_silently_or_missing(self):
        for mode, n in (("truncate", 5), ("omit", None), ("link", 5)):
            with self.subTest(mode):
                sim = self.sim(tenant(pool("a", waiting={"count": 12}), inline_limit=5, inline=mode))
                row = self.get(sim, ALLOTMENTS + "?$expand=waitingMembers").json["value"][0]
                self.assertEqual(len(row["waitingMembers"]) if n else row.get("waitingMembers"), n)
                self.assertEqual("waitingMembers@odata.nextLink" in row, mode == "link")

    def test_gzip_is_for_those_who_can_read_it(self):
        sim = self.sim(tenant(*[pool(str(n)) for n in range(50)]))
        token = self.token(sim)
        plain = self.get(sim, ALLOTMENTS, token)
        packed = self.get(sim, ALLOTMENTS, token, Accept_Encoding="gzip, deflate")
        self.assertEqual((plain.headers["Content-Encoding"], packed.headers["Content-Encoding"]), (None, "gzip"))
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        lines = self.ledger(sim)[-2:]
        self.assertEqual([(x["bytes"], x["bytes_sent"], x["encoding"]) for x in lines],
                         [(len(plain.body), len(plain.body), None), (len(plain.body), len(packed.body), "gzip")])

if __name__ == "__main__":
    unittest.main()
