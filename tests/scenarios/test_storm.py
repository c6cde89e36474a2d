# SPDX-License-Identifier: MIT
"""5,000 pools are full at once, then have room again: no receiver is flooded, and nothing is lost, also over a kill."""
import collections
import contextlib
import json
import re
import signal
import sqlite3
import unittest

from harness import Scenario, pool, state

POOLS, BURST, INCIDENTS = 5000, 10, 20


def pools(full):
    return state(*[pool(f"p{n:04d}", 100, 10 if not full else 100 if n % 5 == 0 else 92) for n in range(POOLS)])


class Storm(Scenario):
    def set_up(self):
        self.web, self.chat, self.pager = self.hook("web"), self.hook("chat"), self.hook("pager")
        self.pager.answer([{"do": {"status": 202}}])
        self.chat.answer([{"do": {"status": 204}}])
        key = self.secret("routing.key", "0123456789abcdef0123456789abcdef\n")
        self.secret("chat.url", f"{self.chat.ready['url']}/api/webhooks/1/t\n")
        self.world = self.graph(pools(True))
        self.configure(self.world, interval="5s", receivers=[
            f'{{ name = "web"; type = "webhook"; url_file = "{self.directory}/secrets/web.url"; '
            f'signing_key_file = "{self.directory}/secrets/web.key"; }}',
            f'{{ name = "chat"; type = "discord"; url_file = "{self.directory}/secrets/chat.url"; allow_http = true; }}',
            f'{{ name = "pager"; type = "pagerduty"; routing_key_file = "{key}"; url = "{self.pager.ready["url"]}/pager"; }}',
        ], extra='routes = ( { match: { severity = "critical"; }; to = ["web", "chat", "pager"]; }, { to = ["web"]; } ); '
                 'thresholds: { usage = { warning = "90%"; critical = "99%"; for = "0s"; }; }; '
                 f'scope = "allotment"; storm: {{ burst = {BURST}; rate = 100; max_new_incidents = {INCIDENTS}; within = "1h"; }};')

    def queued(self, receiver):
        with contextlib.closing(sqlite3.connect(f"file:{self.directory}/state/seatwatchd.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM outbox WHERE receiver = ? AND state <= 1", (receiver,)).fetchone()[0]

    def lines(self, hook):
        with open(hook.ready["log"], "rb") as log:
            return sum(1 for _ in log)

    def events(self):
        """(pool, episode, seq, type) in the order of arrival; requests that repeat an id once."""
        seen, found = set(), []
        for r in self.web.requests():
            if r["status"] // 100 != 2 or r["headers"]["webhook-id"] in seen:
                continue
            seen.add(r["headers"]["webhook-id"])
            data = json.loads(r["body"])["data"]
            for a in data.get("alerts", [data]):
                found.append((a["allotment"]["id"], a["episode"], a["seq"], a["state"]))
        return found

    def check_order(self, events):
        last = {}
        for identity, episode, seq, _ in events:
            self.assertLess(last.get(identity, (0, 0)), (episode, seq), identity)
            last[identity] = (episode, seq)

    def test_five_thousand_alerts_at_once_become_few_messages_that_name_each_of_them(self):
        self.set_up()
        self.start()
        self.wait("some digests have arrived", lambda: self.lines(self.web) > BURST + 20, 600)
        self.stop(signal.SIGKILL)
        self.start()
        self.wait("all is delivered", lambda: self.lines(self.pager) > INCIDENTS and not self.queued("web") and not self.queued("chat"), 600)

        fired = self.events()
        self.check_order(fired)
        self.assertEqual(collections.Counter(e[0] for e in fired), {f"p{n:04d}": 1 for n in range(POOLS)})
        self.assertEqual({e[3] for e in fired}, {"firing"})
        messages = self.web.messages()
        single = [m for m in messages if m["type"] == "alert.firing"]
        digests = [m["data"] for m in messages if m["type"] == "alert.digest"]
        self.assertTrue(all(d["reason"] == "storm" and len(d["alerts"]) <= 20 for d in digests))
        for d in digests:
            self.assertEqual({x["part"] for x in digests if x["digest_id"] == d["digest_id"]}, set(range(1, d["parts"] + 1)))
        ids = collections.Counter(r["headers"]["webhook-id"] for r in self.web.requests())
        self.assertLessEqual(sum(ids.values()) - len(ids), 1, "repeated after one kill")
        self.assertLess(len(single), 10 * BURST)  # a burst, what the rate allows meanwhile, and another one after the kill
        self.assertLess(self.lines(self.web), 600)
        self.assertLess(self.lines(self.chat), 600)

        events = [json.loads(r["body"]) for r in self.pager.requests()]
        opened = {e["dedup_key"] for e in events}
        storm = [e for e in events if e.get("payload", {}).get("summary", "").find("alert storm") >= 0]
        self.assertEqual(len(opened), INCIDENTS + 1)
        self.assertEqual({e["payload"]["severity"] for e in events}, {"critical"})
        self.assertEqual(len({e["dedup_key"] for e in storm}), 1)
        self.assertTrue(re.search(r"\d+ new alerts wait", storm[0]["payload"]["summary"]), storm[0]["payload"]["summary"])

        self.world.change({**json.loads(self.world.file.read_text()), "tenants": [
            {**json.loads(self.world.file.read_text())["tenants"][0], "states": [pools(False)]}]})
        self.wait("all have ended", lambda: self.queued("pager") == 0 and self.queued("web") == 0 and self.queued("chat") == 0 and
                  sum('"resolve"' in r["body"] for r in self.pager.requests()) > INCIDENTS, 600)
        self.assertEqual(self.stop(), 0)
        told = self.events()
        self.check_order(told)
        self.assertEqual(collections.Counter(e[0] for e in told if e[3] == "resolved"), {f"p{n:04d}": 1 for n in range(POOLS)})
        ended = {json.loads(r["body"])["dedup_key"] for r in self.pager.requests() if '"resolve"' in r["body"]}
        self.assertEqual(ended, opened)
        self.assertLess(self.lines(self.web), 1200)


if __name__ == "__main__":
    unittest.main()
