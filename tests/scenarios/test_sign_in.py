# SPDX-License-Identifier: MIT
"""Signing in with a secret, a certificate or a federated token, from the file to Graph; and what is said
and done when that is refused. A machine's own identity: test_machine.py."""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import CLIENT, CLIENT_SECRET, ROOT, TENANT, Scenario, pool, state
from signing import Pair, claims, url64

PASSWORD = "canary-key-password-b6Wq"
TRUST = {"issuer": "https://issuer.example", "subject": "system:serviceaccount:watch:seats", "audience": "api://AzureADTokenExchange"}


class SignIn(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.made.cleanup)
        directory = pathlib.Path(cls.made.name)
        cls.first, cls.second, cls.over = (Pair(directory, name, days) for name, days in (("first", 365), ("second", 365), ("over", -1)))
        cls.locked = Pair(directory, "locked", password=PASSWORD)

    def setUp(self):
        super().setUp()
        self.canaries.append(PASSWORD)
        for pair in (self.first, self.second, self.over, self.locked):
            self.canaries += pair.plain.decode().split("\n")[1:3]

    def put(self, path, name):
        """Replaces the file in one step."""
        target = self.directory / "secrets" / name
        new = target.with_suffix(".new")
        shutil.copy(path, new)
        new.chmod(0o600)
        new.rename(target)
        return target

    def put_pair(self, pair):
        return self.put(pair.certificate, "app.crt"), self.put(pair.key, "app.key")

    def by_certificate(self, pair, more=""):
        certificate, key = self.put_pair(pair)
        return f'auth = "certificate"; certificate_file = "{certificate}"; private_key_file = "{key}"; {more}'

    def configure_by(self, graph, how, hooks=(), **more):
        """The usual tenant, signing in as `how` says."""
        (self.directory / "secrets").mkdir(exist_ok=True, mode=0o700)
        self.configure(graph, hooks, **more)
        text = self.config.read_text()
        self.config.write_text(re.sub(r'client_secret_file = "[^"]*";', lambda _: how, text, count=1))

    def sign_ins(self, graph, accepted=None):
        found = graph.requests("oauth2/v2.0/token")
        return [r for r in found if accepted is None or (r["status"] == 200) == accepted]

    def poll_now(self):
        self.daemon.send_signal(signal.SIGUSR1)

    def heals(self, graph, hook, mend, number):
        self.start()
        message = self.wait_message(hook, "alert.firing", rule="poll")
        self.assertIn(f"AADSTS{number}", message["data"]["next_step"])
        self.assertEqual(len(self.sign_ins(graph)), 1)
        mend()
        self.wait_message(hook, "alert.resolved", seconds=15, rule="poll")
        self.assertEqual(len(self.sign_ins(graph)), 2)
        self.assertEqual(self.stop(), 0)


