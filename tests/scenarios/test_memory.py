# SPDX-License-Identifier: MIT
"""Secrets in the memory of the running daemon, and what a crash leaves of it.

There are three walls: the process is not dumpable, its core limit is 0, and the pages with secrets are left out of
dumps. The last one is looked at by reading all of the memory, which root alone can. For the first two strace lets the
calls that build a wall seem to succeed, so that the next one has to hold; the signal is one that dumps core."""
import os
import pathlib
import re
import resource
import shutil
import signal
import unittest

import test_sign_in
from harness import CLIENT, CLIENT_SECRET, pool, state

SHADOW = 1 << 30  # a sanitizer's bookkeeping is terabytes, and no data


def areas(pid):
    """(start, end, name, flags) of what is there and can be read."""
    found = []
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().split("\n"):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r\S*) \S+ \S+ \d+ *(.*)$", line)
        if head:
            area = int(head[1], 16), int(head[2], 16), head[4]
        elif re.match(r"[0-9a-f]+-", line):
            area = None
        elif line.startswith("VmFlags:") and area and area[1] - area[0] < SHADOW:
            found.append((*area, line.split()[1:]))
    return found


@unittest.skipUnless(os.geteuid() == 0, "others cannot read the memory of a secret process")
class Memory(test_sign_in.SignIn):
    def find(self, secrets):
        """{name: [where]}; "kept out" for an area that a dump leaves out."""
        found = {name: [] for name in secrets}
        with open(f"/proc/{self.daemon.pid}/mem", "rb", 0) as memory:
            for start, end, name, flags in areas(self.daemon.pid):
                try:
                    memory.seek(start)
                    data = memory.read(end - start)
                except (OSError, OverflowError):
                    continue  # [vvar] and the like
                for secret, text in secrets.items():
                    found[secret] += ["kept out" if "dd" in flags else name or "memory"] * data.count(text.encode())
        return found

    def polled_and_told(self, wrapper=(), certificate=True):
        """At rest, after two readings and a message. What a daemon at rest has to keep, and all it ever had, by name."""
        graph, hook = self.graph(state(pool("p", 100, 100, waiting=3)), certificates=[self.locked.pem]), self.hook()
        word = self.secret("word", test_sign_in.PASSWORD + "\n")
        pair = self.by_certificate(self.locked, f'private_key_password_file = "{word}";')
        self.configure_by(graph, pair if certificate else f'client_secret_file = "{self.directory}/secrets/tenant.secret";', [hook], interval="1h")
        self.start(wrapper=wrapper)
        self.wait("a message", lambda: "delivered: HTTP" in self.stderr())
        os.kill(self.pid(), signal.SIGUSR1)
        self.wait("another reading", lambda: self.stderr().count("polled in ") == 2)
        # The line is written before the last request is freed, and libcurl needs its headers until then.
        self.wait("the event loop", lambda: "epoll" in pathlib.Path(f"/proc/{self.pid()}/wchan").read_text())
        *assertion, token = (self.directory / "secrets/issued").read_text().split()
        key, url = self.canaries[-2:]
        had = {"key": key[6:], "url": url, "token": token[-32:]}
        had |= {"assertion": assertion[0][-64:], "word": test_sign_in.PASSWORD, "pem": self.locked.plain.decode().split("\n")[1]} \
            if certificate else {"secret": CLIENT_SECRET[:20]}
        return {"key", "url", "token"}, had

    def pid(self):
        """The daemon's, be it beside strace."""
        children = pathlib.Path(f"/proc/{self.daemon.pid}/task/{self.daemon.pid}/children").read_text().split()
        return int((children or [self.daemon.pid])[0])

    def test_secrets_stand_in_pages_that_dumps_leave_out_and_nowhere_else(self):
        for certificate in (True, False):
            kept, had = self.polled_and_told(certificate=certificate)
            for name, where in self.find(had).items():
                with self.subTest(name):
                    self.assertEqual(set(where), {"kept out"} if name in kept else set())
            self.stop()
            (self.directory / "stderr").unlink()
            shutil.rmtree(self.directory / "state")

    def quit_without(self, *calls):
        """It is told to quit and to dump core, and these calls have only seemed to succeed. Returns the dumps."""
        place = self.directory / "-".join(calls)
        place.mkdir()
        faults = [a for call in calls for a in ("-e", f"inject={call}:retval=0")]
        kept, self.had = self.polled_and_told([
            "env", "-C", str(place), "ASAN_OPTIONS=disable_coredump=0:detect_leaks=0",
            "bash", "-c", 'ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "bash",
            "strace", "-f", "-qq", "-o", str(self.directory / "trace"), "-e", "trace=" + ",".join(calls), *faults])
        os.kill(self.pid(), signal.SIGQUIT)
        self.daemon.wait(300)  # a dump of a program with sanitizers is large
        self.stop()
        self.assertRegex((self.directory / "trace").read_text(), "killed by SIGQUIT")
        (self.directory / "stderr").unlink()
        shutil.rmtree(self.directory / "state")
        return [path.read_bytes() for path in place.iterdir()]

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_a_dump_is_prevented_twice_and_has_no_secret_where_it_was_not(self):
        self.assertEqual(len(self.quit_without("prlimit64")), 0, "it is not dumpable")
        self.assertEqual(len(self.quit_without("prctl")), 0, "its core limit is 0")
        dumps = self.quit_without("prctl", "prlimit64")
        for dump in dumps:
            self.assertTrue(CLIENT.encode() in dump, "the memory is in it")
            self.assertEqual([name for name, text in self.had.items() if text.encode() in dump], [])
        elsewhere = pathlib.Path("/proc/sys/kernel/core_pattern").read_text()[0] in "|/"
        possible = resource.getrlimit(resource.RLIMIT_CORE)[1] != 0
        self.assertEqual(len(dumps), int(possible and not elsewhere), "what this machine would have left")


if __name__ == "__main__":
    unittest.main()
