# SPDX-License-Identifier: MIT
"""Killed at any step, and with any call failing, the daemon loses no alert, repeats at most the one
message that was on its way, ends with an exit code that the manual names and says why. strace puts
the faults in: the N-th call of a kind kills the process or fails. What the webhook catcher wrote
down and what the simulator shows are the truth; `problems` compares them.

Each case has a state directory and a webhook path of its own, so that several can run at once.
FAULTS_STRIDE=1 takes every step instead of a sample (minutes)."""
import collections
import concurrent.futures
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import time
import unittest

from harness import BUILD, E3, Scenario, pool, scenario, state

STRIDE = int(os.environ.get("FAULTS_STRIDE", 40))
WORKERS = 8  # most of them wait
DOCUMENTED = {0, 1, 69, 70, 75, 78}  # seatwatchd(8), exit status; 64 is for wrong usage
STEPS = "mkdir,flock,pwrite64,fdatasync,ftruncate,unlink,connect,sendto,recvfrom"
ALARMING = re.compile(r"damaged|set aside|Sanitizer|runtime error|Assertion")

BEFORE = state(pool("heals", 100, 100, waiting=3), pool("worse", 100, 100, waiting=2), pool("stays", 100, 99, sku=E3, part="SPE_E3"),
               pool("fills", 100, 10))
AFTER = state(pool("heals", 100, 10), pool("worse", 100, 100, waiting=30), pool("stays", 100, 99, sku=E3, part="SPE_E3"),
              pool("fills", 100, 100, waiting=3))
FIRST = {("heals", "alert.firing"): 1, ("worse", "alert.firing"): 1, ("stays", "alert.firing"): 1}
THEN = {("heals", "alert.resolved"): 1, ("worse", "alert.escalated"): 1, ("fills", "alert.firing"): 1}


def problems(requests, want, repeats):
    """What the receiver could complain about. `want` counts (pool, type); repeats are those of an id."""
    found = []
    ids = collections.Counter(r["headers"]["webhook-id"] for r in requests)
    bodies = {(r["headers"]["webhook-id"], r["body"]) for r in requests}
    if len(bodies) > len(ids):
        found.append("one id with two bodies")
    if sum(ids.values()) - len(ids) > repeats:
        found.append(f"{sum(ids.values()) - len(ids)} repeats, {repeats} allowed")
    found += [f"signature {r['signature']}" for r in requests if r["signature"] != "ok"]
    told, last = {}, {}
    for r in requests:
        data = json.loads(r["body"])["data"]
        if data["rule"] != "poll":  # the reading itself failed; other tests judge that
            told.setdefault(r["headers"]["webhook-id"], (data["allotment"]["id"], json.loads(r["body"])["type"]))
        if data["seq"] < last.get(data["alert_id"], 0):
            found.append(f"{data['alert_id']}: {data['seq']} after {last[data['alert_id']]}")
        last[data["alert_id"]] = data["seq"]
    told = collections.Counter(told.values())
    found += [f"lost: {k}" for k in collections.Counter(want) - told]
    found += [f"not so: {k}" for k in told - collections.Counter(want)]
    return found


