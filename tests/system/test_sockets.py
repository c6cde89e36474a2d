# SPDX-License-Identifier: MIT
"""The control sockets of the installed service: who may use which, and that they outlive a restart."""
from service import Service, main, pool, state

CONTROL, READ = "/run/seatwatchd/control.sock", "/run/seatwatchd/read.sock"


class Sockets(Service):
    def setUp(self):
        super().setUp()
        self.configure(self.graph(state(pool(allotted=100, consumed=50))))

    def ask(self, path, target, method="GET", group=None):
        """The status of HTTP that a user of this group gets; 000: the socket is closed to it."""
        user = ["setpriv", "--reuid=65534", f"--regid={group or 65534}", "--clear-groups"]
        return self.box.run(*user, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "30", "-X", method,
                            "--unix-socket", path, f"http://localhost{target}", check=False).stdout

    def test_each_group_may_do_what_it_is_for(self):
        self.systemctl("start")
        for group, path, method, target, want in (
                ("seatwatch-admin", CONTROL, "GET", "/v1/status", "200"), ("seatwatch-admin", CONTROL, "POST", "/v1/poll", "202"),
                ("seatwatch-admin", READ, "GET", "/v1/status", "000"), ("seatwatch-read", CONTROL, "GET", "/v1/status", "000"),
                ("seatwatch-read", READ, "GET", "/v1/status", "200"), ("seatwatch-read", READ, "POST", "/v1/poll", "403"),
                (None, CONTROL, "GET", "/v1/status", "000"), (None, READ, "GET", "/v1/status", "000")):
            with self.subTest(group=group, path=path, method=method):
                self.assertEqual(self.ask(path, target, method, group), want)
        self.assertIn("POST /v1/poll: status 202", self.stderr())

    def test_they_outlive_a_restart(self):
        self.systemctl("start")
        before = self.box.run("stat", "-c", "%i", CONTROL, READ).stdout
        self.systemctl("restart")
        self.assertEqual(self.box.run("stat", "-c", "%i", CONTROL, READ).stdout, before)
        self.assertIn("seatwatchd ", self.box.run("seatwatchctl").stdout)

    def test_the_service_runs_without_them(self):
        self.box.run("systemctl", "mask", "--runtime", "seatwatchd-control.socket", "seatwatchd-read.socket")
        self.addCleanup(lambda: self.box.run("systemctl", "unmask", "--runtime", "seatwatchd-control.socket", "seatwatchd-read.socket"))
        self.systemctl("start")
        self.assertEqual(self.prop("ActiveState"), "active")
        self.wait("the warning", lambda: "control.socket: " in self.stderr())
        done = self.box.run("seatwatchctl", check=False)
        self.assertEqual(done.returncode, 69)


if __name__ == "__main__":
    main()
