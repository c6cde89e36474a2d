# SPDX-License-Identifier: MIT
"""Prometheus Alertmanager, which nobody here wrote: what it notifies of, alone and as a cluster of three, when one daemon
or two watch a tenant, and when a daemon or a member dies or a daemon cannot read the tenant."""
import json
import re
import shutil
import signal
import subprocess
import time
import unittest
import urllib.request

from clocks import HOUR, Clocks
from harness import Graph, Scenario, pool, scenario, state

FULL = state(pool(allotted=100, consumed=100, waiting=2))
WORSE = state(pool(allotted=100, consumed=100, waiting=30))
CLEAR = state(pool(allotted=200, consumed=100))
PROGRAM = shutil.which("prometheus-alertmanager") or "alertmanager"
# Of a cluster, in seconds. Each member looks at its alerts, waits so long for each member before it, and notifies of what
# these have not: waits that last longer than the time to the next look make it notify of what is over.
PEER_TIMEOUT, CLUSTER_INTERVAL = 6, 15


class Member:
    """One Alertmanager on ports that the kernel picks. `peers`: addresses of other members; None: no cluster."""

    def __init__(self, directory, webhook, peers=None):
        directory.mkdir()
        self.log = directory / "log"
        (directory / "am.yml").write_text(json.dumps({
            "route": {"receiver": "people", "group_by": ["alert_id"], "group_wait": "0s",
                      "group_interval": "1s" if peers is None else f"{CLUSTER_INTERVAL}s",
                      "routes": [{"matchers": ['alertname=~"SeatwatchWatchdog|SeatwatchTest"'], "receiver": "none"}]},
            "receivers": [{"name": "none"}, {"name": "people", "webhook_configs": [{"url": webhook}]}]}))
        cluster = ["--cluster.listen-address="] if peers is None else [
            "--cluster.listen-address=127.0.0.1:0", "--cluster.gossip-interval=50ms", f"--cluster.peer-timeout={PEER_TIMEOUT}s",
            *(f"--cluster.peer={p}" for p in peers)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen([PROGRAM, f"--config.file={directory}/am.yml", f"--storage.path={directory}/data",
                                             "--web.listen-address=127.0.0.1:0", *cluster], stdout=log, stderr=log)

    def find(self):
        """True as soon as it listens."""
        found = re.search(r"Listening on\" address=(\S+)", self.log.read_text())
        self.url = f"http://{found[1]}" if found else None
        return found

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return answer.read().decode()

    def cluster(self):
        return json.loads(self.get("/api/v2/status"))["cluster"]

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)", self.get("/metrics"), re.M)[1])

    def flushes(self):
        """So many times it has compared its alerts with what the cluster has notified of."""
        return self.metric("alertmanager_nflog_queries_total")

    def open_alerts(self):
        amtool = subprocess.run(["amtool", f"--alertmanager.url={self.url}", "alert", "query", "-o", "json"], capture_output=True, text=True, check=True)
        return [a["labels"] for a in json.loads(amtool.stdout)]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