class Checker(unittest.TestCase):
    """The judge of all that follows sees each kind of wrong that it is there for."""

    def request(self, identity, allotment, kind, seq, signature="ok", more=""):
        body = {"type": kind, "data": {"rule": "waiting", "alert_id": allotment, "seq": seq,
                                       "allotment": {"id": allotment}}, "more": more}
        return {"headers": {"webhook-id": identity}, "body": json.dumps(body), "signature": signature, "status": 200}

    def test_it_accepts_what_is_right_and_notices_what_is_not(self):
        a, b = self.request("1", "p", "alert.firing", 1), self.request("2", "p", "alert.resolved", 2)
        want = {("p", "alert.firing"): 1, ("p", "alert.resolved"): 1}
        self.assertEqual(problems([a, b], want, 0), [])
        self.assertEqual(problems([a, a, b], want, 1), [])
        for why, requests, repeats in (
                ("a repeat", [a, a, b], 0), ("two repeats", [a, a, b, b], 1), ("a loss", [a], 0),
                ("another order", [b, a], 0), ("an old one late", [a, b, a], 1),
                ("a second id for one event", [a, b, self.request("3", "p", "alert.resolved", 3)], 0),
                ("other bytes", [a, self.request("1", "p", "alert.firing", 1, more="x"), b], 1),
                ("a bad signature", [a, self.request("2", "p", "alert.resolved", 2, "bad")], 0)):
            with self.subTest(why):
                self.assertNotEqual(problems(requests, want, repeats), [])


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Faults(Scenario):
    def setUp(self):
        super().setUp()
        options = os.environ.get("ASAN_OPTIONS", "")
        # LeakSanitizer is a tracer too, and there can be only one.
        self.env = {**os.environ, "ASAN_OPTIONS": f"{options}{':' if options else ''}detect_leaks=0"}
        self.numbers = itertools.count(1)

    def world(self, *states, **options):
        """A receiver and a tenant; the sources of every case."""
        self.receiver = self.hook()
        self.tenant = self.graph(*states, **options)
        self.text = self.configure(self.tenant, [self.receiver]).read_text().replace('"20s"', '"5s"')
        self.url = (self.directory / "secrets/hook.url").read_text().strip()

    def case(self, state_dir=None):
        name = f"case{next(self.numbers)}"
        self.secret(f"{name}.url", f"{self.url}/{name}\n")
        (self.directory / f"{name}.conf").write_text(self.text.replace("secrets/hook.url", f"secrets/{name}.url"))
        if state_dir:
            shutil.copytree(state_dir, self.directory / name)
        return name

    def command(self, case, *options):
        return [str(BUILD / "daemon/seatwatchd"), "-c", str(self.directory / f"{case}.conf"), "--state-dir",
                str(self.directory / case), *options]

    def run_case(self, case, *strace):
        # Only traced calls stop, which is quick; a signal is then not delivered at them.
        quick = ["--seccomp-bpf"] if "error=" in " ".join(strace) else []
        wrapper = ["strace", "-f", *quick, "-qq", "-o", "/dev/null", *strace] if strace else []
        return subprocess.run([*wrapper, *self.command(case, "--once", "--json")], capture_output=True, text=True,
                              timeout=60, env=self.env)

    def settle(self, case):
        """Runs without a fault until nothing is owed; at first a retry may not be due yet."""
        deadline = time.monotonic() + 20
        while True:
            done = self.run_case(case)
            owed = done.returncode == 1 and json.loads(done.stdout)["deliveries"]["pending"] > 0
            if not owed or time.monotonic() > deadline:
                return done
            time.sleep(0.5)

    def told(self, case):
        return [r for r in self.receiver.requests() if r["path"].endswith(f"/{case}")]

    def judge(self, why, case, done, want, repeats):
        with self.subTest(why):
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            self.assertIsNone(ALARMING.search(done.stderr), done.stderr)
            self.assertEqual(json.loads(done.stdout)["deliveries"]["failed"], 0)
            self.assertEqual(problems(self.told(case), want, repeats), [])

    def record(self, calls, state_dir=None, want=None):
        """[(call, its arguments)] of a run without faults. Only paths are written out, no payloads."""
        case, out = self.case(state_dir), self.directory / "trace"
        done = self.run_case(case, "-o", str(out), "-e", f"trace={calls}", "-e", "raw=!openat,mmap")
        self.judge("without a fault", case, done, want, 0)
        lines = re.findall(r"^\d+ +(\w+)\((.*)", out.read_text(), re.M)
        out.unlink()
        return lines

    def steps(self, trace):
        """(call, n) of the calls that begin or end a row of equal ones, and of each STRIDE-th between."""
        count, points, names = collections.Counter(), [], [call for call, _ in trace]
        for i, call in enumerate(names):
            count[call] += 1
            if names[i - 1:i] != [call] or names[i + 1:i + 2] != [call] or i % STRIDE == 0:
                points.append((call, count[call]))
        return points

    def each(self, work, items):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool_of_threads:
            return list(pool_of_threads.map(work, items))

    def filled(self):
        """A state directory in which BEFORE has been told; from now on AFTER is so."""
        case = self.case()
        self.judge("before", case, self.run_case(case), FIRST, 0)
        loaded = len(self.events())
        self.tenant.change(scenario(AFTER))
        self.wait("the simulator's next state", lambda: len(self.events()) > loaded)
        return self.directory / case

    def events(self):
        path = pathlib.Path(self.tenant.ready["events"])
        return [line for line in path.read_text().splitlines() if '"reload"' in line] if path.exists() else []


