# SPDX-License-Identifier: MIT
"""A machine's own identity, at the addresses where Azure has it: the metadata service and the Arc agent."""
import os
import pathlib
import re
import unittest

from harness import CLIENT, Scenario, pool, state

HERE = pathlib.Path(__file__).parent
TOKENS = "/var/opt/azcmagent/tokens"
QUIET = {"ASAN_OPTIONS": "detect_leaks=0"}  # which cannot work in a process that is traced
BAIT = "canary-of-a-foreign-file-k3Fd"


class Machine(Scenario):
    def setUp(self):
        super().setUp()
        self.keys, self.log = self.directory / "secrets/keys", self.directory / "connections"
        self.keys.mkdir(parents=True)

    def configure_machine(self, graph, how, **more):
        self.configure(graph, **more)
        text = self.config.read_text()
        text = re.sub(r'(client_id|client_secret_file|login_url) = "[^"]*";', "", text)
        self.config.write_text(text.replace("labels =", f'auth = "managed_identity"; {how} labels =', 1))

    def machine(self, graph):
        return [str(HERE / "with-machine"), graph.ready["http"].rsplit(":", 1)[1], str(self.log), str(self.keys)]

    def read(self, graph, *wrapper):
        """One reading of the tenant on that machine; its part of the report and the exit code."""
        done = self.run_daemon("--once", "--json", wrapper=[*self.machine(graph), *wrapper],
                               env={**os.environ, **(QUIET if wrapper else {})})
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertIn('"tenants"', done.stdout, done.stderr)
        return done

    def connections(self):
        return self.log.read_text().split() if self.log.exists() else []

    def asked(self, graph):
        return graph.requests("/metadata/identity/oauth2/token")