class Certificate(SignIn):
    def test_each_form_of_statement_is_accepted(self):
        for form, alg, name, hash_name in (("PS256", "PS256", "x5t#S256", "sha256"), ("RS256", "RS256", "x5t", "sha1")):
            with self.subTest(form):
                graph = self.graph(state(pool()), certificates=[self.first.pem], client_secret="none")
                self.configure_by(graph, self.by_certificate(self.first, f'assertion = "{form}";'))
                before = int(time.time())
                report = self.once(expect=0)
                self.assertTrue(report["tenants"][0]["complete"])
                (line,) = self.sign_ins(graph)
                said = line["assertion"]
                self.assertEqual((said["alg"], said[name]), (alg, self.first.thumbprint(hash_name)))
                self.assertEqual((said["iss"], said["sub"]), (CLIENT, CLIENT))
                self.assertEqual(said["aud"], f"{graph.ready['http']}/{TENANT}/oauth2/v2.0/token")
                self.assertLess(said["nbf"], before)
                self.assertLessEqual(said["exp"] - said["nbf"], 600)
                self.assertEqual(line["token"]["secret"], "missing")
                self.assertEqual(sorted(line["token"]["fields"]), ["client_assertion", "client_assertion_type", "client_id",
                                                                  "grant_type", "scope"])
                graph.stop()

    def test_a_verifier_that_is_not_ours_accepts_it_and_nothing_that_was_changed(self):
        def verify(text, pair, audience=None, client=CLIENT):
            done = subprocess.run(["node", ROOT / "tests/oracles/assertion.mjs", pair.certificate, audience or address, client],
                                  input=text, capture_output=True, text=True)
            return done.stdout.strip() if done.returncode == 0 else done.stderr
        for form in ("PS256", "RS256"):
            with self.subTest(form):
                graph = self.graph(state(pool()), certificates=[self.first.pem])
                self.configure_by(graph, self.by_certificate(self.first, f'assertion = "{form}";'))
                self.once(expect=0)
                address = f"{graph.ready['http']}/{TENANT}/oauth2/v2.0/token"
                caught = (self.directory / "secrets/issued").read_text().split()[-2]  # then came the token
                self.assertEqual(verify(caught, self.first), form)
                head, body, signature = caught.split(".")
                for changed in (f"{head}.{body[:-4]}AAAA.{signature}", f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body}.",
                                f"{url64(b'{}')}.{body}.{signature}"):
                    self.assertNotEqual(verify(changed, self.first), form)
                self.assertIn("signature verification failed", verify(caught, self.second))
                self.assertIn('"aud"', verify(caught, self.first, address + "/"))
                self.assertIn('"iss"', verify(caught, self.first, client=TENANT))
                graph.stop()

    def test_an_encrypted_key_opens_with_its_password_file(self):
        graph = self.graph(state(pool()), certificates=[self.locked.pem])
        word = self.secret("word", PASSWORD + "\n")
        self.configure_by(graph, self.by_certificate(self.locked, f'private_key_password_file = "{word}";'))
        self.once(expect=0)
        self.secret("word", "wrong")
        done = self.run_daemon("--once")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"the password in {word} does not open the private key", done.stderr)

    def test_a_renewed_pair_is_used_at_the_next_sign_in(self):
        graph = self.graph(state(pool(), certificates=[self.first.pem]),
                           {"when": {"signal": True}, "revoke_tokens": True, "certificates": [self.second.pem]})
        hook = self.hook()
        self.configure_by(graph, self.by_certificate(self.first), [hook])
        self.start()
        self.wait("a poll", lambda: graph.requests("assignmentErrors"))
        self.put_pair(self.second)
        graph.process.send_signal(signal.SIGUSR1)
        accepted = self.wait("the second sign-in", lambda: self.sign_ins(graph, True)[1:])
        self.assertEqual(accepted[0]["assertion"]["x5t#S256"], self.second.thumbprint("sha256"))
        polls = len(graph.requests("assignmentErrors"))
        self.wait("polls that go on", lambda: len(graph.requests("assignmentErrors")) > polls + 2)
        self.assertEqual(self.stop(), 0)
        self.assertEqual((hook.messages(), self.sign_ins(graph, False)), ([], []))

    def test_a_half_replaced_pair_is_named_and_heals_when_it_is_whole(self):
        graph = self.graph(state(pool(), certificates=[self.first.pem, self.second.pem]),
                           {"when": {"signal": True}, "revoke_tokens": True})
        hook = self.hook()
        self.configure_by(graph, self.by_certificate(self.first), [hook], interval="10m")
        self.start()
        self.wait("a poll", lambda: graph.requests("assignmentErrors"))
        self.put(self.second.certificate, "app.crt")
        graph.process.send_signal(signal.SIGUSR1)
        self.wait("the next state", lambda: (self.poll_now(), graph.requests("allotments")[-1]["status"] == 401)[1])
        message = self.wait_message(hook, "alert.firing", rule="poll")
        self.assertIn("replace both files", message["data"]["next_step"])
        self.assertEqual(len(self.sign_ins(graph)), 1)  # nothing is sent that cannot be right
        self.put(self.second.key, "app.key")
        self.wait_message(hook, "alert.resolved", seconds=15, rule="poll")
        self.assertEqual(self.stop(), 0)

    def test_an_expired_certificate_is_refused_in_words(self):
        graph = self.graph(state(pool()), certificates=[self.over.pem])
        hook = self.hook()
        self.configure_by(graph, self.by_certificate(self.over), [hook])
        done = self.run_daemon("--once", "--json")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"the certificate ended on \d{4}-\d\d-\d\d, and Entra will refuse it")
        message = self.wait_message(hook, "alert.firing", rule="poll")
        self.assertIn("AADSTS700027", message["data"]["next_step"])
        self.assertIn("the certificate is uploaded", message["data"]["next_step"])

    def test_a_certificate_that_nobody_uploaded_is_refused_in_words(self):
        graph = self.graph(state(pool()), certificates=[self.second.pem])
        self.configure_by(graph, self.by_certificate(self.first))
        done = self.run_daemon("--check-access")
        self.assertEqual(done.returncode, 1)
        self.assertIn("AADSTS700027", done.stdout)
        self.assertIn("that the certificate is uploaded to the application", done.stdout)


