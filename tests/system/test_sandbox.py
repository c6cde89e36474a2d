# SPDX-License-Identifier: MIT
"""The sandbox of the unit, as the kernel enforces it: read off the running daemon, and tried out.

probe.c is run in the place of seatwatchd, so that not one option of the unit is another. It is run
outside as well, where everything must succeed: what is refused there proves nothing."""
import re
import shutil

from service import BUILD, Service, main, pool, state

PROGRAM = "/usr/sbin/seatwatchd"
DEVICE = "/dev/seatwatch-probe"
REFUSED = {
    "write_etc": "EROFS", "write_usr": "EROFS", "write_var": "EROFS", "make_cgroup": "EROFS",
    "read_home": "EACCES", "read_root_home": "EACCES", "read_secrets_at_rest": "EACCES",
    "read_other_process": "ENOENT", "read_kernel_settings": "ENOENT",
    "open_foreign_device": "ENOENT", "make_device": "EPERM", "make_suid_file": "EPERM",
    "socket_packet": "EAFNOSUPPORT", "socket_netlink": "EAFNOSUPPORT", "socket_raw": "EPERM", "bind_low_port": "EACCES",
    "trace": "EPERM", "read_memory_of_process": "EPERM", "signal_init": "EPERM", "run_program": "EACCES",
    "map_writable_code": "EPERM", "make_code_of_data": "EPERM",
    "become_other_user": "EPERM", "new_user_namespace": "EPERM", "new_mount_namespace": "EPERM",
    "mount_something": "EPERM", "change_root": "EPERM", "name_the_host": "EPERM", "be_realtime": "EPERM",
    "change_personality": "EPERM",
}
ALLOWED = ("tcp4", "tcp6", "talk_to_journald", "resolve", "start_thread", "lock_memory", "keep_state", "keep_temporary",
           "read_configuration", "read_certificates", "read_handed_secrets")


def attempts(text):
    return dict(re.findall(r"^([a-z0-9_]+) (ok|[A-Z0-9]+)$", text, re.M))


class Tried(Service):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.configure(self.graph(state(pool())))
        self.box.run("mknod", "-m", "666", DEVICE, "c", "1", "3")
        self.addCleanup(lambda: self.box.run("rm", DEVICE))
        shutil.copy(self.box.path(PROGRAM), self.directory / "program")
        self.replace(BUILD / "tests/system/probe")
        self.addCleanup(lambda: self.replace(self.directory / "program"))

    def replace(self, source):
        self.box.path(PROGRAM).unlink()
        shutil.copy(source, self.box.path(PROGRAM))

    def test_the_probe_may_do_everything_outside(self):
        self.box.put("/etc/systemd/system/probe.service", "[Service]\nType=oneshot\nStateDirectory=probe\n"
                     f"LoadCredential=secrets:/etc/seatwatchd/secrets\nExecStart={PROGRAM}\n")
        self.box.run("systemctl", "daemon-reload")
        self.box.run("systemctl", "start", "probe")
        self.assertEqual(attempts(self.journal("-u", "probe", "-o", "cat")), dict.fromkeys([*REFUSED, *ALLOWED], "ok"))

    def test_in_the_sandbox_just_what_is_needed_is_allowed(self):
        self.drop_in("[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\n")
        self.systemctl("start")
        found = attempts(self.journal("-u", "seatwatchd", "-o", "cat"))
        self.assertEqual(found, {**REFUSED, **dict.fromkeys(ALLOWED, "ok")})


class Running(Service):
    """What the kernel says about the daemon itself, while it works."""

    def setUp(self):
        super().setUp()
        hook = self.hook()
        self.configure(self.graph(state(pool(allotted=100, consumed=100, waiting=3))), [hook])
        self.systemctl("start")
        self.pid = self.prop("MainPID")
        self.wait_message(hook, "alert.firing")

    def proc(self, name):
        return self.box.run("cat", f"/proc/{self.pid}/{name}").stdout

    def test_it_has_no_rights_and_gets_none(self):
        has = dict(line.split(":\t", 1) for line in self.proc("status").splitlines() if ":\t" in line)
        self.assertEqual((has["NoNewPrivs"], has["Seccomp"]), ("1", "2"))
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(has[name], 16), 0, name)
        for name in ("Uid", "Gid"):
            self.assertTrue(all(int(i) in range(61184, 65520) for i in has[name].split()), has[name])
        self.assertNotIn("4294967295", self.proc("uid_map"), "it is in the user namespace of the machine")
        limits = self.proc("limits")
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertEqual(self.box.run("readlink", f"/proc/{self.pid}/exe").stdout.strip(), PROGRAM)

    def test_it_sees_a_machine_that_it_cannot_change(self):
        mounts = [line.split() for line in self.proc("mountinfo").splitlines()]
        last = {m[4]: m[5].split(",")[0] for m in mounts}  # of several at one place the last is seen
        self.assertEqual(last["/"], "ro")
        # /run/host is nspawn's own: of it the mounts below another mount are not reached.
        ours = r"/(var/lib/private/seatwatchd|run/seatwatchd|tmp|var/tmp|dev/(pts|shm|mqueue|hugepages)|proc|run/host/.*)"
        loose = [where for where, mode in last.items() if mode == "rw" and not re.fullmatch(ours, where)]
        self.assertEqual(loose, [])
        inside = f"/proc/{self.pid}/root"
        for hidden in ("/home", "/root"):
            self.assertEqual(self.box.run("stat", "-c", "%a", inside + hidden).stdout.strip(), "0", hidden)
        devices = set(self.box.run("ls", f"{inside}/dev").stdout.split())
        self.assertLessEqual(devices, {"char", "core", "fd", "full", "hugepages", "log", "mqueue", "null", "ptmx", "pts",
                                       "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"})


if __name__ == "__main__":
    main()
