# SPDX-License-Identifier: MIT
"""What the service manager sees: readiness, reloads, the status line, the watchdog, and an end within seconds from
any state. The manager is a socket of the test's own; tests/system has the real one."""
import fcntl
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

from harness import BUILD, Scenario, pool, state

QUIET = state(pool(allotted=100, consumed=50))
FULL = state(pool(allotted=100, consumed=100, waiting=3))
HANG = {"do": {"delay_ms": 60000}}
OUT_WITHIN = 10  # 5 s are promised; the rest is for a busy machine, and all that hangs here does so for longer
HERE = pathlib.Path(__file__).parent


class Manager:
    """The other end of sd_notify(3)."""

    def __init__(self, directory):
        self.path = str(directory / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.said = []  # (monotonic seconds, {variable: value})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            data = self.socket.recv(65536).decode()
            if data == "END":
                return
            self.said.append((time.monotonic(), dict(line.split("=", 1) for line in data.split("\n") if line)))

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"END", self.path)
        self.reader.join(10)
        self.socket.close()

    def all(self, variable):
        return [m[variable] for _, m in list(self.said) if variable in m]

    def order(self):
        """The life cycle alone."""
        return [v for _, m in list(self.said) for v in ("READY", "RELOADING", "STOPPING") if v in m]

    def status(self):
        return (self.all("STATUS") or [""])[-1]


class Service(Scenario):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.directory)
        self.addCleanup(self.manager.close)

    def env(self, **more):
        return ["env", f"NOTIFY_SOCKET={self.manager.path}", *(f"{k}={v}" for k, v in more.items())]

    def start_ready(self, *options, wrapper=()):
        self.start(*options, wrapper=[*wrapper, *self.env()])
        self.wait("READY=1", lambda: "READY" in self.manager.order())

    def refused(self, code, *, wrapper=()):
        """A start that is refused never was ready."""
        done = self.run_daemon(wrapper=[*wrapper, *self.env(ASAN_OPTIONS="detect_leaks=0")])
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(self.manager.order(), [])
        return done

    def end(self, how=signal.SIGTERM, code=0):
        """Out in time, and the manager knows why."""
        begun = time.monotonic()
        self.assertEqual(self.stop(how), code, self.stderr()[-2000:])
        took = time.monotonic() - begun
        self.assertLess(took, OUT_WITHIN)
        return took

    def hang_delivering(self):
        hook = self.hook()
        hook.answer([HANG])
        self.configure(self.graph(FULL), [hook])
        self.start_ready()
        self.wait("a delivery that hangs", lambda: self.connected(hook.ready["url"]))
        return hook

    def rewrite(self, old, new):
        text = self.config.read_text()
        self.assertIn(old, text)
        self.config.write_text(text.replace(old, new))


class Start(Service):
    def test_ready_comes_once_the_database_is_checked_and_the_loop_turns(self):
        self.configure(self.graph(QUIET))
        self.start_ready()
        said = [m for _, m in self.manager.said]
        self.assertIn("EXTEND_TIMEOUT_USEC", said[0], "before anything that may take long")
        self.assertIn("checking the state database", said[0]["STATUS"])
        self.assertEqual(self.manager.order(), ["READY"])
        self.assertTrue((self.directory / "state/seatwatchd.db").exists())
        self.assertIn("has started", self.stderr())
        self.end()
        self.assertEqual(self.manager.order(), ["READY", "STOPPING"])

    def test_a_large_database_is_given_the_time_to_check_it(self):
        self.configure(self.graph(QUIET))
        self.once(expect=0)
        subprocess.run(["sqlite3", self.directory / "state/seatwatchd.db",
                        "CREATE TABLE ballast (b); INSERT INTO ballast VALUES (zeroblob(9000000))"], check=True)
        self.start_ready()
        small = 60 * 1000000
        self.assertGreaterEqual(int(self.manager.all("EXTEND_TIMEOUT_USEC")[0]), small + 8 * 1000000)

    def test_a_wrong_configuration_is_never_ready(self):
        self.configure(self.graph(QUIET), extra='fallback = ["nobody"];')
        self.refused(78)
        self.assertEqual(self.manager.said, [], "nothing was begun")

    def test_a_receiver_without_its_secret_is_never_ready(self):
        hook = self.hook()
        self.configure(self.graph(QUIET), [hook])
        (self.directory / "secrets/hook.url").unlink()
        self.refused(78)

    def test_a_disk_that_takes_no_writes_is_never_ready(self):
        self.configure(self.graph(QUIET))
        self.refused(69, wrapper=["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync",
                                  "-e", "inject=fdatasync,fsync:error=EIO"])

    def test_a_second_instance_is_never_ready(self):
        self.configure(self.graph(QUIET))
        self.start()
        self.wait("the first", lambda: "has started" in self.stderr())
        self.refused(75)


