# SPDX-License-Identifier: MIT
"""Mail, through a server that nobody here wrote (Debian's aiosmtpd, over TLS, STARTTLS and in plain text, kind and unkind)
and through Graph. Python's email package reads what arrived, and the mails of the unit tests."""
import asyncio
import email
import email.policy
import html.parser
import json
import re
import ssl
import threading
import unittest

from aiosmtpd.smtp import SMTP, AuthResult

from harness import CLIENT, CLIENT_SECRET, ROOT, TENANT, Scenario, pool, state
from signing import openssl

FIXTURES = ROOT / "tests/fixtures/receivers"
FULL = pool("pool-1", allotted=100, consumed=100, waiting=26)
FAST = 'alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; first_run = "each"; };'
PASSWORD = "canary-mail-password-7d2b"


class Session(SMTP):
    line_length_limit = 65536  # of a token, too

    async def smtp_DATA(self, arg):
        if self.event_handler.next_answer("DATA"):
            await self.push("354 go on")
            self.transport.close()
            return
        await super().smtp_DATA(arg)


class Server:
    """Listens on a port that the kernel picks, in a thread with a loop of its own. `answers` are used up one after the
    other: (command, reply), for DATA the end of the connection."""

    def __init__(self, context=None, implicit=False, answers=(), **options):
        self.mails, self.signed_in, self.answers = [], [], list(answers)
        if context and not implicit:
            options.update(tls_context=context, require_starttls=True)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        make = lambda: Session(self, hostname="mx", loop=self.loop, authenticator=self.authenticate, auth_require_tls=not implicit, **options)
        start = self.loop.create_server(make, host="127.0.0.1", port=0, ssl=context if implicit else None)
        self.server = asyncio.run_coroutine_threadsafe(start, self.loop).result(30)
        self.port = self.server.sockets[0].getsockname()[1]

    def stop(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()

    def next_answer(self, command):
        if self.answers and self.answers[0][0] == command:
            return self.answers.pop(0)[1]
        return None

    def authenticate(self, server, session, envelope, mechanism, data):
        self.signed_in.append((session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None, mechanism, data.login, data.password))
        return AuthResult(success=data.password == PASSWORD.encode())

    async def auth_XOAUTH2(self, server, args):
        answer = await server.challenge_auth("")
        self.signed_in.append((server.transport.get_extra_info("ssl_object") is not None, "XOAUTH2", *answer.split(b"\x01")[:2]))
        return AuthResult(success=True)

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.next_answer("RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        answer = self.next_answer("MESSAGE")
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.content), answer))
        return answer or "250 2.0.0 queued"

    def accepted(self):
        return [email.message_from_bytes(content, policy=email.policy.default) for _, _, content, answer in self.mails if not answer]


class Mail(Scenario):
    def server(self, **options):
        server = Server(**options)
        self.addCleanup(server.stop)
        return server

    def context(self, name="localhost"):
        """A certificate for this name that an authority of our own has signed."""
        d = self.directory
        if not (d / "ca.crt").exists():
            openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", d / "ca.key", "-out", d / "ca.crt", "-days", "2",
                    "-subj", "/CN=test authority", "-addext", "keyUsage=critical,keyCertSign", "-batch")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", d / "mx.key", "-out", d / "mx.csr", "-subj", f"/CN={name}", "-batch")
        (d / "mx.ext").write_text(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", d / "mx.csr", "-CA", d / "ca.crt", "-CAkey", d / "ca.key", "-set_serial", "7", "-days", "2",
                "-extfile", d / "mx.ext", "-out", d / "mx.crt")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(d / "mx.crt", d / "mx.key")
        return context

    def receiver(self, url, to=("oncall@example.com",), more=""):
        return [f'{{ name = "mail"; type = "email"; server = "{url}"; from = "seats@example.com"; to = {json.dumps(to)}; {more} }}']

    def sign_in(self):
        self.canaries.append(PASSWORD)
        return f'auth = "password"; user = "seats"; password_file = "{self.secret("mail.pw", PASSWORD)}"; ca_file = "{self.directory}/ca.crt";'

    def deliveries(self, expect):
        d = self.once(expect=expect)["deliveries"]
        return d["delivered"], d["pending"], d["failed"]


