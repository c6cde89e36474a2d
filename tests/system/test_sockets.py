# SPDX-License-Identifier: MIT
"""The control sockets of the installed service: who may use which, and that they outlive a restart."""
import json
import shutil

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


class Instances(Service):
    """seatwatchd@acme.service beside seatwatchd.service: everything that they have is their own."""
    UNIT = "seatwatchd@acme.service"

    def test_an_instance_has_everything_of_its_own(self):
        self.configure(self.graph(state(pool(allotted=100, consumed=50))))
        own = self.box.path("/etc/seatwatchd/acme")
        shutil.copytree(self.box.path("/etc/seatwatchd/secrets"), own / "secrets")
        text = self.box.path("/etc/seatwatchd/seatwatchd.conf").read_text()
        (own / "seatwatchd.conf").write_text(text.replace('name = "contoso"', 'name = "acme"'))
        self.addCleanup(lambda: self.box.run("sh", "-c", f"systemctl stop {self.UNIT} 'seatwatchd-*@acme.socket'; "
                                             "rm -rf /var/lib/private/seatwatchd-acme"))
        self.systemctl("start")
        self.box.run("systemctl", "start", self.UNIT)
        for path, tenant in ((CONTROL, "contoso"), ("/run/seatwatchd/acme/control.sock", "acme")):
            answer = self.box.run("curl", "-s", "--unix-socket", path, "http://localhost/v1/tenants").stdout
            self.assertEqual([t["name"] for t in json.loads(answer)["tenants"]], [tenant])
        self.box.run("seatwatchctl", "--instance", "acme")
        self.box.run("systemctl", "reload", self.UNIT)
        self.assertTrue(self.box.path("/var/lib/private/seatwatchd-acme/seatwatchd.db").is_file())
        self.systemctl("stop")
        self.assertEqual(self.box.run("systemctl", "is-active", self.UNIT).stdout.strip(), "active")


if __name__ == "__main__":
    main()