class Killed(Faults):
    def kill_everywhere(self, state_dir, want):
        points = self.steps(self.record(STEPS, state_dir, want))

        def one(point):
            call, n = point
            case = self.case(state_dir)
            killed = self.run_case(case, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={n}")
            return point, case, killed, self.settle(case)

        results = self.each(one, points)
        for point, case, killed, clean in results:
            self.assertIn(killed.returncode, (-signal.SIGKILL, 0), killed.stderr)
            self.judge(point, case, clean, want, repeats=int(killed.returncode != 0))
        kills = sum(killed.returncode != 0 for _, _, killed, _ in results)
        self.assertGreater(kills, 0.9 * len(points), "most points must have been reached")
        repeated = [case for _, case, _, _ in results if problems(self.told(case), want, 0)]
        self.assertTrue(repeated, "no kill hit a delivery on its way: this has tested less than it says")
        for case in [case for _, case, _, _ in results][::12]:  # and a restart alone says nothing
            have = len(self.told(case))
            self.assertEqual(self.run_case(case).returncode, 0)
            self.assertEqual(len(self.told(case)), have)

    def test_the_first_run_survives_a_kill_at_any_step(self):
        self.world(BEFORE)
        self.kill_everywhere(None, FIRST)

    def test_changes_survive_a_kill_at_any_step(self):
        self.world(BEFORE)
        self.kill_everywhere(self.filled(), THEN)

    def test_several_kills_in_a_row_repeat_at_most_as_many_ids(self):
        self.world(BEFORE)
        base = self.filled()
        points = self.steps(self.record(STEPS, base, THEN))
        dice = random.Random(26)

        def chain(picked):
            case, kills = self.case(base), 0
            for call, n in picked:
                killed = self.run_case(case, "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={n}")
                kills += killed.returncode != 0
            return picked, case, kills, self.settle(case)

        for picked, case, kills, clean in self.each(chain, [dice.sample(points, 5) for _ in range(4)]):
            self.judge(picked, case, clean, THEN, kills)

    def test_a_lost_message_would_be_noticed(self):
        self.world(BEFORE)
        case = self.case()
        sends = [n for n, (call, _) in enumerate(self.record("sendto", None, FIRST), 1)]
        self.run_case(case, "-e", "trace=sendto", "-e", f"inject=sendto:signal=SIGKILL:when={sends[-3]}")
        self.assertEqual(self.told(case), [])
        subprocess.run(["sqlite3", self.directory / case / "seatwatchd.db", "DELETE FROM outbox"], check=True)
        self.settle(case)
        self.assertEqual([p[:5] for p in problems(self.told(case), FIRST, 1)], ["lost:"] * 3)


# call, errno, which of its occurrences, and what the message must say if the run does not succeed.
# "each": one fails; "on": it and all later ones; "all": the first and all later ones.
DISK = r"state d.*(look for disk errors|file system is full|free some space|check its owner|check the)"
FILES = r"(Too many open files|Input/output error|No such file|attempt to write a readonly).*|" + DISK
NET = r"(no connection|connection broke|could not be read completely|trying again in)"
ERRORS = [
    ("fdatasync", "EIO", "each", DISK), ("fdatasync", "EIO", "on", DISK),
    ("pwrite64", "ENOSPC", "steps", DISK), ("pwrite64", "EIO", "steps", DISK), ("pwrite64", "ENOSPC", "on", DISK),
    ("pread64", "EIO", "each", DISK), ("pread64", "EIO", "all", DISK),
    ("ftruncate", "EIO", "each", DISK), ("unlink", "EIO", "each", DISK), ("flock", "ENOLCK", "each", DISK),
    ("openat", "EMFILE", "each", FILES), ("openat", "EMFILE", "all", FILES),
    ("socket", "EMFILE", "each", NET), ("socket", "EMFILE", "all", NET),
    ("connect", "ENETUNREACH", "each", NET), ("connect", "ENETUNREACH", "all", NET),
    ("sendto", "ECONNRESET", "each", NET), ("recvfrom", "ECONNRESET", "each", NET),
    ("recvfrom", "EINTR", "each", NET), ("epoll_wait", "EINTR", "each", "event loop"), ("epoll_ctl", "ENOMEM", "each", "."),
    ("epoll_create1", "EMFILE", "each", "event loop: Too many"), ("timerfd_create", "EMFILE", "each", "event loop: Too many"),
    ("mmap", "ENOMEM", "secrets", "out of memory"), ("mprotect", "ENOMEM", "each", "out of memory"),
    ("madvise", "EINVAL", "each", "core dumps"), ("mlock", "ENOMEM", "all", "."),
    ("getrandom", "EIO", "each", "random"), ("getrandom", "EIO", "all", "random"),
]
# Of these calls only some can fail so: pages for a secret (the rest is the sanitizer's), what is added to the loop.
ONLY = {"mmap": re.compile(r"NULL, \d+, PROT_NONE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\)"),
        "epoll_ctl": re.compile(r"0x\w+, 0x1,")}


def can_fail(call, arguments):
    return call not in ONLY or ONLY[call].match(arguments) is not None


class Errors(Faults):
    def points(self, trace):
        """(call, errno, when) for ERRORS. Counted from the opening of libcrypto's configuration on, with which
        main begins: the loader and the sanitizer make calls before it that are none of ours."""
        start = next(i for i, (call, rest) in enumerate(trace) if call == "openat" and "openssl.cnf" in rest)
        seen, ours = collections.Counter(), collections.defaultdict(list)
        for i, (call, rest) in enumerate(trace):
            seen[call] += 1
            if i >= start and can_fail(call, rest):
                ours[call].append(seen[call])
        steps = collections.defaultdict(list)
        for call, n in self.steps([t for t in trace if t[0] in STEPS.split(",")]):
            steps[call].append(n)
        for call, error, which, says in ERRORS:
            self.assertTrue(ours[call] or call == "mlock", f"no {call} in a run")  # a sanitizer swallows mlock
            some = max(1, STRIDE // 8)
            numbers = {"all": ours[call][:1], "steps": steps[call][::some], "on": steps[call][1::some]}
            few = len(ours[call]) <= 6
            for n in numbers.get(which, ours[call] if few else ours[call][::some]):
                yield call, error, f"{n}+" if which in ("on", "all") else str(n), says

    def test_every_failing_call_is_said_and_loses_nothing(self):
        self.world(BEFORE)
        base = self.filled()
        calls = ",".join(sorted({call for call, *_ in ERRORS}))
        points = list(self.points(self.record(calls, base, THEN)))

        def fail(point):
            call, error, when, _ = point
            case = self.case(base)
            out = self.directory / f"{case}.trace"
            done = self.run_case(case, "-o", str(out), "-e", "raw=!openat,mmap", "-e", f"trace={call}",
                                 "-e", f"inject={call}:error={error}:when={when}")
            hit = re.findall(rf"^\d+ +{call}\((.*)\(INJECTED\)", out.read_text(), re.M)
            out.unlink()
            return case, done, hit

        failed = self.each(fail, points)
        settled = self.each(self.settle, [case for case, _, _ in failed])
        for (call, error, when, says), (case, done, hit), clean in zip(points, failed, settled):
            if not all(can_fail(call, h) for h in hit):
                continue  # this run made its calls in another order, and hit what cannot fail
            said = done.stderr + done.stdout
            with self.subTest((call, error, when)):
                self.assertIn(done.returncode, DOCUMENTED, said)
                self.assertIsNone(ALARMING.search(said), said)
                if done.returncode:
                    self.assertRegex(said, says)
            self.judge((call, error, when, "afterwards"), case, clean, THEN, repeats=1)
        self.assertGreater(sum(bool(hit) for _, _, hit in failed), 0.8 * len(points))
        self.assertGreater(sum(done.returncode != 0 for _, done, _ in failed), 0.4 * len(points))

    def test_a_disk_that_fails_while_the_database_is_made_leaves_it_usable(self):
        self.world(BEFORE)
        trace = self.record("fdatasync,pwrite64", None, FIRST)
        points = [(c, n) for c, n in self.steps(trace) if c == "fdatasync" or n % 2]

        def one(point):
            call, n = point
            case = self.case()
            done = self.run_case(case, "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={n}")
            return point, case, done, self.settle(case)

        for point, case, done, clean in self.each(one, points):
            with self.subTest(point):
                self.assertIn(done.returncode, DOCUMENTED, done.stderr)
                if done.returncode:
                    self.assertRegex(done.stderr, DISK)
            self.judge(point, case, clean, FIRST, repeats=1)


class Stopped(Faults):
    def stop_at(self, points, want, **options):
        self.world(BEFORE, **options)
        return self.each(lambda p: (p, *self.stop_one(*p)), points), want

    def stop_one(self, call, n):
        case = self.case()
        begun = time.monotonic()
        done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                               f"inject={call}:signal=SIGTERM:when={n}", *self.command(case)],
                              capture_output=True, text=True, timeout=40, env=self.env)
        return case, done, time.monotonic() - begun

    def test_sigterm_ends_it_at_any_moment(self):
        """The loop runs from the first epoll_wait on; before, SIGTERM simply ends the process."""
        dice = random.Random(5)
        points = [("epoll_wait", n) for n in sorted(dice.sample(range(1, 40), 8))] + [("sendto", 4), ("recvfrom", 3)]
        results, want = self.stop_at(points, FIRST)
        for point, case, done, took in results:
            with self.subTest(point):
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("stopping", done.stderr)
                self.assertLess(took, 5 + 2, "a start and a stop")
            self.judge(point, case, self.settle(case), want, repeats=1)

    def test_sigterm_ends_it_while_nobody_answers(self):
        mute = [{"match": {"path": "allotments"}, "at": 1, "do": {"delay_ms": 30000}}]
        results, want = self.stop_at([("epoll_wait", 30)], FIRST, faults=mute)
        for point, case, done, took in results:
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertLess(took, 5 + 2)
            self.judge(point, case, self.settle(case), want, repeats=0)