class Smtp(Mail):
    def test_an_alert_is_one_thread_of_mails_over_tls(self):
        server = self.server(context=self.context(), implicit=True, auth_required=True)
        graph = self.graph(state(pool("pool-1", allotted=100, consumed=100, waiting=2)), state(FULL, poll=3), state(pool("pool-1", allotted=200), poll=5))
        self.configure(graph, receivers=self.receiver(f"smtps://localhost:{server.port}", ["oncall@example.com", "team@example.com"], self.sign_in()), extra=FAST)
        self.start()
        self.wait("three mails", lambda: len(server.mails) == 3)
        self.assertEqual(self.stop(), 0)
        self.assertEqual({s[0] for s in server.signed_in}, {True})
        self.assertEqual({s[2:] for s in server.signed_in}, {(b"seats", PASSWORD.encode())})
        self.assertEqual({(m[0], tuple(m[1])) for m in server.mails}, {("seats@example.com", ("oncall@example.com", "team@example.com"))})
        mails = server.accepted()
        self.assertEqual([m["subject"].split(":")[0] for m in mails], ["WARNING", "CRITICAL, was warning", "RESOLVED"])
        self.assertEqual(len({m["message-id"] for m in mails}), 3)
        self.assertEqual(len({(m["references"], m["in-reply-to"]) for m in mails}), 1)
        for m in mails:
            self.assertEqual((m.defects, m["auto-submitted"]), ([], "auto-generated"))
            self.assertEqual([p.get_content_type() for p in m.iter_parts()], ["text/plain", "text/html"])
            self.assertIn("Microsoft 365 E5", m.get_body(("plain",)).get_content())
        self.assertIn("26 waiting", mails[1]["subject"])

    def test_starttls_comes_before_everything_else(self):
        server = self.server(context=self.context(), auth_required=True)
        self.configure(self.graph(state(FULL)), receivers=self.receiver(f"smtp://localhost:{server.port}", more=self.sign_in()), extra=FAST)
        self.assertEqual(self.deliveries(expect=0), (1, 0, 0))
        self.assertEqual([(tls, login) for tls, _, login, _ in server.signed_in], [(True, b"seats")])

    def test_without_starttls_or_with_a_certificate_that_does_not_pass_nothing_is_sent(self):
        server, context = self.server(), self.context("elsewhere")
        implicit, named = self.server(context=context, implicit=True), self.server(context=context)
        for url, ca, says in ((f"smtp://localhost:{server.port}", True, "offers no STARTTLS"),
                              (f"smtp://localhost:{named.port}", True, "its certificate is for another name"),
                              (f"smtps://localhost:{implicit.port}", True, "its certificate is for another name"),
                              (f"smtps://localhost:{implicit.port}", False, "its certificate is from an unknown issuer")):
            with self.subTest(url, ca=ca):
                self.configure(self.graph(state(FULL)), receivers=self.receiver(url, more=self.sign_in() if ca else ""), extra=FAST)
                done = self.run_daemon("--test-receiver", "mail")
                self.assertIn(says, done.stdout + done.stderr)
        self.assertEqual([s.mails + s.signed_in for s in (server, implicit, named)], [[], [], []])

    def test_a_temporary_reply_is_retried_and_a_permanent_one_is_not(self):
        for command, reply, want in (("RCPT", "450 4.2.0 greylisted", (0, 1, 0)), ("MESSAGE", "452 4.3.1 disk full", (0, 1, 0)),
                                     ("DATA", "the connection ends", (0, 1, 0)), ("RCPT", "550 5.1.1 unknown", (0, 0, 1)), ("MESSAGE", "554 5.6.0 not here", (0, 0, 1))):
            with self.subTest(reply):
                server = self.server(answers=[(command, reply)])
                self.configure(self.graph(state(FULL)), receivers=self.receiver(f"smtp://127.0.0.1:{server.port}"), extra=FAST)
                for file in (self.directory / "state").glob("*"):
                    file.unlink()
                self.assertEqual(self.deliveries(expect=1), want)
                self.assertEqual(server.accepted(), [])

    def test_a_wrong_password_waits_for_the_right_one(self):
        server = self.server(context=self.context(), implicit=True, auth_required=True)
        self.configure(self.graph(state(FULL)), receivers=self.receiver(f"smtps://localhost:{server.port}", more=self.sign_in()), extra=FAST)
        self.secret("mail.pw", "wrong")
        self.assertEqual(self.deliveries(expect=1), (0, 1, 0))
        self.secret("mail.pw", PASSWORD)
        done = self.run_daemon("--test-receiver", "mail")
        self.assertIn("queued", done.stdout + done.stderr)

    def test_a_mail_that_is_sent_again_has_the_same_bytes(self):
        server = self.server(answers=[("MESSAGE", "451 4.3.0 not now")])
        self.configure(self.graph(state(FULL)), receivers=self.receiver(f"smtp://127.0.0.1:{server.port}"), extra=FAST)
        self.start()
        self.wait("an accepted mail", server.accepted)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(len(server.mails), 2)
        self.assertEqual(server.mails[0][2], server.mails[1][2])

    def test_each_customer_has_an_address_of_its_own(self):
        server = self.server()
        config = self.configure(self.graph(state(FULL)), receivers=self.receiver(f"smtp://127.0.0.1:{server.port}", ["{labels.mail}"]), extra=FAST)
        done = self.run_daemon("--check-config")
        self.assertEqual(done.returncode, 78)
        self.assertIn("tenant contoso needs the label mail", done.stderr)
        config.write_text(config.read_text().replace('group = "gold"', 'mail = "help@contoso.example"'))
        self.assertEqual(self.run_daemon("--check-config").returncode, 0)
        self.assertEqual(self.deliveries(expect=0), (1, 0, 0))
        self.assertEqual(server.mails[0][1], ["help@contoso.example"])


    def test_no_digest_has_alerts_of_two_customers(self):
        """That of the first polls, and those of a storm."""
        names = {"contoso": None, "fabrikam": "33333333-2222-4333-8444-555555555555"}
        pools = {n: [pool(f"{n}-{i}", 100, 95) for i in range(2)] for n in names}
        storm = {n: [pool(f"{n}-{i}", 100, 100) for i in range(2, 6)] for n in names}
        states = {n: [state(*pools[n]), state(*pools[n], *storm[n], poll=3)] for n in names}
        server = self.server()
        graph = self.graph(*states["contoso"], others=[{"id": names["fabrikam"], "client_id": CLIENT, "client_secret": CLIENT_SECRET,
                                                        "scope": "https://graph.microsoft.com/.default", "states": states["fabrikam"]}])
        config = self.configure(graph, receivers=self.receiver(f"smtp://127.0.0.1:{server.port}", ["{labels.mail}"]),
                                extra=FAST.replace(' first_run = "each";', "") + " storm: { burst = 1; rate = 2; };")
        text = config.read_text().replace('labels = { group = "gold"; };', 'labels = { mail = "help@contoso.example"; };')
        one = text[text.index("{ name"):text.index(" );")]
        other = one.replace("contoso", "fabrikam").replace(TENANT, names["fabrikam"])
        config.write_text(text.replace(one, f"{one}, {other}"))
        self.start()
        said = lambda m: m["subject"] + m.get_body(("plain",)).get_content()
        wanted = {(n, str(i)) for n in names for i in range(1, 7)}
        self.wait("every alert", lambda: wanted <= set(re.findall(r"(\w+): Microsoft 365 E5 \(pool (\d) of", "".join(map(said, server.accepted())))))
        self.assertEqual(self.stop(), 0)
        self.assertGreater(sum("combined" in m["subject"] for m in server.accepted()), 0)
        for m in server.accepted():
            self.assertEqual({f"help@{name}.example" for name in re.findall("contoso|fabrikam", said(m))}, {m["to"]}, said(m))