class WithAlertmanager(Scenario):
    def setUp(self):
        super().setUp()
        self.catcher, self.members, self.second, self.second_log = self.hook(), [], None, self.directory / "second.log"
        self.catcher.answer([{"match": {"path": "/pager"}, "do": {"status": 202}},
                             {"match": {"path": "/bot/*"}, "do": {"status": 200, "body": {"ok": True, "channel": "C024BE91L", "ts": "1503435956.000247"}}}, {"match": {"path": "/*"}, "do": {"status": 200}}])

    def clean(self):
        self.stop_second()
        for member in self.members:
            member.kill()
        super().clean()

    def member(self, peers=None):
        m = Member(self.directory / f"member-{len(self.members)}", self.catcher.ready["url"] + "/people", peers)
        self.members.append(m)
        self.wait("Alertmanager listens", m.find)
        return m

    def receiver(self, *more):
        urls = ", ".join(f'"{u}"' for u in [*(m.url for m in self.members), *more])
        return [f'{{ name = "am"; type = "alertmanager"; urls = [ {urls} ]; resend = "1s"; }}']

    def start_second(self, receivers, *states):
        """Another daemon, with a state and a view of the tenant of its own."""
        graph = Graph(self.directory / "second", scenario(*states))
        self.peers.append(graph)
        text = self.configure(graph, receivers=receivers).read_text()
        (self.directory / "second.conf").write_text(text)
        argv = self.argv("--log-level", "debug")
        argv[argv.index("-c") + 1] = str(self.directory / "second.conf")
        argv[argv.index("--state-dir") + 1] = str(self.directory / "second-state")
        with self.second_log.open("w") as log:
            self.second = subprocess.Popen(argv, stdout=log, stderr=log)
        return graph

    def stop_second(self):
        if self.second and self.second.poll() is None:
            self.second.kill()
        if self.second:
            self.second.wait(10)

    def heard(self, path="/people"):
        return [json.loads(r["body"]) for r in self.catcher.requests() if r["path"].startswith(path)]

    def notifications(self):
        """Of each notification: severity and state of its alerts. An end that is repeated may be in the next one again."""
        told, ended = [], set()
        for m in self.heard():
            told.append(sorted((a["labels"]["severity"], a["status"]) for a in m["alerts"] if (a["fingerprint"], a["startsAt"], a["status"]) not in ended))
            ended |= {(a["fingerprint"], a["startsAt"], a["status"]) for a in m["alerts"] if a["status"] == "resolved"}
        return told

    def wait_notified(self, n):
        self.wait(f"notification {n}", lambda: len(self.notifications()) >= n, 120)

    def wait_flushed(self):
        """Every member that lives has compared its alerts twice more; the second time begins after now."""
        before = {m: m.flushes() for m in self.members if m.process.poll() is None}
        self.wait("all members have looked", lambda: all(m.flushes() >= n + 2 for m, n in before.items()), 120)


