# SPDX-License-Identifier: MIT
"""A booted systemd to test in: systemd-nspawn on an overlay of this machine's own root.

Nothing is downloaded or built for it, and what the box writes goes to a tmpfs. The test program runs
itself again in namespaces of its own (mounts, network, processes), so that the box, the simulator and
the webhook catcher share one loopback that nobody else is on, and nothing of them outlives the test.

What the boot needs and this machine lacks is an error that names it; nothing is skipped."""
import fcntl
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

MARK = "SEATWATCH_ALONE"
TOOLS = {"systemd-nspawn": "systemd-container", "unshare": "util-linux", "nsenter": "util-linux", "mount": "mount",
         "cmake": "cmake"}
# What makes no sense in a box, or would do this machine's chores in it.
MASKED = ("systemd-udevd.service", "systemd-firstboot.service", "systemd-timesyncd.service", "systemd-networkd.service",
          "systemd-logind.service", "getty.target", "console-getty.service", "sys-kernel-debug.mount",
          "sys-kernel-tracing.mount", "systemd-update-utmp.service", "dbus.socket", "dbus.service")


class Missing(RuntimeError):
    """This machine cannot boot a box; the message says what it lacks."""


def alone():
    """Runs the program again in namespaces of its own, unless that is where it is."""
    if os.environ.pop(MARK, None):
        loopback_up()
        return
    if os.geteuid() != 0:
        raise Missing("the system tests boot a systemd, which only root may: run them as root")
    for tool, package in TOOLS.items():
        if not shutil.which(tool):
            raise Missing(f"the system tests need {tool}: install {package} (packaging/install-dependencies test)")
    os.environ[MARK] = "1"
    argv = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc",
            sys.executable, *sys.argv]
    os.execvp(argv[0], argv)


def loopback_up():
    siocgifflags, siocsifflags, iff_up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name, flags = struct.unpack("16sh", fcntl.ioctl(s, siocgifflags, struct.pack("16sh", b"lo", 0))[:18])
        fcntl.ioctl(s, siocsifflags, struct.pack("16sh", name, flags | iff_up))


def control_groups():
    """Where systemd's groups live: cgroup2, and the named v1 hierarchy of a hybrid machine."""
    rows = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    found = [pathlib.Path(at) for _, at, kind, options, *_ in rows
             if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options)]
    if not any(kind == "cgroup2" for _, _, kind, *_ in rows):
        raise Missing("no cgroup2 is mounted on this machine (mount -t cgroup2), and systemd does not boot without")
    return found