class Reload(Service):
    def reload(self, times=1):
        """Until the manager has heard the end of it."""
        done = self.manager.order().count("READY")
        for _ in range(times):
            self.daemon.send_signal(signal.SIGHUP)
        self.wait("READY=1 after the reload", lambda: self.manager.order().count("READY") > done)

    def test_a_reload_begins_and_ends_also_when_it_is_refused(self):
        self.configure(self.graph(QUIET))
        self.start_ready()
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        self.reload()
        begun = int(self.manager.all("MONOTONIC_USEC")[0]) / 1e6
        self.assertTrue(before <= begun <= time.clock_gettime(time.CLOCK_MONOTONIC))
        self.config.write_text(self.config.read_text() + "nonsense = 1;\n")
        self.reload()
        self.wait("the status tells", lambda: "refused" in self.manager.status())
        self.rewrite("nonsense = 1;\n", "")
        self.reload()
        self.wait("the status forgets", lambda: "refused" not in self.manager.status())
        self.end()
        self.assertEqual(self.manager.order(), ["READY", *["RELOADING", "READY"] * 3, "STOPPING"])

    def test_a_change_during_a_reload_is_seen_too(self):
        self.hang_delivering()
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("RELOADING=1", lambda: "RELOADING" in self.manager.order())
        self.config.write_text(self.config.read_text() + "nonsense = 1;\n")
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the second one is refused", lambda: "'nonsense'" in self.stderr())
        self.assertEqual(self.stderr().count("configuration reloaded"), 1)


class Status(Service):
    def test_the_status_counts_tenants_alerts_and_what_is_owed(self):
        hook = self.hook()
        hook.answer([{"do": {"status": 503}}])
        graph = self.graph(state(pool("p", 100, 100, waiting=30), pool("q", 100, 100, waiting=3)))
        self.configure(graph, [hook])
        self.start_ready()
        want = r"^1 tenant, last poll \d{4}-\d\d-\d\dT\d\d:\d\dZ, 2 alerts \(1 critical\), 2 to deliver$"
        self.wait("the whole line", lambda: re.match(want, self.manager.status()))

    def test_the_status_says_how_long_the_sign_in_is_good(self):
        graph = self.graph(QUIET)
        for extra, words in (('client_secret_expires = "2037-03-01";', ", credentials valid until 2037-03-01, "),
                             ('client_secret_expires = "2026-01-02";', ", a credential expired on 2026-01-02, ")):
            with self.subTest(words):
                self.configure(graph, tenant_extra=extra)
                self.start_ready()
                self.wait("it", lambda: words in self.manager.status())
                self.assertEqual(self.stop(), 0)

    def test_the_status_says_what_is_not_read(self):
        graph = self.graph(QUIET, faults=[{"match": {"path": "allotments"}, "do": {"status": 403}}])
        self.configure(graph)
        self.start_ready()
        self.wait("it", lambda: self.manager.status().startswith("1 tenant (1 not polled completely), not polled yet, "))

    def test_the_same_status_is_not_said_again(self):
        graph = self.graph(QUIET)
        self.configure(graph)
        self.start_ready()
        self.wait("several polls", lambda: len(graph.requests("assignmentErrors")) > 5)
        said = self.manager.all("STATUS")
        self.assertEqual([s for s, t in zip(said, said[1:]) if s == t], [])


class Watchdog(Service):
    def start_watched(self, period, err):
        self.err = open(self.directory / "stderr", "ab")
        self.daemon = subprocess.Popen(
            self.argv("--log-level", "debug"), stdout=self.err, stderr=err,
            env={**os.environ, "NOTIFY_SOCKET": self.manager.path, "WATCHDOG_USEC": str(int(period * 1e6))})

    def test_it_is_fed_while_the_loop_turns_and_not_while_it_stands_still(self):
        """A process that is stopped stands for a loop that hangs: logs, the one thing that used to block it, do not."""
        period = 5
        inn, out = os.pipe()
        fcntl.fcntl(out, fcntl.F_SETPIPE_SZ, 4096)
        self.configure(self.graph(QUIET))
        self.start_watched(period, out)
        os.close(out)
        with open(inn, "rb", 0):
            self.wait("READY=1", lambda: "READY" in self.manager.order())
            self.wait("it is fed", lambda: len(self.manager.all("WATCHDOG")) > 4)
            self.assertLess(max(b - a for a, b in self.gaps()), period, "in time")
            self.freeze(self.daemon)
            self.wait("nobody feeds", lambda: self.unfed() > 2 * period, 60)
            fed = len(self.manager.all("WATCHDOG"))
            self.daemon.send_signal(signal.SIGCONT)
            self.wait("it goes on", lambda: len(self.manager.all("WATCHDOG")) > fed + 3)
            self.end()

    def unfed(self):
        """Seconds since the last time."""
        return time.monotonic() - [t for t, m in self.manager.said if "WATCHDOG" in m][-1]

    def gaps(self):
        at = [t for t, m in self.manager.said if "WATCHDOG" in m]
        return list(zip(at, at[1:]))

    def test_nobody_is_fed_who_did_not_ask(self):
        graph = self.graph(QUIET)
        self.configure(graph)
        self.start_ready()
        self.wait("polls", lambda: len(graph.requests("assignmentErrors")) > 2)
        self.assertEqual(self.manager.all("WATCHDOG"), [])


