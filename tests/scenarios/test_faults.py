# SPDX-License-Identifier: MIT
"""With any call failing and stopped at any moment, the daemon loses no alert,
repeats at most the one message that was on its way, ends with an exit code that the manual names
and says why. strace puts the faults in: the N-th call of a kind fails, or brings a signal.
FAULTS_STRIDE=1 takes every step instead of a sample (minutes)."""
import collections
import os
import random
import re
import shutil
import subprocess
import unittest

from faulty import ALARMING, BEFORE, FIRST, THEN, Faults

STRIDE = int(os.environ.get("FAULTS_STRIDE", 40))
DOCUMENTED = {0, 1, 69, 70, 75, 78}  # seatwatchd(8), exit status; 64 is for wrong usage
OUT_WITHIN = 10  # 5 s are promised, to a machine that does not trace eight of them at once
STEPS = "mkdir,flock,pwrite64,fdatasync,ftruncate,unlink,connect,sendto,recvfrom"


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Traced(Faults):
    def run_traced(self, case, *strace):
        # Only traced calls stop, which is quick; a signal is then not delivered at them.
        quick = ["--seccomp-bpf"] if "error=" in " ".join(strace) else []
        wrapper = ["strace", "-f", *quick, "-qq", "-o", "/dev/null", *strace]
        return self.run_case(case, wrapper)

    def record(self, calls, state_dir=None, want=None):
        """[(call, its arguments)] of a run without faults. Only paths are written out, no payloads."""
        case, out = self.case(state_dir), self.directory / "trace"
        done = self.run_traced(case, "-o", str(out), "-e", f"trace={calls}", "-e", "raw=!openat,mmap")
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


# call, errno, which of its occurrences, and what the message must say if the run does not succeed.
# "each": one fails; "on": it and all later ones; "all": the first and all later ones.
DISK = r"state d.*(look for disk errors|file system is full|free some space|check its owner|check the)"
FILES = r"(Too many open files|Input/output error|No such file|attempt to write a readonly).*|" + DISK
NET = r"(no connection|connection broke|poll incomplete|trying again in)"
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


class Errors(Traced):
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
            done = self.run_traced(case, "-o", str(out), "-e", "raw=!openat,mmap", "-e", f"trace={call}",
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
            done = self.run_traced(case, "-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={n}")
            return point, case, done, self.settle(case)

        for point, case, done, clean in self.each(one, points):
            with self.subTest(point):
                self.assertIn(done.returncode, DOCUMENTED, done.stderr)
                if done.returncode:
                    self.assertRegex(done.stderr, DISK)
            self.judge(point, case, clean, FIRST, repeats=1)


class Stopped(Traced):
    def stop_at(self, points, want, **options):
        self.world(BEFORE, **options)
        return self.each(lambda p: (p, *self.stop_one(*p)), points), want

    def stop_one(self, call, n):
        case = self.case()
        out = self.directory / f"{case}.trace"
        done = subprocess.run(["strace", "-f", "-ttt", "-o", str(out), "-e", f"trace={call}", "-e",
                               f"inject={call}:signal=SIGTERM:when={n}", *self.command(case)],
                              capture_output=True, text=True, timeout=60, env=self.env)
        when = [float(t) for t in re.findall(rf"^\d+ +([\d.]+) (?:{call}\(|\+\+\+ exited)", out.read_text(), re.M)]
        return case, done, when[-1] - when[n - 1]

    def test_sigterm_ends_it_at_any_moment(self):
        """The loop runs from the first epoll_wait on; before, SIGTERM simply ends the process. The time is
        that from the call with the signal to the exit, as strace wrote them down."""
        dice = random.Random(5)
        points = [("epoll_wait", n) for n in sorted(dice.sample(range(1, 40), 8))] + [("sendto", 4), ("recvfrom", 3)]
        results, want = self.stop_at(points, FIRST)
        for point, case, done, took in results:
            with self.subTest(point):
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("stopping", done.stderr)
                self.assertLess(took, OUT_WITHIN)
            self.judge(point, case, self.settle(case), want, repeats=1)

    def test_sigterm_ends_it_while_nobody_answers(self):
        mute = [{"match": {"path": "allotments"}, "at": 1, "do": {"delay_ms": 30000}}]
        results, want = self.stop_at([("epoll_wait", 30)], FIRST, faults=mute)
        for point, case, done, took in results:
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertLess(took, OUT_WITHIN)
            self.judge(point, case, self.settle(case), want, repeats=0)


if __name__ == "__main__":
    unittest.main()