class Alertmanager(WithAlertmanager):
    def test_an_alert_fires_gets_worse_in_one_notification_and_ends(self):
        am = self.member()
        graph = self.graph(FULL)
        self.configure(graph, receivers=self.receiver(), extra='links: { status_url = "https://status.example/{alert_id}"; };')
        self.assertEqual(self.run_daemon("--test-receiver", "am").returncode, 0)
        self.start()
        self.wait_notified(1)
        self.wait("all fire", lambda: {a["alertname"] for a in am.open_alerts()} == {"SeatwatchWatchdog", "SeatwatchWaiting", "SeatwatchTest"})
        graph.change(scenario(WORSE))
        self.wait_notified(2)
        graph.change(scenario(CLEAR))
        self.wait_notified(3)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.notifications(), [[("warning", "firing")], [("critical", "firing"), ("warning", "resolved")],
                                                [("critical", "resolved")]])
        alert = self.heard()[0]["alerts"][0]
        self.assertEqual(alert["generatorURL"], "https://status.example/" + alert["labels"]["alert_id"])
        self.assertEqual({k: alert["labels"][k] for k in ("rule", "tenant", "sku", "allotment", "group")},
                         {"rule": "waiting", "tenant": "contoso", "sku": "SPE_E5", "allotment": "pool-1", "group": "gold"})

    def test_a_blind_daemon_does_not_reopen_what_the_other_one_has_ended(self):
        am = self.member()
        blind = self.start_second(self.receiver(self.catcher.ready["url"] + "/blind"), FULL)
        graph = self.graph(FULL)
        self.configure(graph, receivers=self.receiver())
        self.start()
        self.wait_notified(1)

        def named(part):
            return [r for r in self.catcher.requests() if r["path"].startswith("/blind") and part in r["body"]]
        self.wait("the second daemon repeats the alert", lambda: len(named("SeatwatchWaiting")) >= 2)
        blind.change(scenario(FULL, faults=[{"match": {"path": "allotments"}, "do": {"garbage": "truncated_json"}}]))
        self.wait("the second daemon is blind", lambda: "poll incomplete" in self.second_log.read_text())

        def more_watchdogs():
            n = len(named("SeatwatchWatchdog"))
            self.wait("the second daemon lives", lambda: len(named("SeatwatchWatchdog")) >= n + 3)
        more_watchdogs()
        repeats = len(named("SeatwatchWaiting"))
        graph.change(scenario(CLEAR))
        self.wait_notified(2)
        self.assertEqual(self.stop(), 0)  # the first daemon repeats the end no more
        more_watchdogs()
        self.assertEqual(len(named("SeatwatchWaiting")), repeats)
        blind.change(scenario(CLEAR))
        self.wait("the second daemon sees the end, too", lambda: len(named("SeatwatchWaiting")) > repeats)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.assertEqual([r for r in named("SeatwatchWaiting")[repeats:] for a in json.loads(r["body"]) if a["labels"]["severity"] == "warning" and a["endsAt"] > now], [])
        more_watchdogs()
        self.assertEqual([a["alertname"] for a in am.open_alerts()], ["SeatwatchWatchdog"])
        self.assertEqual(self.notifications(), [[("warning", "firing")], [("warning", "resolved")]])

    def test_two_daemons_and_three_members_notify_once_though_one_of_each_dies(self):
        first = self.member(peers=[])
        address = first.cluster()["peers"][0]["address"]
        for _ in range(2):
            self.member(peers=[address])
        for m in self.members:
            self.wait("the cluster is ready", lambda: (lambda c: c["status"] == "ready" and len(c["peers"]) == 3)(m.cluster()))
        key = self.secret("pager.key", "0123456789abcdef0123456789abcdef\n")
        pager = f'{{ name = "pager"; type = "pagerduty"; routing_key_file = "{key}"; url = "{self.catcher.ready["url"]}/pager"; }}'
        token = self.secret("slack.token", "xoxb-canary-of-a-bot\n")
        bot = f'{{ name = "bot"; type = "slack"; mode = "bot"; channel = "C024BE91L"; url = "{self.catcher.ready["url"]}/bot"; token_file = "{token}"; }}'
        other = self.start_second([*self.receiver(), pager, bot], FULL)
        graph = self.graph(FULL)
        self.configure(graph, receivers=[*self.receiver(), pager, bot])
        self.start()
        self.wait("the second daemon has its alert", lambda: "SeatwatchWaiting" in json.dumps(first.open_alerts()))
        self.wait_notified(1)
        for m in self.members[1:]:
            self.wait("the others know of the notification", lambda: m.metric("alertmanager_nflog_gossip_messages_propagated_total") >= 1)
        self.wait("both daemons have told the pager", lambda: len(self.heard("/pager")) >= 2)
        self.assertEqual(len({e["dedup_key"] for e in self.heard("/pager")}), 1)
        self.wait("both daemons have told the chat", lambda: len(self.heard("/bot")) >= 2)
        self.assertEqual(self.stop(signal.SIGKILL), -signal.SIGKILL)
        self.daemon, self.second = self.second, None  # the surviving daemon
        first.kill()
        self.err = open("/dev/null")
        other.change(scenario(WORSE))
        self.wait_notified(2)
        other.change(scenario(CLEAR))
        self.wait_notified(3)
        self.wait_flushed()
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.notifications(), [[("warning", "firing")], [("critical", "firing"), ("warning", "resolved")],
                                                [("critical", "resolved")]])
        self.assertEqual(len({e["dedup_key"] for e in self.heard("/pager")}), 1)
        self.assertEqual(len([m for m in self.heard("/bot/chat.postMessage") if "thread_ts" not in m]), 2)  # one for each daemon


class WrongClock(Clocks, WithAlertmanager):
    def test_what_fired_and_ended_while_the_clock_was_ahead_is_right_once_it_is_set_back(self):
        am = self.member()
        graph = self.graph(FULL)
        self.configure(graph, receivers=self.receiver())
        self.wrong = 3 * HOUR
        self.set_clocks()
        self.start()

        def severities():
            return [a["severity"] for a in am.open_alerts() if a["alertname"] == "SeatwatchWaiting"]
        self.wait("the warning is open", lambda: severities() == ["warning"])
        graph.change(scenario(WORSE))
        self.wait("the end of the warning is to come", lambda: sorted(severities()) == ["critical", "warning"])
        self.wrong = 0
        self.set_clocks()
        self.wait("it has come", lambda: severities() == ["critical"])
        am.kill()
        self.members[0] = Member(self.directory / "empty", self.catcher.ready["url"] + "/people")
        self.wait("another Alertmanager listens", self.members[0].find)
        self.stop()
        self.configure(graph, receivers=self.receiver())
        self.start()
        am = self.members[0]
        self.wait("an empty Alertmanager has what began in the future", lambda: severities() == ["critical"])
        graph.change(scenario(CLEAR))
        self.wait("and its end", lambda: severities() == [])


if __name__ == "__main__":
    unittest.main()