class Stop(Service):
    def test_term_while_it_starts(self):
        self.configure(self.graph(QUIET))
        self.start(wrapper=self.env())
        self.wait("the start", lambda: self.manager.said)
        begun = time.monotonic()
        self.assertIn(self.stop(), (0, -signal.SIGTERM))
        self.assertLess(time.monotonic() - begun, OUT_WITHIN)

    def hang_at(self, path):
        graph = self.graph(QUIET, faults=[{"match": {"path": path}, **HANG}])
        self.configure(graph)
        self.start_ready()
        self.wait("a request that hangs", lambda: self.connected(graph.ready["http"]))

    def test_term_while_graph_hangs(self):
        self.hang_at("allotments")
        self.assertLess(self.end(), 2, "nobody waits for a poll")

    def test_term_while_the_token_endpoint_hangs(self):
        self.hang_at("oauth2")
        self.assertLess(self.end(), 2)

    def test_term_while_a_receiver_hangs(self):
        hook = self.hang_delivering()
        self.end()
        hook.answer([])
        self.start()
        self.wait_message(hook, "alert.firing")
        self.assertEqual(len({r["headers"]["webhook-id"] for r in hook.requests()}), 1, "the same message")

    def test_term_twice_is_no_patience(self):
        self.hang_delivering()
        self.daemon.send_signal(signal.SIGTERM)
        self.wait("STOPPING=1", lambda: "STOPPING" in self.manager.order())
        self.assertLess(self.end(), 2)

    def test_int_is_like_term(self):
        self.configure(self.graph(QUIET))
        self.start_ready()
        self.end(signal.SIGINT)
        self.assertEqual(self.manager.order(), ["READY", "STOPPING"])

    def test_term_during_a_reload(self):
        self.hang_delivering()
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("RELOADING=1", lambda: "RELOADING" in self.manager.order())
        self.end()
        self.assertEqual(self.manager.order(), ["READY", "RELOADING", "STOPPING"])

    def test_term_with_a_full_outbox(self):
        hook = self.hook()
        hook.answer([{"do": {"status": 503}}])
        self.configure(self.graph(state(*(pool(f"p{i}", 100, 100, waiting=3) for i in range(400)))), [hook])
        self.start_ready()
        self.wait("an outbox", lambda: re.search(r"\d{3} to deliver", self.manager.status()))
        self.end()


class HungResolver(Service):
    """A name server that never answers: libcurl's own threads wait for it, and nobody waits for them."""

    def start_deaf(self):
        self.asked = self.directory / "asked"
        self.start(wrapper=[sys.executable, HERE / "with-hung-resolver", self.asked, *self.env()])
        self.wait("a question", lambda: self.asked.exists() and self.asked.stat().st_size, 60)

    def test_term_while_graphs_name_is_looked_up(self):
        graph = self.graph(QUIET)
        self.configure(graph)
        self.rewrite(graph.ready["http"], "https://graph.example")
        self.start_deaf()
        self.assertLess(self.end(), 2)

    def test_term_while_a_receivers_name_is_looked_up(self):
        self.configure(self.graph(QUIET), [self.hook()])
        self.secret("hook.url", "https://hooks.example/in\n")
        (self.directory / "secrets/tenant.secret").unlink()  # the broken tenant is what is told
        self.start_deaf()
        self.end()


class UnsetClock(Service):
    """The machine has started in 1970, and later somebody sets its clock."""

    def set_clock(self, seconds):
        """In place: the daemon has the file mapped."""
        path = self.directory / "offset"
        with open(path, "r+b" if path.exists() else "wb", 0) as f:
            f.write(struct.pack("=q", int(seconds)))

    def test_nothing_is_told_wrongly_and_it_goes_on_when_the_clock_is_set(self):
        hook = self.hook()
        graph = self.graph(QUIET)
        self.configure(graph, [hook], tls=True, interval="1h",
                       extra='thresholds: { subscription = { warning = "30d"; critical = "7d"; }; };')
        self.set_clock(86400 - time.time())
        self.start_ready(wrapper=["env", f"LD_PRELOAD={BUILD}/tests/wallclock.so",
                                  f"WALLCLOCK_FILE={self.directory}/offset",
                                  f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"])
        self.wait("the warning", lambda: "this machine's clock says 1970-01-02" in self.stderr())
        self.wait("a poll that fails", lambda: "poll incomplete" in self.stderr())
        self.wait("the status says why", lambda: self.manager.status().endswith("; the clock of this machine is not set"))
        self.assertEqual(graph.requests("allotments"), [])
        self.set_clock(0)
        self.wait("it is noticed", lambda: "clock is set now" in self.stderr(), 90)
        self.wait("it is read", lambda: graph.requests("assignmentErrors"))
        self.wait("the status", lambda: "clock" not in self.manager.status())
        self.assertEqual(self.stderr().count("this machine's clock says"), 1)
        self.end()
        self.assertEqual(hook.requests(), [])


if __name__ == "__main__":
    unittest.main()