class Federated(SignIn):
    """A token file as a platform projects it."""

    def setUp(self):
        super().setUp()
        self.trust = {**TRUST, "certificate": self.first.pem}

    def token(self, **changed):
        said = {**claims(TRUST["audience"], TRUST["issuer"], TRUST["subject"]), **changed}
        text = self.first.sign({"alg": "RS256", "typ": "JWT", "kid": "1"}, said)
        self.canaries.append(text[-40:])
        return text

    def project(self, text, version):
        """As a kubelet does: the file is a link through a link to a directory that changes in one step."""
        root = self.directory / "secrets" / "projected"
        real = root / f"..{version}"
        real.mkdir(parents=True)
        (real / "token").write_text(text)
        (root / "..new").symlink_to(real.name)
        (root / "..new").rename(root / "..data")
        if not (root / "token").is_symlink():
            (root / "token").symlink_to("..data/token")
        return root / "token"

    def by_token(self, path):
        return f'auth = "workload_identity"; federated_token_file = "{path}";'


class WorkloadIdentity(Federated):
    def test_the_token_file_is_read_at_each_sign_in(self):
        graph = self.graph(state(pool(), federated=[self.trust]), {"when": {"signal": True}, "revoke_tokens": True})
        self.configure_by(graph, self.by_token(self.project(self.token(jti="one"), 1)))
        self.start()
        self.wait("a poll", lambda: graph.requests("assignmentErrors"))
        self.project(self.token(jti="two"), 2)
        graph.process.send_signal(signal.SIGUSR1)
        self.wait("two sign-ins", lambda: len(self.sign_ins(graph, True)) == 2)
        self.assertEqual([r["assertion"]["jti"] for r in self.sign_ins(graph)], ["one", "two"])
        self.assertEqual(self.stop(), 0)

    def test_what_is_refused_says_what_to_mend(self):
        graph = self.graph(state(pool()), federated=[self.trust])
        now = int(time.time())
        for number, (changed, code, words) in enumerate([
                ({"iss": "https://other.example"}, "AADSTS70021", "check its issuer, subject and audience"),
                ({"sub": "somebody"}, "AADSTS700213", "check its issuer, subject and audience"),
                ({"nbf": now - 7200, "exp": now - 3600}, "AADSTS700024", "that the token file is renewed; this machine's clock is right")]):
            with self.subTest(code):
                self.configure_by(graph, self.by_token(self.project(self.token(**changed), number)))
                done = self.run_daemon("--check-access")
                self.assertEqual(done.returncode, 1)
                self.assertIn(code, done.stdout)
                self.assertIn(words, done.stdout)

    def test_the_platform_s_environment_counts_for_this_kind_only(self):
        graph = self.graph(state(pool()), federated=[self.trust])
        path = self.project(self.token(), 1)
        where = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_FEDERATED_TOKEN_FILE": str(path),
                 "AZURE_AUTHORITY_HOST": graph.ready["http"] + "/"}
        env = ["env", *(f"{k}={v}" for k, v in where.items())]

        def without(*keys, auth):
            self.configure_by(graph, auth)
            text = self.config.read_text()
            for key in keys:
                text = re.sub(rf'\b{key} = "[^"]*";', "", text, count=1)
            self.config.write_text(text)
        without("tenant_id", "client_id", "login_url", auth='auth = "workload_identity";')
        self.assertEqual(self.run_daemon("--once", wrapper=env).returncode, 0)
        self.assertEqual(self.sign_ins(graph)[0]["tenant"], TENANT)
        without("client_id", auth=f'client_secret_file = "{self.directory}/secrets/tenant.secret";')
        done = self.run_daemon("--once", wrapper=env)
        self.assertEqual((done.returncode, "client_id" in done.stderr), (78, True))
        nowhere = ["env", *(f"{k}=/nowhere" for k in where)]
        without(auth=f'client_secret_file = "{self.directory}/secrets/tenant.secret";')
        self.assertEqual(self.run_daemon("--once", wrapper=nowhere).returncode, 0)


