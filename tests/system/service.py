# SPDX-License-Identifier: MIT
"""A scenario whose daemon is the installed service in a box; the simulator and the catcher stay outside."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import box

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenarios"))
from harness import BUILD, CLIENT_SECRET, ROOT, TENANT, Scenario, pool, scenario, state  # noqa: E402,F401

UNIT = "seatwatchd.service"
SOCKETS = ("seatwatchd-control.socket", "seatwatchd-read.socket")
DROP_INS = f"/etc/systemd/system/{UNIT}.d"


def main():
    """Every test of the program, in one box that is booted once."""
    try:
        box.alone()
        with tempfile.TemporaryDirectory(prefix="seatwatch-box-") as directory:
            Service.box = box.Box(directory)
            try:
                install(Service.box)
                Service.box.boot()
                program = unittest.main(exit=False, verbosity=2)
            finally:
                Service.box.down()
    except box.Missing as e:
        sys.exit(f"{sys.argv[0]}: {e}")
    sys.exit(not program.result.wasSuccessful())


def install(machine):
    """What a user installs is what is tested."""
    if (BUILD / "CMakeCache.txt").exists() and "SEATWATCH_SANITIZE:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text():
        raise box.Missing(f"{BUILD} is built with sanitizers, whose leak check hangs under the unit's system call filter: "
                          "give a release build in SEATWATCH_BUILD")
    subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": str(machine.root)})
    shutil.rmtree(machine.path("/etc/seatwatchd"), ignore_errors=True)
    machine.path("/etc/seatwatchd/secrets").mkdir(parents=True, mode=0o700)
    for name in ("private/seatwatchd", "seatwatchd"):
        shutil.rmtree(machine.path(f"/var/lib/{name}"), ignore_errors=True)


class Service(Scenario):
    box = None

    def setUp(self):
        super().setUp()
        self.box.run("journalctl", "--update-catalog")
        self.box.run("systemd-sysusers")
        self.begun = time.time()
        self.addCleanup(self.tidy)

    def tidy(self):
        """The next test finds the box as this one did; what was written is searched for canaries."""
        self.box.run("systemctl", "stop", UNIT, *SOCKETS, check=False)
        (self.directory / "journal").write_text(self.stderr())
        for name in ("seatwatchd.db", "seatwatchd.db-wal"):
            path = self.box.path(f"/var/lib/private/seatwatchd/{name}")
            if path.is_file():
                shutil.copy(path, self.directory / name)
        self.box.run("sh", "-c", f"rm -rf {DROP_INS} /etc/seatwatchd/* /var/lib/private/seatwatchd; "
                     f"systemctl daemon-reload; systemctl reset-failed {UNIT}", check=False)

    def configure(self, *args, **kw):
        """As for a scenario, but secrets are named as systemd hands them over."""
        super().configure(*args, **kw)
        shutil.copytree(self.directory / "secrets", self.box.path("/etc/seatwatchd/secrets"), dirs_exist_ok=True)
        self.box.path("/etc/seatwatchd/secrets").chmod(0o700)
        self.install(self.config.read_text().replace(f"{self.directory}/secrets/", ""))

    def install(self, text):
        self.config.write_text(text)
        self.box.put("/etc/seatwatchd/seatwatchd.conf", text)

    def drop_in(self, text):
        self.box.put(f"{DROP_INS}/test.conf", text)
        self.box.run("systemctl", "daemon-reload")

    def systemctl(self, verb, check=True):
        done = self.box.run("systemctl", verb, UNIT, check=False)
        if check:
            self.assertEqual(done.returncode, 0, f"systemctl {verb}: {done.stderr}{self.stderr()}")
        return done

    def prop(self, name):
        return self.box.run("systemctl", "show", "-P", name, UNIT).stdout.strip()

    def journal(self, *options):
        self.box.run("journalctl", "--sync")
        return self.box.run("journalctl", "-q", "--all", f"--since=@{self.begun:.6f}", *options).stdout

    def entries(self, own=False):
        """Since the test began: what the unit and systemd said about it, or (own) the daemon alone."""
        which = ["-t", "seatwatchd"] if own else ["-u", UNIT]
        return [json.loads(line) for line in self.journal("-o", "json", *which).splitlines()]

    def with_id(self, message_id):
        return [e for e in self.entries(own=True) if e.get("MESSAGE_ID") == message_id]

    def stderr(self):
        return self.journal("-u", UNIT, "-o", "short-monotonic") if self.box.leader else ""
