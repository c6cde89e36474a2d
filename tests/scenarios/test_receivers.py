# SPDX-License-Identifier: MIT
"""Every receiver type over HTTP, from the daemon to a catcher that answers as the vendor does: an alert fires, gets worse
and ends. One run of the daemon has a receiver of each type; a type is one entry of TYPES. Parsers that are not ours read
what arrived and the bodies of the unit tests."""
import json
import pathlib
import signal
import subprocess
import time
import unittest

from harness import ROOT, Scenario, pool, state

ORACLES = ROOT / "tests/oracles"
FIXTURES = ROOT / "tests/fixtures/receivers"
STEPS = (state(pool(allotted=100, consumed=100, waiting=2)),
         state(pool(allotted=100, consumed=100, waiting=30), poll=4),
         state(pool(allotted=200, consumed=100), poll=7))


class Type:
    """Each has keys of its own, secrets, answers of the vendor, and a meaning of what it heard."""
    answer = {"status": 200}
    type = None  # of the receiver, if it is not the name

    def __init__(self, test, url):
        self.test, self.url = test, url

    def secret(self, name, text, in_body=False):
        """A secret that the vendor wants in the body is in the catcher's log, and nowhere else."""
        (self.test.in_bodies if in_body else self.test.canaries).append(text)
        return self.test.secret(name, text + "\n")

    def keys(self):
        raise NotImplementedError

    def is_over(self, requests):
        """The end of the alert has arrived."""
        raise NotImplementedError

    def hold(self, requests):
        raise NotImplementedError


def bodies(requests):
    return [json.loads(r["body"]) for r in requests]


class PagerDuty(Type):
    path = "/v2/enqueue"
    answer = {"status": 202, "body": {"status": "success"}}

    def keys(self):
        return f'routing_key_file = "{self.secret("pager.key", "0123456789abcdef0123456789abcdef", in_body=True)}"; url = "{self.url}{self.path}";'

    def is_over(self, requests):
        return any(b["event_action"] == "resolve" for b in bodies(requests))

    def hold(self, requests):
        events = bodies(requests)
        self.test.assertEqual([e["event_action"] for e in events], ["trigger", "trigger", "resolve"])
        self.test.assertEqual(len({e["dedup_key"] for e in events}), 1)


class CloudEvents(Type):
    path = "/events"
    answer = {"status": 202}

    def keys(self):
        return (f'url_file = "{self.secret("events.url", self.url + self.path)}"; signing_key_file = "{self.test.directory}/secrets/hook.key"; '
                f'source = "urn:example:seats";')

    def is_over(self, requests):
        return any(b["type"] == "dev.seatwatch.alert.resolved.v1" for b in bodies(requests))

    def hold(self, requests):
        events = bodies(requests)
        self.test.assertEqual([e["severitynumber"] for e in events], [13, 21, 9])
        self.test.assertEqual({(e["source"], e["subject"]) for e in events}, {("urn:example:seats", events[0]["subject"])})
        self.test.assertEqual(len({e["id"] for e in events}), 3)


class Ntfy(Type):
    path = "/"
    answer = {"status": 200, "body": {"id": "a", "event": "message"}}

    def keys(self):
        return (f'topic_file = "{self.secret("ntfy.topic", "topic-canary-5Qx9", in_body=True)}"; url = "{self.url}"; '
                f'token_file = "{self.secret("ntfy.token", "tk_canary_7d2b")}";')

    def is_over(self, requests):
        return any(b["title"].startswith("RESOLVED") for b in bodies(requests))

    def hold(self, requests):
        messages = bodies(requests)
        self.test.assertEqual([m["priority"] for m in messages], [4, 5, 3])
        self.test.assertEqual({m["topic"] for m in messages}, {"topic-canary-5Qx9"})
        self.test.assertEqual({r["headers"]["authorization"] for r in requests}, {"Bearer tk_canary_7d2b"})
        first, worse, end = messages
        self.test.assertEqual(first["sequence_id"], end["sequence_id"])
        self.test.assertNotIn("sequence_id", worse)


class Jsm(Type):
    path = "/jsm/"
    answer = {"status": 202, "body": {"result": "Request will be processed"}}

    def keys(self):
        return f'api_key_file = "{self.secret("jsm.key", "canary-genie-key-1f")}"; url = "{self.url}/jsm"; tags = [ "licences" ];'

    def is_over(self, requests):
        return len(requests) >= 4

    def hold(self, requests):
        self.test.assertEqual({r["headers"]["authorization"] for r in requests}, {"GenieKey canary-genie-key-1f"})
        create, close, again, end = requests
        alias = json.loads(create["body"])["alias"]
        path = f"/jsm/v2/alerts/{alias.replace(':', '%3A')}/close"
        self.test.assertEqual([(r["path"], r["raw_query"]) for r in (create, close, again, end)],
                              [("/jsm/v2/alerts", ""), (path, "identifierType=alias"), ("/jsm/v2/alerts", ""), (path, "identifierType=alias")])
        self.test.assertEqual([json.loads(r["body"])["priority"] for r in (create, again)], ["P3", "P1"])