class Virtual(Machine):
    def test_its_own_identity_signs_in_past_every_proxy(self):
        graph = self.graph(state(pool()), identity={})
        self.configure_machine(graph, 'host = "vm";')
        text = self.config.read_text().replace("network: {", 'network: { proxy = "http://198.51.100.1:3128";', 1)
        self.config.write_text(text)
        env = {**os.environ, **{name: "http://198.51.100.1:3128" for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY")}}
        done = self.run_daemon("--once", wrapper=self.machine(graph), env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        (line,) = self.asked(graph)
        self.assertEqual(line["query"], {"api-version": "2018-02-01", "resource": "https://graph.microsoft.com"})
        self.assertEqual((line["identity"], line["status"]), ({"metadata": "true", "key": "missing"}, 200))
        self.assertIn("metadata", self.connections())
        self.assertNotIn("proxy", self.connections())

    def test_a_user_assigned_identity_is_named(self):
        for key, name, value in (("client_id", "client_id", CLIENT), ("identity_object_id", "object_id", CLIENT),
                                 ("identity_resource_id", "msi_res_id", "/subscriptions/a/resourceGroups/b(c)")):
            with self.subTest(key):
                graph = self.graph(state(pool()), identity={"system": False, name.replace("msi_res", "resource"): value})
                self.configure_machine(graph, f'host = "vm"; {key} = "{value}";')
                self.assertEqual(self.read(graph).returncode, 0)
                self.assertEqual(self.asked(graph)[0]["query"][name], value)
                graph.stop()

    def test_what_passes_by_itself_fails_no_poll(self):
        for trouble in ({"status": 404}, {"status": 429}, {"status": 500}, {"status": 503}, {"reset": True},
                        {"status": 429, "headers": {"Retry-After": "1"}}):
            with self.subTest(trouble):
                graph = self.graph(state(pool()), identity={}, faults=[{"path": "identity", "times": 2, "do": trouble}])
                self.configure_machine(graph, 'host = "vm";')
                self.assertEqual(self.read(graph).returncode, 0)
                lines = self.asked(graph)
                self.assertEqual(len(lines), 3)
                if trouble.get("status", 0) >= 500:
                    waits = [b["started_us"] - a["ended_us"] for a, b in zip(lines, lines[1:])]
                    self.assertGreaterEqual(min(waits), 990_000)
                graph.stop()

    def test_what_does_not_pass_is_asked_once_and_explained(self):
        graph = self.graph(state(pool()), identity={"system": False, "client_id": CLIENT})
        self.configure_machine(graph, 'host = "vm";')
        done = self.read(graph)
        self.assertEqual((done.returncode, len(self.asked(graph))), (1, 1))
        self.assertIn("check that an identity is assigned to this machine", done.stdout)

    def test_the_daemon_renews_it(self):
        graph = self.graph(state(pool()), {"when": {"poll": 3}, "revoke_tokens": True}, identity={})
        self.configure_machine(graph, 'host = "vm";')
        self.start(wrapper=self.machine(graph))
        self.wait("a second token", lambda: len(self.asked(graph)) == 2)
        polls = len(graph.requests("assignmentErrors"))
        self.wait("polls that go on", lambda: len(graph.requests("assignmentErrors")) > polls + 1)
        self.assertEqual(self.stop(), 0)


class Arc(Machine):
    def arc(self, faults=(), **identity):
        graph = self.graph(state(pool()), identity={"keys": str(self.keys), "keys_as": TOKENS, **identity}, faults=list(faults))
        self.configure_machine(graph, 'host = "arc";')
        return graph

    def test_the_agent_s_key_file_opens_the_way(self):
        graph = self.arc()
        self.assertEqual(self.read(graph).returncode, 0)
        self.assertEqual([(r["identity"]["key"], r["status"]) for r in self.asked(graph)], [("missing", 401), ("right", 200)])
        self.assertIn("arc", self.connections())

    def test_the_agent_is_never_asked_through_a_proxy(self):
        graph = self.arc()
        text = self.config.read_text()
        self.config.write_text(text.replace("network: {", 'network: { proxy = "http://198.51.100.1:3128";', 1))
        self.assertEqual(self.read(graph).returncode, 0)
        self.assertIn("arc", self.connections())
        self.assertNotIn("proxy", self.connections())

    def test_the_daemon_shows_a_fresh_key_at_each_sign_in(self):
        graph = self.graph(state(pool()), {"when": {"poll": 3}, "revoke_tokens": True},
                           identity={"keys": str(self.keys), "keys_as": TOKENS})
        self.configure_machine(graph, 'host = "arc";')
        self.start(wrapper=self.machine(graph))
        self.wait("two tokens", lambda: [r["identity"]["key"] for r in self.asked(graph)].count("right") == 2)
        self.assertEqual(self.stop(), 0)

    def traced(self, graph):
        """A reading of the tenant that must fail, and the names of all files it looked at."""
        trace = self.directory / "trace"
        done = self.read(graph, "strace", "-f", "-qq", "-s", "500", "-e", "trace=%file", "-o", trace)
        self.assertEqual(done.returncode, 1)
        return done, trace.read_text()

    def test_hostile_challenges_are_refused_and_no_foreign_file_is_touched(self):
        bait = self.directory / "secrets/bait.key"
        bait.write_text(BAIT)
        os.mkfifo(self.directory / "secrets/fifo.key")
        self.canaries.append(BAIT)
        good = f"Basic realm={TOKENS}/good.key"
        (self.keys / "good.key").write_text("good")
        (self.keys / "deeper").mkdir()
        (self.keys / "deeper/x.key").write_text("x")
        for name, challenge in [
                ("elsewhere", f"Basic realm={bait}"), ("a device", "Basic realm=/dev/stdin"),
                ("a fifo elsewhere", f"Basic realm={self.directory}/secrets/fifo.key"),
                ("dots", f"Basic realm={TOKENS}/../../../..{bait}"), ("dots within", f"Basic realm={TOKENS}/deeper/../good.key"),
                ("deeper", f"Basic realm={TOKENS}/deeper/x.key"), ("relative", "Basic realm=good.key"),
                ("not .key", f"Basic realm={TOKENS}/good.txt"), ("only .key", f"Basic realm={TOKENS}/.key"),
                ("the directory", f"Basic realm={TOKENS}/"), ("a sibling", f"Basic realm={TOKENS}2/good.key"),
                ("nothing", "Basic realm="), ("no Basic", 'Bearer realm="x"'), ("two of them", [good, f"Basic realm={bait}"]),
                ("two of them, the other way", [f"Basic realm={bait}", good]), ("no header", None)]:
            with self.subTest(name):
                # Without the header a rule's 401 has nothing in it that names a file.
                do = {"status": 401, **({"headers": {"WWW-Authenticate": challenge}} if challenge else {})}
                graph = self.arc([{"path": "identity", "do": do}])
                done, trace = self.traced(graph)
                self.assertIn("does not name one key file", done.stdout)
                self.assertEqual([r["identity"]["key"] for r in self.asked(graph) if "identity" in r], [])
                self.assertEqual(len(self.asked(graph)), 1)
                for path in (str(bait), "fifo.key", "/dev/stdin", TOKENS):
                    self.assertNotIn(path, trace)
                graph.stop()

    def test_hostile_files_are_refused(self):
        os.symlink("/etc/hostname", self.keys / "link.key")
        os.mkfifo(self.keys / "fifo.key")
        (self.keys / "directory.key").mkdir()
        (self.keys / "empty.key").write_text("")
        (self.keys / "long.key").write_text("x" * 5000)
        (self.keys / "longer.key").write_text("x" * 50000)
        (self.keys / "nul.key").write_bytes(b"a\0b")
        for name, words in (("link", "is a symbolic link"), ("fifo", "is not a regular file"),
                            ("directory", "is not a regular file"),
                            ("empty", "is empty"), ("long", "is longer than 4096 bytes"), ("longer", "is longer than"),
                            ("nul", "contains a NUL byte"), ("absent", "No such file")):
            with self.subTest(name):
                header = {"WWW-Authenticate": f"Basic realm={TOKENS}/{name}.key"}
                graph = self.arc([{"path": "identity", "do": {"status": 401, "headers": header}}])
                done, trace = self.traced(graph)
                self.assertIn(words, done.stdout)
                self.assertNotIn("/etc/hostname", trace)
                self.assertEqual(len(self.asked(graph)), 1)
                graph.stop()

    def test_a_key_that_the_agent_does_not_take_ends_it(self):
        (self.keys / "old.key").write_text("of yesterday")
        header = {"WWW-Authenticate": f"Basic realm={TOKENS}/old.key"}
        graph = self.arc([{"path": "identity", "at": 1, "do": {"status": 401, "headers": header}}])
        self.assertEqual(self.read(graph).returncode, 1)
        self.assertEqual([r["status"] for r in self.asked(graph)], [401, 401])


if __name__ == "__main__":
    unittest.main()