class Sender(Mail):
    """An application of its own signs in at the simulator."""
    TENANT, CLIENT, SECRET = "22222222-2222-4333-8444-555555555555", "77777777-aaaa-4bbb-8ccc-dddddddddddd", "canary-of-a-sender~Q8"

    def graph_for(self, resource):
        self.canaries.append(self.SECRET)
        return self.graph(state(FULL), others=[{"id": self.TENANT, "client_id": self.CLIENT, "client_secret": self.SECRET,
                                                "scope": f"{resource}/.default", "states": [state()]}])


class Xoauth2(Sender):
    def test_a_token_of_the_sender_signs_in_to_the_mail_server(self):
        graph, server = self.graph_for("https://outlook.office365.com"), self.server(context=self.context(), implicit=True, auth_required=True)
        self.configure(graph, extra=FAST, receivers=self.receiver(f"smtps://localhost:{server.port}", more=(
            f'auth = "xoauth2"; user = "seats@example.com"; tenant_id = "{self.TENANT}"; client_id = "{self.CLIENT}"; ca_file = "{self.directory}/ca.crt"; '
            f'client_secret_file = "{self.secret("sender.secret", self.SECRET)}"; login_url = "{graph.ready["http"]}";')))
        self.assertEqual(self.deliveries(expect=0), (1, 0, 0))
        ((tls, mechanism, user, token),) = server.signed_in
        self.assertEqual((tls, mechanism, user), (True, "XOAUTH2", b"user=seats@example.com"))
        self.assertRegex(token, rb"\Aauth=Bearer \S+\Z")


