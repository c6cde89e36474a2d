# SPDX-License-Identifier: MIT
"""The daemon in a world whose clocks a test moves.

A wall clock that is wrong, and a night of sleep, are played by tests/faults/wallclock.c, which is preloaded. The
daemon is stopped by the kernel while it "sleeps", as a frozen process is; then its wall clock and its boot time are
later and its monotonic clock is not, its timers on boot time that were due have expired, and epoll_wait returns.
What this does not play is a network that is gone for a while after a resume. Whoever it talks to can live in the same
world: simulator and receivers then have the same clocks, but do not sleep."""
import os
import re
import signal
import struct
from unittest import mock

from harness import BUILD, Scenario

HOUR = 3600
LOUD = re.compile(r"^(?:error|warning|notice|critical): (.*)$", re.M)


class Clocks(Scenario):
    def setUp(self):
        super().setUp()
        self.clock_file = self.directory / "clocks"
        self.wrong = self.slept = 0
        self.set_clocks()
        self.preload = {"LD_PRELOAD": f"{BUILD}/tests/wallclock.so", "WALLCLOCK_FILE": str(self.clock_file),
                        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def set_clocks(self):
        """In place: whoever reads it has the file mapped."""
        with open(self.clock_file, "r+b" if self.clock_file.exists() else "wb", 0) as f:
            f.write(struct.pack("=qq", self.wrong, self.slept))

    def start(self, *options, wrapper=()):
        super().start(*options, wrapper=["env", *(f"{k}={v}" for k, v in self.preload.items()), *wrapper])

    def same_world(self):
        """Peers that are made in it have the same clocks."""
        return mock.patch.dict(os.environ, self.preload)

    def sleep(self, seconds):
        """The daemon stands still, and when it goes on it is that much later."""
        self.freeze(self.daemon)
        self.slept += seconds
        self.set_clocks()
        self.daemon.send_signal(signal.SIGCONT)

    def loud(self, *but):
        """What was said aloud, but for lines with one of these in them, and the warning of a test's short interval."""
        return [line for line in LOUD.findall(self.stderr()) if not any(b in line for b in ("throttle polls", *but))]