class Alertmanager(Type):
    """test_alertmanager.py has a real one."""
    path = "/am"

    def keys(self):
        return f'urls = [ "{self.url}{self.path}" ]; headers_file = "{self.secret("am.headers", "Authorization: Bearer canary-am-3e9")}";'

    def ended(self, requests):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return [a for b in bodies(requests) for a in b if a["labels"]["severity"] == "critical" and a["endsAt"] <= now]

    def is_over(self, requests):
        return self.ended(requests)

    def hold(self, requests):
        alerts = [a for b in bodies(requests) for a in b if a["labels"]["alertname"] == "SeatwatchWaiting"]
        self.test.assertEqual({(r["path"], r["headers"]["authorization"]) for r in requests}, {("/am/api/v2/alerts", "Bearer canary-am-3e9")})
        self.test.assertEqual(list(dict.fromkeys(a["labels"]["severity"] for a in alerts)), ["warning", "critical"])
        self.test.assertEqual(len({a["labels"]["alert_id"] for a in alerts}), 1)


class Heartbeat(Type):
    path = "/beat"

    def keys(self):
        return f'url_file = "{self.secret("beat.url", self.url + self.path)}"; interval = "5s";'

    def is_over(self, requests):
        return len(requests) >= 2

    def hold(self, requests):
        self.test.assertEqual({b["type"] for b in bodies(requests)}, {"daemon.heartbeat"})


class Chat(Type):
    """Its URL is the secret. `tones` are colours of a warning, a critical alert and its end."""
    query = ""

    def keys(self):
        return f'url_file = "{self.secret(self.path[1:-1] + ".url", self.url + self.path + "canary-of-a-url")}";'

    def is_over(self, requests):
        return any("RESOLVED" in r["body"] for r in requests)

    def hold(self, requests):
        self.test.assertEqual([self.tone(b) for b in bodies(requests)], self.tones)
        self.test.assertEqual({(r["path"], r["raw_query"]) for r in requests}, {(self.path + "canary-of-a-url", self.query)})


class Discord(Chat):
    path, query = "/discord/", "wait=true"
    answer = {"status": 200, "body": {"id": "1"}}
    tones = [14327864, 10038562, 3061894]

    def tone(self, body):
        self.test.assertEqual(body["allowed_mentions"], {"parse": []})
        return body["embeds"][0]["color"]


class Slack(Chat):
    path = "/slack/"
    answer = {"status": 200, "body": "ok"}
    tones = ["#DAA038", "#A30200", "#2EB886"]

    def tone(self, body):
        return body["attachments"][0]["color"]


class SlackBot(Type):
    path, type = "/bot/", "slack"
    ts = "1503435956.000247"
    answer = {"status": 200, "body": {"ok": True, "channel": "C024BE91L", "ts": ts}}

    def keys(self):
        return f'mode = "bot"; channel = "C024BE91L"; url = "{self.url}/bot"; token_file = "{self.secret("slack.token", "xoxb-canary-of-a-bot")}";'

    def is_over(self, requests):
        return any("thread_ts" in r["body"] and "RESOLVED" in r["body"] for r in requests)

    def hold(self, requests):
        self.test.assertEqual({r["headers"]["authorization"] for r in requests}, {"Bearer xoxb-canary-of-a-bot"})
        steps = [(r["path"], b.get("ts"), b.get("thread_ts"), b.get("reply_broadcast", False)) for r, b in zip(requests, bodies(requests))]
        self.test.assertEqual(steps, [("/bot/chat.postMessage", None, None, False),
                                      ("/bot/chat.update", self.ts, None, False), ("/bot/chat.postMessage", None, self.ts, True),
                                      ("/bot/chat.update", self.ts, None, False), ("/bot/chat.postMessage", None, self.ts, False)])
        colours = [b["attachments"][0]["color"] for b in bodies(requests) if "attachments" in b]
        self.test.assertEqual(colours, ["#DAA038", "#A30200", "#2EB886"])


class Teams(Chat):
    path = "/teams/"
    answer = {"status": 202}
    tones = ["warning", "attention", "good"]

    def tone(self, body):
        return body["attachments"][0]["content"]["body"][0]["style"]


