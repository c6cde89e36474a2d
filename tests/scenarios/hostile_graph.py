# SPDX-License-Identifier: MIT
"""Graph, Entra, the metadata service and the Arc agent for hundreds of tenants in one event loop. Tenant I
gets the I-th case of each endpoint under attack, and good answers everywhere else. All of them share one
origin, as tenants of Graph do, so that an answer to one may meet a connection of another."""
import asyncio
import base64
import json
import re
import threading
import time
import urllib.parse

from harness import CLIENT, E3, E5, TENANT
from hostile import Good, answer

USERS, GROUPS = ("holds@contoso.com", "lacks@contoso.com"), ("aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002")
F1 = "66b55226-6b4f-492c-910c-a3b7a3c9d993"
MAIL = {"planId": "efb87545-963c-4e0d-99df-69c6916d9eb0", "planName": "EXCHANGE_S_ENTERPRISE", "assignableTo": "user"}
LARGE = 50000
TOKEN_MARK = "canary-token-w8Kd3"
KEY_DIRECTORY = "/var/opt/azcmagent/tokens"
KEY = "canary-arc-key-5tYq"


def moment(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * 86400))


def numbered(guid, i):
    return guid[:-12] + f"{i:012}" if i else guid


def backing(identity, state="active", days=300):
    return {"subscriptionId": identity, "startDate": "2026-01-01", "nextLifecycleDate": moment(days)[:10], "state": state, "tags": "none"}


def pool(identity, consumed, *subscriptions, sku=E5, part="SPE_E5", **more):
    return {"id": identity, "skuId": sku, "skuPartNumber": part, "allottedUnits": 100, "consumedUnits": consumed, "assignableTo": "user,group",
            "subscriptions": list(subscriptions), **more}


def sku(identity, consumed, part, applies_to="User"):
    return {"id": f"t_{identity}", "skuId": identity, "skuPartNumber": part, "consumedUnits": consumed, "capabilityStatus": "Enabled",
            "prepaidUnits": {"enabled": 100, "warning": 0, "suspended": 0}, "appliesTo": applies_to}


def company(identity, sku_id, status, days, trial=False):
    return {"id": f"d-{identity}", "commerceSubscriptionId": identity, "skuId": sku_id, "status": status, "totalLicenses": 60,
            "isTrial": trial, "createdDateTime": moment(-900), "nextLifecycleDateTime": moment(days)}


def right(*plans):
    return {"id": "r1", "skuId": E5, "skuPartNumber": "SPE_E5", "services": list(plans)}


def waiting(identity):
    return {"id": identity, "waitingSinceDateTime": moment(-0.1)}


def failed(identity):
    return {"id": identity, "code": "MissingDependency", "skuId": E5}


ALLOTMENT = {"id": "full", "skuId": E5, "skuPartNumber": "SPE_E5"}
LISTS = {  # of what is one page, and what two
    "allotments": [[pool("full", 100, backing("s1")), pool("quiet", 50, backing("s2"), sku=E3, part="SPE_E3", waitingMembers=[])],
                   [pool("late", 100, backing("s3", "warning", 3), sku=F1, part="SPE_F1", waitingMembers=[waiting("w9")]),
                    pool("calm", 10, backing("s4"), sku=F1, part="SPE_F1", waitingMembers=[])]],
    "waitingMembers": [[waiting("w1"), waiting("w2")], [waiting("w3")]],
    "assignmentErrors": [[failed(f"e{i}") for i in range(3)], [failed(f"e{i}") for i in range(3, 6)]],
    "subscribedSkus": [[sku(E5, 100, "SPE_E5"), sku(E3, 50, "SPE_E3")],
                       [sku(F1, 100, "SPE_F1"), sku("00000000-0000-4000-8000-00000000000c", 999, "FOR_THE_COMPANY", "Company"),
                        sku("1f2f344a-700d-42c9-9427-5cea1d5d7ba6", 100, "STREAM")]],
    "subscriptions": [[company("c1", E5, "Warning", 3), company("c2", E5, "Enabled", 300), company("c3", E3, "Enabled", 300),
                       company("c4", E3, "Suspended", -700), company("c5", F1, "Warning", 3, trial=True)]],
}
WAITING = {"full": LISTS["waitingMembers"], **{p["id"]: [p["waitingMembers"]] for page in LISTS["allotments"] for p in page if "waitingMembers" in p}}
PEOPLE = {  # by what is asked and who it is about
    "usageRights": {"holds": [right(MAIL)], "lacks": [right()]},
    "assignments": {"lacks": [{"id": "a1", "disabledServicePlanIds": [MAIL["planId"]], "allotment": ALLOTMENT,
                               "assignedTo": {"@odata.type": "#microsoft.graph.user", "id": "u1"}}]},
    "waitingMembers": {"lacks": [{"id": "w1", "waitingSinceDateTime": moment(-0.1), "allotment": {**ALLOTMENT, "id": "other", "skuId": E3, "skuPartNumber": "SPE_E3"}}]},
    "assignmentErrors": {"lacks": [{"id": "e1", "code": "MissingDependency", "message": "x", "occurrenceDateTime": moment(-1), "skuId": E3}]},
    "licenseDetails": {who: [{"id": "l1", "skuId": E5, "skuPartNumber": "SPE_E5", "servicePlans": [
        {"servicePlanId": MAIL["planId"], "servicePlanName": MAIL["planName"], "provisioningStatus": status, "appliesTo": "User"}]}]
        for who, status in (("holds", "Success"), ("lacks", "Disabled"))},
}
SECRET = {"hint": "can", "endDateTime": moment(5), "keyId": "d1d1d1d1-0000-4000-8000-000000000001"}