class Clock(Scenario):
    LOUD = re.compile(r"^(?:error|warning|notice|critical): (.*)$", re.M)

    def set_clock(self, years):
        """In place: the daemon has the file mapped."""
        with open(self.directory / "offset", "r+b" if (self.directory / "offset").exists() else "wb", 0) as f:
            f.write(struct.pack("=q", years * 365 * 86400))

    def jump(self, graph, years):
        said = self.stderr().count("wall clock jumped")
        self.set_clock(years)
        self.wait(f"a jump to {years} years from now", lambda: self.stderr().count("wall clock jumped") > said)
        polls = len(graph.requests("assignmentErrors"))
        self.wait("two more polls", lambda: len(graph.requests("assignmentErrors")) >= polls + 2)
        self.assertEqual(self.stderr().count("wall clock jumped"), said + 1)

    def test_a_wall_clock_that_jumps_ten_years_says_so_and_nothing_else(self):
        hook, late = self.hook(), self.hook("late")
        late.answer([{"from": 1, "times": 1, "do": {"status": 503, "headers": {"Retry-After": "2"}}}])
        graph = self.graph(state(pool("p", 100, 100, waiting=3), pool("q", 100, 99)))
        self.configure(graph, [hook, late])
        self.set_clock(0)
        self.start(wrapper=["env", f"LD_PRELOAD={BUILD}/tests/wallclock.so", f"WALLCLOCK_FILE={self.directory}/offset",
                            f"ASAN_OPTIONS={os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"])
        self.wait("both alerts, and a receiver that wants a pause",
                  lambda: len(hook.messages()) == 2 and late.requests())
        begun = len(self.stderr())
        self.jump(graph, -10)
        self.wait("the retry at its time in spite of the clock", lambda: len(late.messages()) == 2, 15)
        self.jump(graph, 10)
        self.jump(graph, 0)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(len(hook.requests()), 2, "a jump tells nobody anything")
        self.assertEqual(len(late.requests()), 3)
        others = [line for line in self.LOUD.findall(self.stderr()[begun:])
                  if "wall clock jumped" not in line and "this machine's clock" not in line and "late" not in line]
        self.assertEqual(others, [])


if __name__ == "__main__":
    unittest.main()