class Workflow(Teams):
    """Only callers with a token may start it."""
    path, type = "/workflow/", "teams"
    TENANT, CLIENT, SECRET = "22222222-2222-4333-8444-555555555555", "77777777-aaaa-4bbb-8ccc-dddddddddddd", "canary-of-a-caller~Q8"
    tenant = {"id": TENANT, "client_id": CLIENT, "client_secret": SECRET, "scope": "https://service.flow.microsoft.com//.default", "states": [state()]}

    def keys(self):
        return super().keys() + (f'auth_tenant = "{self.TENANT}"; client_id = "{self.CLIENT}"; login_url = "{self.test.login}"; '
                                 f'client_secret_file = "{self.secret("caller.secret", self.SECRET)}";')

    def hold(self, requests):
        super().hold(requests)
        (bearer,) = {r["headers"]["authorization"] for r in requests}
        self.test.assertRegex(bearer, r"\ABearer \S+\Z")


class Template(Type):
    """A webhook with a body, a header and a method that are not ours."""
    path, type = "/collector", "webhook"

    def keys(self):
        template = self.test.directory / "template.json"
        template.write_text('{"time": {{unix}}, "level": {{tone}}, "text": "{{headline}}: {{data.title:40}}", "pool": "{{data.allotment.id}}"}')
        return (f'url_file = "{self.secret("collector.url", self.url + self.path)}"; signing = "off"; method = "PUT"; '
                f'headers_file = "{self.secret("collector.headers", "X-Token: canary-7d2b-token")}"; template_file = "{template}"; '
                'values = [ "tone.warning = 4", "tone.critical = 1", "tone.resolved = 0" ];')

    def is_over(self, requests):
        return any(b["level"] == 0 for b in bodies(requests))

    def hold(self, requests):
        events = bodies(requests)
        self.test.assertEqual([e["level"] for e in events], [4, 1, 0])
        self.test.assertEqual([e["text"].split(": ")[0] for e in events], ["WARNING", "CRITICAL, was warning", "RESOLVED"])
        self.test.assertEqual({e["pool"] for e in events}, {"pool-1"})
        self.test.assertEqual({(r["method"], r["headers"]["x-token"]) for r in requests}, {("PUT", "canary-7d2b-token")})


TYPES = {"heartbeat": Heartbeat, "discord": Discord, "slack": Slack, "bot": SlackBot, "teams": Teams, "workflow": Workflow, "pagerduty": PagerDuty,
         "cloudevents": CloudEvents, "jsm": Jsm, "template": Template,
         "alertmanager": Alertmanager, "ntfy": Ntfy}