def good(answer_to, page):
    """The rows that an endpoint's cases are made from."""
    return (LISTS[answer_to][page] if answer_to in LISTS else PEOPLE[answer_to]["lacks"])


class Refused(Exception):
    pass


class Everybody:
    def __init__(self, foreign):
        self.foreign, self.attacked, self.tables, self.hits, self.made = foreign, set(), {}, set(), {}
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024, limit=1 << 18))
        self.port = self.server.sockets[0].getsockname()[1]
        self.root = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
            self.loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        self.loop.close()

    # ---- good answers: (endpoint, tenant, document) ----

    def tokens(self, identity, **more):
        return {"token_type": "Bearer", "expires_in": 3599, "access_token": f"{TOKEN_MARK}.{identity:05}", **more}

    def sign_in(self, path, query, head, body):
        if path.endswith("/oauth2/v2.0/token"):
            form = urllib.parse.parse_qs(body.decode())
            kind = "token" if "client_secret" in form else "assertion"
            return kind, self.index(path.split("/")[1]), self.tokens(self.index(path.split("/")[1]))
        who = self.index(query["client_id"][0]) if "client_id" in query else self.index(path.split("/")[1])
        return "identity", who, self.tokens(who, expires_in="3599", resource="https://graph.microsoft.com")

    @staticmethod
    def index(guid):
        return 0 if guid in (TENANT, CLIENT) else int(guid[-12:])

    def page(self, name, path, query, who):
        pages = LISTS[name] if "/allotments/" not in path else WAITING[path.split("/")[-2]]
        at = int(query["$skiptoken"][0]) if query.get("$skiptoken", ["x"])[0].isdigit() else 0
        if "$skiptoken" in query and not 0 < at < len(pages):
            raise Refused
        doc = {"value": pages[at]}
        if at + 1 < len(pages):
            doc["@odata.nextLink"] = f"{self.root}{path}?$skiptoken={at + 1}"
        return name + " next" * (at > 0), who, doc

    def person(self, parts, who):
        kind, name, what = parts[1], urllib.parse.unquote(parts[2]), parts[-1]
        which = "holds" if name in (USERS[0], GROUPS[0]) else "lacks"
        return f"{what} of {kind}", who, {"value": PEOPLE[what].get(which, [])}

    def route(self, method, target, head, body):
        path, _, rest = target.partition("?")
        query = urllib.parse.parse_qs(rest)
        if "oauth2" in path:
            return self.sign_in(path, query, head, body)
        bearer = re.search(r"(?i)\r\nauthorization: bearer " + TOKEN_MARK + r"\.(\d{5})\r", head)
        if not bearer:
            raise PermissionError
        who, parts = int(bearer[1]), path.strip("/").split("/")
        if parts[1] in ("users", "groups"):
            return self.person(parts[:1] + parts[1:], who)
        if parts[1].startswith("applications("):
            app = re.search(r"appId='([^']*)'", path)[1]
            return "application", who, {"appId": app, "passwordCredentials": [SECRET, {**SECRET, "hint": "xyz", "endDateTime": moment(1)}]}
        if parts[-1] in LISTS:
            return self.page(parts[-1], path, query, who)
        raise Refused

    # ---- the wire ----

    def hostile(self, endpoint, who, target, doc):
        """What is sent instead; None: the good answer."""
        cases = self.tables.get(endpoint, ())
        if endpoint not in self.attacked or not 0 < who <= len(cases) or (endpoint, who) in self.spared:
            return None
        self.hits.add((endpoint, who))
        name, make = cases[who - 1]
        body = json.dumps(doc).encode()
        if (name, body) not in self.made:
            made = make(Good(target, self.root, body, self.foreign))
            if sum(map(len, made if isinstance(made, tuple) else (made,))) < LARGE:
                return made
            self.made[name, body] = made  # that took a while, and nothing of it depends on the target
        return self.made[name, body]

    spared = frozenset()

    async def serve(self, reader, writer):
        try:
            while await self.exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # the daemon hung up, as it may
        finally:
            writer.close()

    async def exchange(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?i)\r\ncontent-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        method, target, _ = head.split(" ", 2)
        status, doc, made = "200 OK", {"error": {"code": "BadRequest", "message": "no"}}, None
        try:
            endpoint, who, doc = self.route(method, target, head, body)
            made = self.challenge(endpoint, who, target, head) or self.hostile(endpoint, who, target, doc)
        except PermissionError:
            status = "401 Unauthorized"
        except (Refused, KeyError, IndexError, ValueError, TypeError):
            status = "400 Bad Request"
        if made is None:
            good_answer = answer(json.dumps(doc).encode(), status).replace(b"Connection: close\r\n", b"", 1)
            writer.write(good_answer)
            await writer.drain()
            return True
        hold, made = (True, made[0]) if isinstance(made, tuple) else (False, made)
        writer.write(made)
        await writer.drain()
        if hold:
            await reader.read(1)  # until the daemon has had enough
        return False

    def challenge(self, endpoint, who, target, head):
        """The Arc agent's first answer names a key file; its content must come back."""
        if endpoint != "identity" or "2019-11-01" not in target:
            return None
        shown = re.search(r"(?i)\r\nauthorization: basic (\S+)", head)
        if shown and shown[1] in (KEY, base64.b64encode(KEY.encode()).decode()):
            return self.hostile("Arc token", who, target, self.tokens(who, expires_in="3599"))
        good_challenge = answer(b"", "401 Unauthorized", f"WWW-Authenticate: Basic realm={KEY_DIRECTORY}/good.key")
        return self.hostile("Arc challenge", who, target, {}) or good_challenge