class Box:
    """One machine: down after __init__, may be booted, rebooted and crashed; its disk lasts as long as it does."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.root = self.directory / "root"
        self.console = self.directory / "console"
        self.nspawn = self.leader = None
        self.groups = []
        disk = self.directory / "disk"
        for d in (self.root, disk):
            d.mkdir(parents=True)
        self.mount("tmpfs", "box", disk, "mode=755,size=1g")
        for name in ("upper", "work"):
            (disk / name).mkdir()
        self.mount("overlay", "box", self.root, f"lowerdir=/,upperdir={disk}/upper,workdir={disk}/work")
        self.furnish()

    def mount(self, kind, source, where, options):
        done = subprocess.run(["mount", "-t", kind, "-o", options, source, where], capture_output=True, text=True)
        if done.returncode != 0:
            raise Missing(f"cannot mount the {kind} that the box stands on: {done.stderr.strip()}")

    def furnish(self):
        """Debian as it comes, without what this machine has switched on, and a journal that lasts."""
        etc = self.root / "etc"
        shutil.rmtree(etc / "systemd/system", ignore_errors=True)
        (etc / "systemd/system").mkdir(parents=True)
        for unit in MASKED:
            (etc / "systemd/system" / unit).symlink_to("/dev/null")
        for link in etc.glob("rc?.d/S*"):
            link.unlink()
        (etc / "fstab").write_text("")
        (etc / "machine-id").write_text("")
        shutil.rmtree(self.root / "var/log/journal", ignore_errors=True)
        (self.root / "var/log/journal").mkdir()
        self.put("/etc/systemd/journald.conf.d/box.conf", "[Journal]\nStorage=persistent\nRateLimitBurst=0\n")

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def put(self, inside, text, mode=0o644):
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def boot(self):
        # A control group of its own, of the same name in each hierarchy: nspawn makes its groups below it.
        name = f"seatwatch-{time.monotonic_ns()}"
        self.groups = [g / name for g in control_groups()]
        for g in self.groups:
            try:
                g.mkdir()
            except OSError as e:
                raise Missing(f"cannot make a control group, which a booted systemd needs: {e}") from e
        argv = ["systemd-nspawn", "--quiet", "--settings=no", f"--directory={self.root}", "--machine=box", "--boot",
                "--register=no", "--keep-unit", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
                "--console=read-only", "--tmpfs=/tmp", "--capability=CAP_BPF,CAP_PERFMON,CAP_NET_ADMIN,CAP_IPC_LOCK",
                "--system-call-filter=bpf", "systemd.show_status=0"]
        with open(self.console, "ab") as console:
            self.nspawn = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                           env=dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1"),
                                           preexec_fn=self.join_groups)
        self.leader = self.wait("systemd as the first process of the box", self.find_leader)
        self.wait("systemd listens", lambda: self.run("systemctl", "show", check=False).returncode == 0)
        state = self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
        if state != "running":
            failed = self.run("systemctl", "--failed", "--no-legend", "--plain", check=False).stdout
            raise Missing(f"the box came up {state}, not running: {failed or self.said()}")

    def join_groups(self):
        for g in self.groups:
            (g / "cgroup.procs").write_text("0")

    def find_leader(self):
        for pid in children(self.nspawn.pid):
            comm = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            if comm == "systemd" and pathlib.Path(f"/proc/{pid}/root/run/systemd/private").is_socket():
                return pid
        return None

    def said(self):
        return self.console.read_text(errors="replace")[-3000:]

    def wait(self, what, condition, seconds=60):
        """The box's own waiting: a box that ends meanwhile says why."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except FileNotFoundError:  # a process that has just gone
                value = None
            if value:
                return value
            if self.nspawn.poll() is not None:
                raise Missing(f"the box does not boot: systemd-nspawn ended with {self.nspawn.returncode}: {self.said()}")
            if time.monotonic() > deadline:
                raise Missing(f"the box does not boot: not within {seconds} s: {what}; its console: {self.said()}")
            time.sleep(0.02)

    def run(self, *argv, check=True, timeout=60, **kw):
        """Runs a command in the box, as its root."""
        done = subprocess.run(["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-p", "-C", "-r", "-w", "--",
                               "/usr/bin/env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                               "LANG=C.UTF-8", "HOME=/root", "TERM=dumb", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0",
                               *map(str, argv)], capture_output=True, text=True, timeout=timeout, **kw)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, argv))}: {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def halt(self):
        """An orderly power-off; what does not end is killed."""
        if self.nspawn is None:
            return
        if self.nspawn.poll() is None and self.leader:
            self.run("systemctl", "--no-block", "poweroff", check=False)
        try:
            self.nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait(10)
        self.forget()

    def cut(self):
        """The power goes: nobody is told."""
        os.kill(self.leader, signal.SIGKILL)
        self.nspawn.wait(30)
        self.forget()

    def forget(self):
        self.nspawn = self.leader = None
        for g in self.groups:
            deadline = time.monotonic() + 5
            for path, _, _ in os.walk(g, topdown=False):
                while not removed(path) and time.monotonic() < deadline:
                    time.sleep(0.02)  # the kernel is not done with the last process
        self.groups = []

    def down(self):
        self.halt()
        for where in (self.root, self.directory / "disk"):
            subprocess.run(["umount", where], check=False)


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def removed(directory):
    try:
        os.rmdir(directory)
        return True
    except OSError:
        return False
