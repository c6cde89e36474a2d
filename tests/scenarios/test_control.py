# SPDX-License-Identifier: MIT
"""The control sockets of the running daemon, used with curl: who may do what, what is answered, and what clients that
misbehave cost."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import unittest

from described import DESCRIBED, compare, compare_with_description, schema_of
from harness import BUILD, Scenario, pool, state

QUIET = state(pool(allotted=100, consumed=50))
FULL = state(pool("p", 100, 100, waiting=30))
NOBODY = 65534


class Control(Scenario):
    def setUp(self):
        super().setUp()
        self.directory.chmod(0o755)  # who may connect is decided by the sockets

    def path(self, name="control"):
        return self.directory / f"{name}.sock"

    def curl(self, target, *options, name="control", user=None):
        """(status of HTTP, decoded body); status 0: curl could not connect."""
        done = subprocess.run(["curl", "-s", "-g", "--max-time", "60", "--unix-socket", self.path(name), "-w", "\n%{http_code}",
                               *options, f"http://localhost{target}"], capture_output=True, text=True, timeout=90,
                              **({"user": user, "group": user, "extra_groups": []} if user else {}))
        body, status = done.stdout.rsplit("\n", 1)
        self.shown.append((target, body.encode()))
        return int(status), json.loads(body) if body else None

    def start_up(self, *states, **kw):
        self.graph_sim = self.graph(*states or [QUIET])
        self.configure(self.graph_sim, **kw)
        self.begin()

    def begin(self, wrapper=()):
        before = self.stderr().count("has started")
        self.start(wrapper=wrapper)
        self.wait("the start", lambda: self.stderr().count("has started") > before)

    def wait_polled(self):
        def complete():
            return [t for t in self.curl("/v1/tenants", name="read")[1]["tenants"] if t["state"] == "complete"]
        return self.wait("a complete poll", complete)[0]

    def polls(self):
        return len(self.graph_sim.requests("assignmentErrors"))


class Answers(Control):
    def test_status_tenants_and_alerts(self):
        self.start_up(FULL)
        tenant = self.wait_polled()
        self.assertEqual((tenant["name"], tenant["waiting_members"], tenant["error"]), ("contoso", 30, None))
        status, alerts = self.curl("/v1/alerts")
        self.assertEqual(status, 200)
        self.assertIn(("waiting", "firing"), [(a["rule"], a["state"]) for a in alerts["alerts"]])
        status, daemon = self.curl("/v1/status", name="read")
        self.assertEqual((status, daemon["tenants"]["total"], daemon["tenants"]["failing"], daemon["problems"]), (200, 1, 0, []))
        self.assertGreater(daemon["alerts"]["critical"], 0)

    def test_alerts_that_do_not_fire_yet_are_shown_on_request_only(self):
        self.start_up(FULL, extra='alerts: { for = "1h"; min_samples = 1; };\nthresholds: { waiting = { for = "1h"; }; };')
        pending = self.wait("pending alerts", lambda: self.curl("/v1/alerts?all")[1]["alerts"])
        self.assertEqual({a["state"] for a in pending}, {"pending"})
        self.assertEqual(self.curl("/v1/alerts")[1], {"alerts": []})

    def test_answers_have_the_members_of_the_description(self):
        self.start_up(FULL, extra='maintenance = ( { name = "move"; match = { tenant = "contoso"; }; weekly = "Sun 01:00-04:00"; } );')
        alert = self.wait("an alert", lambda: self.curl("/v1/alerts")[1]["alerts"])[0]["alert_id"]
        full = ("/v1/tenants tenants", "/v1/alerts alerts", "/v1/silences silences")
        for path, operations in DESCRIBED["paths"].items():
            if schema_of(path) and operations["get"]["tags"] == ["read"]:  # test_lookups.py has those that ask Graph
                given = [f"{p['name']}={p['example']}" for p in operations["get"].get("parameters", []) if "example" in p]
                target = path.replace("{id}", alert) + ("?" + "&".join(given) if given else "")
                compare_with_description(self, path, self.curl(target)[1], full)
        for target in ("/v1/none", "/v1/status?x"):
            compare(self, {"$ref": "error"}, self.curl(target)[1], target)

    def test_a_parked_message_is_listed_sent_again_or_given_up(self):
        hook = self.hook()
        hook.answer([{"do": {"status": 410}}])
        self.graph_sim = self.graph(FULL)
        self.configure(self.graph_sim, [hook])
        self.begin()
        parked = self.wait("a parked message", lambda: self.curl("/v1/deliveries?failed", name="read")[1]["deliveries"])[0]
        self.assertEqual((parked["receiver"], parked["state"], parked["type"], parked["attempts"]), ("hook", "parked", "alert.firing", 1))
        self.assertIn("410", parked["answer"])
        hook.answer([])
        self.assertEqual(self.curl(f"/v1/deliveries/{parked['id']}/retry", "-XPOST"), (200, {"id": parked["id"]}))
        self.wait_message(hook, "alert.firing")
        self.wait("nothing is left", lambda: not self.curl("/v1/deliveries")[1]["deliveries"])
        self.assertEqual(self.curl(f"/v1/deliveries/{parked['id']}", "-XDELETE")[0], 404)
        self.assertEqual(self.curl("/v1/deliveries/x", "-XDELETE")[0], 404)

    def test_history_of_a_pool_by_the_beginning_of_its_id(self):
        self.start_up(state(pool("p1", 100, 97, waiting=3), pool("P2", 10, 4)))
        self.wait_polled()
        status, history = self.curl("/v1/history?allotment=P1&resolution=raw", name="read")
        self.assertEqual((status, history["tenant"], history["allotment_id"], history["resolution"]), (200, "contoso", "p1", "raw"))
        self.assertEqual({(p["consumed_units"], p["allotted_units"], p["waiting_members"]) for p in history["points"]}, {(97, 100, 3)})
        for days, resolution in ((2, "raw"), (14, "hour"), (15, "day")):
            self.assertEqual(self.curl(f"/v1/history?allotment=p2&days={days}")[1]["resolution"], resolution)
        for query, status, hint in (("", 400, "allotment"), ("?allotment=p", 409, "more"), ("?allotment=q", 404, "id"),
                                    ("?allotment=p1&days=0", 400, "3650"), ("?allotment=p1&resolution=week", 400, "hour")):
            got, body = self.curl("/v1/history" + query)
            self.assertEqual(got, status, query)
            self.assertIn(hint, body["hint"], query)

    def put_past(self, last, slope):
        """Eight weeks in which the demand of the only pool rose by `slope` a day, to `last` yesterday."""
        today = int(time.time()) // 86400
        with contextlib.closing(sqlite3.connect(self.directory / "state/seatwatchd.db")) as db, db:
            (number,) = db.execute("SELECT id FROM pool").fetchone()
            db.executemany("INSERT OR REPLACE INTO day VALUES (?, ?, ?, ?, ?, 1000, 0)",
                           [(number, today - ago, *3 * [last - slope * (ago - 1)]) for ago in range(1, 57)])

    def test_a_pool_that_runs_out_soon_alerts_until_demand_does_not_rise(self):
        graph = self.graph(state(pool("p", 1000, 800)))
        self.configure(graph)
        self.begin()
        self.wait_polled()
        self.stop()
        self.put_past(800, 20)  # 9 days left
        self.begin()
        alert = self.wait("a forecast", lambda: self.curl("/v1/alerts")[1]["alerts"])[0]
        self.assertEqual((alert["rule"], alert["severity"], alert["unit"], alert["value"]), ("forecast", "warning", "days", 9))
        self.assertIn("runs out in about 9 days", alert["summary"])
        status, forecast = self.curl("/v1/forecast?tenant=contoso", name="read")
        self.assertEqual((status, [(f["allotment_id"], f["trend"], f["units_per_day"], f["early_days"], f["likely_days"])
                                   for f in forecast["forecasts"]]), (200, [("p", "firm", 20, 9, 9)]))
        ctl = [str(BUILD / "daemon/seatwatchctl"), "--socket", str(self.path("read"))]
        for arguments, words in ((["forecast"], ("firm", "9 to 9")), (["history", "P", "--days", "60"], ("█  0 to 800 consumed", "MAX", "1000")),
                                 (["history", "p", "--days", "60", "--csv"], ("at,consumed_min,consumed_max,consumed,allotted,waiting\n", ",800,800,800,1000,0\n"))):
            done = subprocess.run([*ctl, *arguments], capture_output=True, text=True, timeout=90, env={**os.environ, "LC_ALL": "C.UTF-8"})
            self.assertEqual(done.returncode, 0, done.stderr)
            for word in words:
                self.assertIn(word, done.stdout)
        self.stop()
        self.put_past(800, 0)
        self.begin()
        self.wait("the end", lambda: self.curl("/v1/alerts")[1] == {"alerts": []})

    def test_an_error_has_a_hint(self):
        self.start_up()
        for target, options, status, hint in (("/v1/stats", (), 404, "/v1/status"), ("/v1/poll", (), 405, "POST"),
                                              ("/v1/poll?tenant=contosoo", ("-XPOST",), 404, "contoso"),
                                              ("/v1/poll?tenants=x", ("-XPOST",), 400, "tenant")):
            got, body = self.curl(target, *options)
            self.assertEqual(got, status, target)
            self.assertIn(hint, body["hint"])


class Changes(Control):
    def test_a_poll_of_all_tenants_and_of_one(self):
        self.start_up(interval="1h")
        self.wait_polled()
        for target in ("/v1/poll", "/v1/poll?tenant=CONTOSO", "/v1/poll?tenant=11111111-2222-4333-8444-555555555555"):
            before = self.polls()
            self.assertEqual(self.curl(target, "-XPOST"), (202, {"tenants": 1}))
            self.wait("another poll", lambda: self.polls() > before)
        self.assertEqual(self.stderr().count("control socket: POST /v1/poll: status 202, for process "), 3)
        self.assertIn(f", user {os.getuid()}", self.stderr())

    def test_a_reload_is_answered_with_its_result(self):
        self.start_up()
        self.assertEqual(self.curl("/v1/reload", "-XPOST"), (200, {"reloaded": True}))
        good = self.config.read_text()
        self.config.write_text(good.replace('interval = "1s"', 'interval = "soon"'))
        status, refusal = self.curl("/v1/reload", "-XPOST")
        self.assertEqual(status, 422)
        self.assertIn(f"{self.config}:2:", refusal["error"])
        self.assertIn("soon", refusal["error"])
        self.assertIn("old configuration stays active", refusal["hint"])
        self.assertEqual(self.curl("/v1/status")[1]["problems"],
                         ["the last reload was refused; the previous configuration is active"])
        self.config.write_text(good)
        self.assertEqual(self.curl("/v1/reload", "-XPOST")[0], 200)
        self.assertEqual(self.curl("/v1/status")[1]["problems"], [])

    def begin_reload(self):
        """A client whose reload waits for a delivery under way."""
        hook = self.hook()
        hook.answer([{"do": {"delay_ms": 60000}}])
        self.graph_sim = self.graph(FULL)
        self.configure(self.graph_sim, [hook])
        self.begin()
        self.wait("a delivery under way", lambda: self.connected(hook.ready["url"]))
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(client.close)
        client.connect(str(self.path()))
        client.settimeout(60)
        client.send(b"POST /v1/reload HTTP/1.0\r\n\r\n")
        for _ in range(2):  # what was sent before both of them has been handled
            self.assertEqual(self.curl("/v1/status")[0], 200)
        return client

    def read_all(self, client):
        parts = []
        while part := client.recv(65536):
            parts.append(part)
        return b"".join(parts)

    def test_a_reload_waits_for_a_delivery_and_other_commands_do_not_wait_for_it(self):
        client = self.begin_reload()
        status, body = self.curl("/v1/reload", "-XPOST")
        self.assertEqual((status, body["error"]), (409, "the daemon is reloading"))
        answer = self.read_all(client)
        self.assertIn(b" 200 OK\r\n", answer)
        self.assertTrue(answer.endswith(b'{"reloaded":true}'), answer)

    def test_a_client_that_goes_during_a_reload_does_not_matter(self):
        self.begin_reload().close()
        self.wait("it has ended", lambda: "configuration reloaded" in self.stderr())
        self.assertEqual(self.curl("/v1/status")[0], 200)
        self.assertEqual(self.stop(), 0)

    def test_the_end_of_the_daemon_during_a_reload(self):
        client = self.begin_reload()
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.read_all(client), b"", "no result is made up")


class Durable(Control):
    """What was answered with 2xx is there after kill -9."""

    def change(self, target, method, body=None, status=201):
        options = ["-X", method, *(["-d", json.dumps(body)] if body is not None else [])]
        got, answer = self.curl(target, *options)
        self.assertEqual(got, status, answer)
        self.stop(signal.SIGKILL)
        self.begin()
        return answer["id"]

    def silences(self):
        return self.curl("/v1/silences")[1]["silences"]

    def test_silences(self):
        self.start_up()
        identity = self.change("/v1/silences", "POST", {"match": {"tenant": "con*", "labels": {"group": "gold"}}, "for": "2h",
                                                        "author": "alice", "comment": "move", "hold": True})
        (silence,) = self.silences()
        self.assertEqual({k: silence[k] for k in ("id", "kind", "active", "author", "comment", "match", "alert_id", "weekly", "hold")},
                         {"id": identity, "kind": "silence", "active": True, "author": "alice", "comment": "move",
                          "match": {"tenant": "con*", "labels": {"group": "gold"}}, "alert_id": None, "weekly": None, "hold": True})
        self.assertEqual(self.change(f"/v1/silences/{identity}", "DELETE", status=200), identity)
        self.assertEqual(self.silences(), [])

    def test_acknowledgements(self):
        self.start_up(FULL)
        alert = self.wait("an alert", lambda: self.curl("/v1/alerts")[1]["alerts"])[0]["alert_id"]
        until = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() + 30 * 86400))
        body = {"author": "bob", "comment": "ordered", "until": until}
        self.assertEqual(self.change(f"/v1/alerts/{alert}/acknowledgement", "POST", body), alert)
        (silence,) = self.silences()
        self.assertEqual((silence["kind"], silence["alert_id"], silence["author"], silence["end_at"]),
                         ("acknowledgement", alert, "bob", until))
        self.change(f"/v1/alerts/{alert}/acknowledgement", "DELETE", status=200)
        self.assertEqual(self.silences(), [])

    def test_wrong_requests_change_nothing(self):
        self.start_up(extra='maintenance = ( { name = "move"; match = { tenant = "contoso"; }; weekly = "Sun 01:00-04:00"; } );')
        good = {"match": {"tenant": "contoso"}, "for": "2h", "author": "a", "comment": "c"}
        for status, words, target, method, body in (
                (422, "at least one of", "/v1/silences", "POST", {**good, "match": {}}),
                (422, "author", "/v1/silences", "POST", {**good, "author": None}),
                (422, "weekly", "/v1/silences", "POST", {**good, "weekly": "Sun 01:00-04:00"}),
                (422, "member", "/v1/silences", "POST", {**good, "reason": "x"}),
                (422, "no tenant \"contosso\"did you mean \"contoso\"?", "/v1/silences", "POST", {**good, "match": {"tenant": "contosso"}}),
                (422, "write \"SPE_E5\"", "/v1/silences", "POST", {**good, "match": {"sku": "Microsoft 365 E5"}}),
                (422, "severity info", "/v1/silences", "POST", {**good, "match": {"severity": "info"}}),
                (404, "no silence", "/v1/silences/0190", "DELETE", None), (409, "maintenance window", "/v1/silences/move", "DELETE", None),
                (404, "no alert", "/v1/alerts/0123456789abcdef/acknowledgement", "POST", {"author": "a", "comment": "c"}),
                (404, "not acknowledged", "/v1/alerts/0123456789abcdef/acknowledgement", "DELETE", None)):
            with self.subTest(words):
                options = ["-X", method, *(["-d", json.dumps(body)] if body is not None else [])]
                got, answer = self.curl(target, *options)
                self.assertEqual(got, status, answer)
                self.assertIn(words, answer["error"] + answer["hint"])
        self.assertEqual([(s["id"], s["kind"], s["weekly"]) for s in self.silences()], [("move", "maintenance", "Sun 01:00-04:00")])


class Access(Control):
    def test_the_read_socket_changes_nothing(self):
        self.start_up(interval="1h")
        self.wait_polled()
        before = self.polls()
        for target, method in (("/v1/poll", "POST"), ("/v1/reload", "POST")):
            status, body = self.curl(target, f"-X{method}", name="read")
            self.assertEqual((status, body["error"]), (403, "this socket is read-only"))
        self.assertEqual(self.curl("/v1/alerts", name="read")[0], 200)
        self.assertEqual(self.polls(), before)
        self.assertNotIn("configuration reloaded", self.stderr())

    def test_sockets_are_for_owner_and_group(self):
        self.start_up()
        for name in ("control", "read"):
            self.assertEqual(stat.S_IMODE(self.path(name).stat().st_mode), 0o660)
            self.assertEqual(self.curl("/v1/status", name=name)[0], 200)
            self.assertEqual(self.curl("/v1/status", name=name, user=NOBODY)[0], 0, "another user is refused")

    def test_off_makes_no_socket(self):
        self.start_up(extra='control: { socket = "off"; read_socket = "off"; };')
        self.assertEqual([p.name for p in self.directory.iterdir() if p.is_socket()], [])

    def test_sockets_go_with_the_daemon_and_stale_ones_are_replaced(self):
        self.start_up()
        self.stop()
        self.assertFalse(self.path().exists())
        self.begin()
        self.stop(signal.SIGKILL)
        self.assertTrue(self.path().exists())
        self.begin()
        self.assertEqual(self.curl("/v1/status")[0], 200)

    def test_a_socket_that_cannot_be_made_is_logged_and_the_daemon_works(self):
        self.graph_sim = self.graph(QUIET)
        self.configure(self.graph_sim)
        self.path().write_text("")
        self.begin()
        self.assertIn("control.socket: ", self.stderr())
        self.assertIn("exists and is no socket", self.stderr())
        self.wait_polled()

    def test_a_second_daemon_does_not_take_the_sockets_away(self):
        self.start_up()
        other = subprocess.Popen([*self.argv()[:-1], self.directory / "other-state"], stderr=subprocess.PIPE, text=True)
        try:
            said = ""
            while "has started" not in said:
                said += other.stderr.readline()
            self.assertEqual(said.count("another program listens on"), 2, said)
            self.assertEqual(self.curl("/v1/status")[0], 200)
        finally:
            other.kill()
            other.communicate()
        self.assertEqual(self.curl("/v1/status")[0], 200)


class Activation(Control):
    """Sockets that systemd passes; with its own program for that."""

    def test_sockets_of_systemd_are_used_by_their_names_and_stay(self):
        self.graph_sim = self.graph(QUIET)
        self.configure(self.graph_sim)
        listeners, names = [], "read:control:else:status"
        for i, name in enumerate(names.split(":")):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.bind(str(self.path(name)))
            s.listen(8)
            listeners.append(s)
        keep = [os.dup(s.fileno()) for s in listeners]
        for i, fd in enumerate(keep):
            os.set_inheritable(fd, True)
        # The shell moves them to 3, 4, 5, 6 and becomes the daemon, whose pid it knows.
        script = "".join(f"exec {20 + i}<&{fd}; " for i, fd in enumerate(keep)) + \
            "".join(f"exec {3 + i}<&{20 + i} {20 + i}<&-; " for i in range(4)) + 'LISTEN_PID=$$ exec "$@"'
        self.err = open(self.directory / "stderr", "ab")
        self.daemon = subprocess.Popen(
            ["bash", "-c", script, "sh", *self.argv("--log-level", "debug")], stdout=self.err, stderr=self.err, close_fds=False,
            env={**os.environ, "LISTEN_FDS": "4", "LISTEN_FDNAMES": names})
        self.wait("the start", lambda: "has started" in self.stderr())
        self.assertEqual(self.curl("/v1/status")[0], 200)
        self.assertEqual(self.curl("/v1/poll", "-XPOST")[0], 202)
        self.assertEqual(self.curl("/v1/poll", "-XPOST", name="read")[0], 403)
        self.assertIn('passed a socket named "else"', self.stderr())
        self.assertEqual(self.curl("/healthz", name="status"), (200, {"alive": True}))
        self.assertEqual(self.curl("/api/v1/status", name="status")[0], 200)
        self.assertEqual(self.curl("/v1/poll", "-XPOST", name="status")[0], 404)
        self.assertEqual(self.stop(), 0)
        self.assertTrue(self.path().exists(), "they belong to systemd")
        for s, fd in zip(listeners, keep):
            s.close()
            os.close(fd)


class Abuse(Control):
    def test_clients_that_hang_do_not_delay_polls_and_are_disconnected(self):
        """One that sends half a request, one that never reads, one that is stopped, and all other places taken."""
        self.start_up()
        stopped = subprocess.Popen([sys.executable, "-c", "import socket, sys, time\n"
                                    f"s = socket.socket(socket.AF_UNIX); s.connect('{self.path()}')\n"
                                    "s.send(b'POST /v1/poll HTTP/1.1\\r\\n'); print('x', flush=True); sys.stdin.read()"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(stopped.communicate)
        self.addCleanup(stopped.kill)
        stopped.stdout.read(1)
        self.freeze(stopped)
        clients = []
        for i in range(100):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.connect(str(self.path()))
            s.send(b"GET /v1/al" if i % 2 else b"")
            self.addCleanup(s.close)
            clients.append(s)
        before = self.polls()
        self.wait("polls go on", lambda: self.polls() > before + 3)
        self.assertEqual(self.curl("/v1/status", name="read")[0], 200, "the other socket has places of its own")
        self.assertEqual(self.curl("/v1/status")[0], 200, "a place is free again")
        clients[0].settimeout(60)
        self.assertEqual(clients[0].recv(1), b"", "disconnected")

    def test_an_answer_that_nobody_reads(self):
        self.start_up(state(*(pool(f"p{i}", 100, 100, waiting=30) for i in range(300))))
        self.wait("alerts", lambda: len(self.curl("/v1/alerts")[1]["alerts"]) >= 300)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            s.connect(str(self.path()))
            s.send(b"GET /v1/alerts HTTP/1.0\r\n\r\n")
            before = self.polls()
            self.wait("polls go on", lambda: self.polls() > before + 2)
            self.assertEqual(self.stop(), 0, "nor does the end wait for it")

    def test_no_descriptor_is_lost(self):
        self.start_up()
        self.wait_polled()

        def descriptors():
            return len(list(pathlib.Path(f"/proc/{self.daemon.pid}/fd").iterdir()))
        before = descriptors()
        for _ in range(200):
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
                s.connect(str(self.path()))
                s.send(b"GET /v1/status HTTP/1.0\r\n\r\n")
        self.wait("all are closed", lambda: descriptors() <= before)


if __name__ == "__main__":
    unittest.main()