class GraphMail(Sender):
    """The catcher is Graph."""

    def set_up(self, more=""):
        graph, self.catcher = self.graph_for("https://graph.microsoft.com"), self.hook()
        row = (f'{{ name = "exo"; type = "graph_mail"; tenant_id = "{self.TENANT}"; client_id = "{self.CLIENT}"; '
               f'client_secret_file = "{self.secret("sender.secret", self.SECRET)}"; graph_url = "{self.catcher.ready["url"]}"; '
               f'login_url = "{graph.ready["http"]}"; from = "seats@example.com"; to = [ "oncall@example.com" ]; {more} }}')
        self.configure(graph, receivers=[row], extra=FAST)
        return graph

    def test_a_mail_is_posted_with_a_token_of_the_sender(self):
        graph = self.set_up()
        self.catcher.answer([{"match": {"path": "/v1.0/*"}, "do": {"status": 202}}])
        self.assertEqual(self.once(expect=0)["deliveries"], {"delivered": 1, "pending": 0, "failed": 0})
        (request,) = self.catcher.requests()
        self.assertEqual((request["method"], request["path"]), ("POST", "/v1.0/users/seats@example.com/sendMail"))
        self.assertRegex(request["headers"]["authorization"], r"\ABearer \S+\Z")
        body = json.loads(request["body"])
        self.assertIs(body["saveToSentItems"], False)
        self.assertIn("26 waiting", body["message"]["subject"])
        self.assertEqual(body["message"]["toRecipients"], [{"emailAddress": {"address": "oncall@example.com"}}])
        self.assertEqual(len([r for r in graph.requests(f"/{self.TENANT}/oauth2")]), 1)

    def test_a_refusal_of_graph_is_retried_and_a_bad_request_is_not(self):
        self.set_up()
        for status, want in ((403, (0, 1, 0)), (429, (0, 1, 0)), (400, (0, 0, 1))):
            with self.subTest(status):
                self.catcher.answer([{"match": {"path": "/v1.0/*"}, "do": {"status": status, "body": {"error": {"code": "ErrorAccessDenied"}}}}])
                for file in (self.directory / "state").glob("*"):
                    file.unlink()
                d = self.once(expect=1)["deliveries"]
                self.assertEqual((d["delivered"], d["pending"], d["failed"]), want)


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text.append(data)


class Goldens(unittest.TestCase):
    def test_python_reads_every_mail_without_a_defect(self):
        names = sorted(FIXTURES.glob("email_*.eml"))
        self.assertEqual(len(names), 5)
        for path in names:
            with self.subTest(path.name):
                mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
                plain, rich = mail.iter_parts()
                self.assertEqual((mail.defects, plain.defects, rich.defects), ([], [], []))
                self.assertEqual([a.addr_spec for a in mail["to"].addresses], ["oncall@example.com", "team@example.com"])
                self.assertEqual(mail["date"].datetime.isoformat(), "2026-11-22T01:02:03+00:00")
                self.assertIsNone(mail["bcc"])
                text, tags = plain.get_content(), Tags()
                tags.feed(rich.get_content())
                squeezed = re.sub(r"\s+", " ", text)
                self.assertTrue(squeezed.startswith(mail["subject"]), mail["subject"])
                self.assertLessEqual(tags.tags, {"html", "body", "table", "tr", "td", "th", "p", "b", "br", "a", "small"})
                words = re.sub(r"\s+", "", "".join(tags.text))
                self.assertIn(re.sub(r"\s+", "", mail["subject"].split(": ", 1)[1]), words)


if __name__ == "__main__":
    unittest.main()