class Receivers(Scenario):
    def set_up(self, types, steps=STEPS):
        """A receiver of each of these types, all on one catcher: the path tells them apart."""
        self.catcher, self.in_bodies = self.hook(), []
        graph = self.graph(*steps, others=[Workflow.tenant])
        self.login = graph.ready["http"]
        self.types = {name: TYPES[name](self, self.catcher.ready["url"]) for name in types}
        rows = [f'{{ name = "{name}"; type = "{t.type or name}"; {t.keys()} }}' for name, t in self.types.items()]
        self.rules = [{"match": {"path": t.path if t.path == "/" else t.path + "*"}, "do": t.answer} for t in self.types.values()]
        self.catcher.answer(self.rules)
        self.configure(graph, receivers=rows)

    def heard(self, name):
        path = self.types[name].path
        return [r for r in self.catcher.requests() if (r["path"] == "/" if path == "/" else r["path"].startswith(path))]

    def test_each_type_hears_of_an_alert_that_gets_worse_and_ends(self):
        self.set_up(TYPES)
        self.start()
        for name, t in self.types.items():
            self.wait(f"{name} hears of the end", lambda: t.is_over(self.heard(name)))
        self.assertEqual(self.stop(), 0)
        stored = b"".join(p.read_bytes() for p in (self.directory / "state").iterdir()) + self.stderr().encode()
        self.assertEqual([s for s in self.in_bodies if s.encode() in stored], [])
        for name, t in self.types.items():
            with self.subTest(name):
                t.hold(self.heard(name))
        events = subprocess.run(["node", ORACLES / "cloudevents.mjs", "--key", self.directory / "secrets/hook.key", self.catcher.ready["log"]], capture_output=True, text=True)
        self.assertEqual((events.returncode, events.stdout), (0, "3 events, 0 wrong\n"), events.stderr)

    def test_jsm_creates_after_a_kill_between_close_and_create(self):
        self.set_up(["jsm"], STEPS[:2])
        held = {"match": {"path": "/jsm/v2/alerts"}, "from": 2, "do": {"delay_ms": 3600000}}
        self.catcher.answer([held, *self.rules])
        self.start()
        self.wait("the second create has no answer yet", lambda: len(self.heard("jsm")) >= 2 and "/close" in self.heard("jsm")[-1]["path"])
        self.stop(signal.SIGKILL)
        self.catcher.answer(self.rules)
        self.start()
        self.wait("a create is accepted", lambda: [r for r in self.heard("jsm") if r["status"] == 202 and "P1" in r["body"]])
        self.assertEqual(self.stop(), 0)
        accepted = [r["path"].rsplit("/", 1)[-1] for r in self.heard("jsm") if r["status"] == 202]
        self.assertEqual(accepted, ["alerts", "close", "close", "alerts"])


    def test_slack_s_bot_updates_the_second_message_after_a_kill_before_the_first_was_recorded(self):
        self.set_up(["bot"])
        post = {"path": "/bot/chat.postMessage"}
        slow = {"status": 200, "body": {**SlackBot.answer["body"], "message": "x" * 200}, "crawl_ms": 20000}
        self.catcher.answer([{"match": post, "do": slow}])
        self.start()
        self.wait("the answer to the first message has begun", lambda: self.heard("bot"))
        self.stop(signal.SIGKILL)
        again = "1503435999.000001"
        self.catcher.answer([{"match": post, "do": {"status": 200, "body": {"ok": True, "channel": "C024BE91L", "ts": again}}}, *self.rules])
        self.start()
        self.wait("the end is in the thread", lambda: self.types["bot"].is_over(self.heard("bot")))
        self.assertEqual(self.stop(), 0)
        first, second, *later = bodies(self.heard("bot"))
        self.assertEqual(first, second)
        self.assertEqual({b.get("ts") or b.get("thread_ts") for b in later}, {again})

    def test_slack_s_bot_updates_its_message_after_a_restart(self):
        self.set_up(["bot"])
        self.start()
        self.wait("the message is posted", lambda: self.heard("bot"))
        self.assertEqual(self.stop(), 0)
        self.start()
        self.wait("the end is in the thread", lambda: self.types["bot"].is_over(self.heard("bot")))
        self.assertEqual(self.stop(), 0)
        self.types["bot"].hold(self.heard("bot"))


class Goldens(unittest.TestCase):
    """The bodies of the unit tests, which hold hostile names and digests."""

    def test_npm_reads_every_event(self):
        files = sorted(FIXTURES.glob("cloudevents_*.json"))
        done = subprocess.run(["node", ORACLES / "cloudevents.mjs", *files], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, f"{len(files)} events, 0 wrong\n"), done.stderr)

    def oracle(self, *argv, text=None):
        return subprocess.run(["node", *map(str, argv)], input=text, capture_output=True, text=True)

    def test_npm_s_adaptivecards_understands_every_card_and_no_other(self):
        files = sorted(FIXTURES.glob("teams_*.json"))
        done = self.oracle(ORACLES / "cards.mjs", *files)
        self.assertEqual((done.returncode, done.stdout), (0, f"{len(files)} cards, 0 wrong\n"), done.stderr)
        wrong = (FIXTURES / "teams_firing.json").read_text().replace('"RichTextBlock"', '"RichBlock"', 1)
        self.assertEqual(self.oracle(ORACLES / "cards.mjs", "/dev/stdin", text=wrong).returncode, 1)

    def test_the_vendors_types_describe_every_chat_message_and_no_other(self):
        for name, old, new in (("slack", '"emoji"', '"emojis"'), ("slackbot", '"emoji"', '"emojis"'), ("discord", '"inline"', '"inlined"')):
            with self.subTest(name):
                files = sorted(FIXTURES.glob(f"{name}_*.json*"))
                count = sum(len(f.read_text().splitlines()) for f in files)
                wrong = next(iter(FIXTURES.glob(f"{name}_firing.json*"))).read_text().splitlines()[0].replace(old, new, 1)
                done = self.oracle(ORACLES / "chats.mjs", name, *files, "/dev/stdin", text=wrong)
                self.assertEqual((done.returncode, done.stdout), (1, f"{count + 1} messages, 1 wrong\n"), done.stderr)
                self.assertRegex(done.stderr, r"\A/dev/stdin: [^\n]*\n\Z")

    def test_npm_refuses_an_event_without_a_source(self):
        event = json.loads((FIXTURES / "cloudevents_firing.json").read_text())
        del event["source"]
        done = subprocess.run(["node", ORACLES / "cloudevents.mjs", "/dev/stdin"], input=json.dumps(event), capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