class Repair(SignIn):
    """Polls ten minutes apart, refused sign-ins five minutes: what comes sooner came from the file."""

    def test_a_secret_that_is_replaced_by_rename_is_tried_at_once(self):
        graph, hook = self.graph(state(pool())), self.hook()
        self.configure(graph, [hook], interval="10m")
        right = self.secret("right", CLIENT_SECRET)
        self.secret("tenant.secret", "not-this-one")
        self.heals(graph, hook, lambda: self.put(right, "tenant.secret"), 7000215)

    def test_a_secret_that_is_still_wrong_waits_again(self):
        graph, hook = self.graph(state(pool())), self.hook()
        self.configure(graph, [hook], interval="10m")
        self.secret("tenant.secret", "not-this-one")
        self.start()
        self.wait("a refusal", lambda: self.sign_ins(graph, False))
        self.secret("tenant.secret", "nor-that-one")
        self.wait("another", lambda: len(self.sign_ins(graph)) == 2)
        self.secret("tenant.secret", CLIENT_SECRET)
        self.wait("a token", lambda: self.sign_ins(graph, True))
        self.assertEqual(len(self.sign_ins(graph)), 3)
        self.assertEqual(self.stop(), 0)

    def test_a_certificate_that_is_renewed_is_tried_at_once(self):
        graph, hook = self.graph(state(pool()), certificates=[self.second.pem]), self.hook()
        self.configure_by(graph, self.by_certificate(self.first), [hook], interval="10m")

        def mend():
            self.put_pair(self.second)
        self.heals(graph, hook, mend, 700027)


class RepairToken(Federated):
    def test_a_token_that_a_link_swap_brings_is_tried_at_once(self):
        graph, hook = self.graph(state(pool()), federated=[self.trust]), self.hook()
        self.configure_by(graph, self.by_token(self.project(self.token(sub="x"), 1)), [hook], interval="10m")
        self.heals(graph, hook, lambda: self.project(self.token(), 2), 700213)


class Canaries(SignIn):
    """That no secret is found after a test means something only if it would be."""

    def planted(self, what):
        found = self.leaks()
        self.shown.clear()
        self.assertTrue([f for f in found if f.startswith(what)], found)

    def test_a_leak_would_be_found_wherever_it_is(self):
        graph, hook = self.graph(state(pool(waiting=3)), certificates=[self.locked.pem]), self.hook()
        word = self.secret("word", PASSWORD + "\n")
        self.configure_by(graph, self.by_certificate(self.locked, f'private_key_password_file = "{word}";'), [hook])
        self.start(wrapper=["env", f"PLANTED={PASSWORD}"])
        self.wait("a poll", lambda: graph.requests("assignmentErrors"))
        self.wait("an alert", hook.messages)
        self.assertEqual(self.stop(), 0)
        limits = dict(self.shown)["/proc/PID/limits"].decode()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.planted("/proc/PID/environ")
        self.assertEqual(self.leaks(), [])
        assertion, token = (self.directory / "secrets/issued").read_text().split()[:2]
        key_line = self.locked.plain.decode().split("\n")[1]
        for name, secret in (("assertion", assertion), ("token", token), ("key", key_line), ("word", PASSWORD)):
            path = self.directory / "state" / name
            path.write_text(f"... {secret} ...")
            self.planted(name)
            path.unlink()
        with open(hook.directory / "hooks.jsonl", "a") as log:
            log.write(json.dumps({"body": f"x{token}"}) + "\n")
        self.planted("hooks.jsonl")
        (hook.directory / "hooks.jsonl").unlink()


if __name__ == "__main__":
    unittest.main()
