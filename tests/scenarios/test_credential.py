# SPDX-License-Identifier: MIT
"""The end of what tenants sign in with: told before it comes, by the certificate, by a day in the
configuration or by Graph; over when a renewed one has been used; and one alarm where two would speak
of one cause."""
import pathlib
import re
import signal
import tempfile
import time
import unittest

from harness import CLIENT, CLIENT_SECRET, TENANT, Scenario, pool, scenario, state
from signing import DAY, Pair

NEW_SECRET = "nEw-client-secret-8Rt5~y.2"


def midnight():
    return time.time() // DAY * DAY


def day(n):
    """So many days from today."""
    return time.strftime("%Y-%m-%d", time.gmtime(midnight() + n * DAY))


def moment(n):
    """So many days from the midnight that today began with, for days are counted by the calendar."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(midnight() + n * DAY))


def secret(hint, n, **more):
    return {"hint": hint, "endDateTime": moment(n), "keyId": "d1d1d1d1-0000-4000-8000-000000000001", **more}


class Credential(Scenario):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.made.cleanup)
        directory = pathlib.Path(cls.made.name)
        cls.near, cls.later, cls.over = (Pair(directory, name, days - (time.time() - midnight()) / DAY)
                                         for name, days in (("near", 5.5), ("later", 300), ("over", -1)))

    def setUp(self):
        super().setUp()
        self.canaries.append(NEW_SECRET)

    def say(self, hook, graph, extra="", tenant_extra="", **more):
        self.configure(graph, [hook], extra='dates_at = "00:00";\n' + extra, tenant_extra=tenant_extra, **more)

    def put_pair(self, pair):
        for path, name in ((pair.key, "app.key"), (pair.certificate, "app.crt")):
            new = self.directory / "secrets" / (name + ".new")
            new.touch(mode=0o600)
            new.write_bytes(path.read_bytes())
            new.rename(self.directory / "secrets" / name)

    def by_certificate(self):
        text = self.config.read_text()
        how = (f'auth = "certificate"; certificate_file = "{self.directory}/secrets/app.crt"; '
               f'private_key_file = "{self.directory}/secrets/app.key";')
        self.config.write_text(re.sub(r'client_secret_file = "[^"]*";', lambda _: how, text))

    def shared(self, tenant_extra, states, but_one=""):
        """Four tenants of one application; the last one may say something else."""
        ids = [TENANT] + [f"{n:08d}-2222-4333-8444-555555555555" for n in (1, 2, 3)]
        graph = self.graph(state(pool()))
        one = scenario()["tenants"][0]
        graph.change({"tenants": [{**one, "id": t, "states": states(i)} for i, t in enumerate(ids)]})
        hook = self.hook()
        self.say(hook, graph, tenant_extra=tenant_extra)
        text = self.config.read_text()
        entry = re.search(r"\{ name = \"contoso\".*? \} \);", text, re.S).group()[:-3]
        more = [entry.replace('"contoso"', f'"tenant-{i}"').replace(TENANT, t) for i, t in enumerate(ids) if i]
        more[-1] = more[-1].replace(tenant_extra, but_one or tenant_extra)
        self.config.write_text(text.replace(entry, ",\n".join([entry, *more])))
        return graph, hook

    def fired(self, hook, **data):
        return self.wait_message(hook, "alert.firing", rule="credential", **data)["data"]

    def rules(self, hook):
        """Who has spoken: (rule, type) in order."""
        return [(m["data"]["rule"], m["type"]) for m in hook.messages()]

    def asked(self, graph):
        return graph.requests("/v1.0/applications(appId=")

    def polls(self, graph, n):
        before = len(graph.requests("assignmentErrors"))
        self.wait(f"{n} more polls", lambda: len(graph.requests("assignmentErrors")) >= before + n)


class Certificate(Credential):
    def test_a_certificate_near_its_end_is_told_and_a_renewed_one_ends_it_once_it_was_used(self):
        graph = self.graph(state(pool(), certificates=[self.near.pem]), {"when": {"signal": True}, "certificates":
                           [self.near.pem, self.later.pem]}, client_secret="none")
        hook = self.hook()
        self.say(hook, graph)
        self.put_pair(self.near)
        self.by_certificate()
        self.start()
        alarm = self.fired(hook)
        self.assertEqual((alarm["severity"], alarm["value"], alarm["threshold"], alarm["unit"]), ("critical", 5, 7, "days"))
        self.assertRegex(alarm["title"], r"^contoso: certificate app\.crt expires in 5 days, on \d{4}-\d\d-\d\d \d\d:\d\d UTC$")
        self.assertEqual(alarm["tenant"]["labels"], {"group": "gold"})
        detail = alarm["detail"]
        self.assertEqual((detail["credential"], detail["client_id"], detail["tenants"], detail["tenant_count"]),
                         ("certificate", CLIENT, ["contoso"], 1))
        self.assertEqual(detail["expires_at"][:10], moment(5.5)[:10])
        # A new pair that the application does not know yet is no all-clear: the old token still reads.
        self.put_pair(self.later)
        self.wait("a refusal of the new pair", lambda: [r for r in graph.requests("/token") if r["status"] != 200])
        self.polls(graph, 3)
        self.assertEqual(self.rules(hook), [("credential", "alert.firing")])
        graph.process.send_signal(signal.SIGUSR1)  # it was uploaded
        self.put_pair(self.near)
        self.put_pair(self.later)
        resolved = self.wait_message(hook, "alert.resolved", rule="credential")["data"]
        self.assertRegex(resolved["title"], r"^contoso: resolved after .*: certificate app\.crt is valid until \d{4}-")
        self.assertEqual(resolved["detail"]["expires_at"][:10], moment(300)[:10])
        self.assertEqual(self.rules(hook), [("credential", "alert.firing"), ("credential", "alert.resolved")])
        self.assertEqual(self.stop(), 0)

    def test_it_is_shown_by_check_access(self):
        graph = self.graph(state(pool()), certificates=[self.near.pem], client_secret="none")
        self.say(self.hook(), graph)
        self.put_pair(self.near)
        self.by_certificate()
        shown = self.run_daemon("--check-access")
        self.assertEqual(shown.returncode, 0, shown.stdout)
        self.assertRegex(shown.stdout, rf"\n  ok   certificate: ends on {moment(5.5)[:10]}T.*, in 5 days\n")


class Secret(Credential):
    def test_a_secret_that_moves_to_another_folder_goes_on_under_its_name(self):
        graph = self.graph(state(pool()))
        hook = self.hook()
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(20)}";')
        self.start()
        self.fired(hook)
        known = [m["data"]["alert_id"] for m in hook.messages()]
        here, there = self.directory / "secrets/tenant.secret", self.directory / "secrets/elsewhere/tenant.secret"
        there.parent.mkdir()
        there.touch(mode=0o600)
        there.write_bytes(here.read_bytes())
        self.config.write_text(self.config.read_text().replace(str(here), str(there)))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("the reload", lambda: "configuration reloaded" in self.stderr())
        self.polls(graph, 4)
        self.assertEqual(self.stop(), 0)
        # systemd's directory: it comes under another name there.
        handed = self.directory / "secrets/credentials"
        handed.mkdir()
        there.rename(handed / "secrets_tenant.secret")
        self.config.write_text(self.config.read_text().replace(str(there), "tenant.secret"))
        self.start(wrapper=["env", f"CREDENTIALS_DIRECTORY={handed}"])
        self.polls(graph, 4)
        self.assertEqual([m["data"]["alert_id"] for m in hook.messages()], known)
        self.assertEqual(self.rules(hook), [("credential", "alert.firing")])

    def test_a_day_in_the_configuration_is_told_and_a_new_one_ends_it_after_a_reload(self):
        graph = self.graph(state(pool()))
        hook = self.hook()
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(20)}";')
        self.start()
        alarm = self.fired(hook)
        self.assertEqual((alarm["severity"], alarm["value"]), ("warning", 20))
        self.assertEqual(alarm["title"], f"contoso: client secret tenant.secret expires in 20 days, on {day(20)}")
        self.assertEqual(alarm["detail"]["expires_at"], day(20) + "T00:00:00Z")
        self.config.write_text(self.config.read_text().replace(day(20), day(400)))
        self.daemon.send_signal(signal.SIGHUP)
        resolved = self.wait_message(hook, "alert.resolved", rule="credential")["data"]
        self.assertTrue(resolved["title"].endswith(f"client secret tenant.secret is valid until {day(400)}"), resolved["title"])
        self.assertEqual(self.asked(graph), [])
        self.assertEqual(self.stop(), 0)

    def test_it_is_told_again_when_it_is_nearer_and_the_end_is_called_by_its_name(self):
        graph = self.graph(state(pool()))
        hook = self.hook()
        said = [(20, "alert.firing", "warning"), (13, "alert.updated", "warning"), (6, "alert.escalated", "critical"),
                (1, "alert.updated", "critical"), (-3, "alert.updated", "critical")]
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(20)}";')
        self.start()
        for i, (left, kind, severity) in enumerate(said):
            if i:
                self.config.write_text(self.config.read_text().replace(day(said[i - 1][0]), day(left)))
                self.daemon.send_signal(signal.SIGHUP)
            got = self.wait("the next message", lambda: hook.messages()[i:])[0]
            self.assertEqual((got["type"], got["data"]["severity"], got["data"]["value"]), (kind, severity, left))
        self.assertTrue(got["data"]["title"].endswith(f"expired on {day(-3)}, but is still accepted"), got["data"]["title"])
        self.assertEqual(got["data"]["detail"]["cause"], "ended")
        self.polls(graph, 3)
        self.assertEqual(len(hook.messages()), len(said))
        self.assertEqual(self.stop(), 0)

    def test_tenants_that_share_it_have_one_alert(self):
        graph, hook = self.shared(f'client_secret_expires = "{day(3)}";', lambda i: [state(pool())], but_one=" ")
        self.start()
        alarm = self.fired(hook)
        self.wait("every tenant was read", lambda: len({r["tenant"] for r in graph.requests("assignmentErrors")}) == 4)
        self.polls(graph, 8)
        self.assertEqual(len(hook.messages()), 1)
        self.assertEqual(alarm["tenant"], {"name": None, "id": None, "labels": {"group": "gold"}})
        self.assertEqual(alarm["detail"]["tenants"], ["contoso", "tenant-1", "tenant-2", "tenant-3"])
        self.assertEqual(alarm["title"], f"seatwatchd: client secret tenant.secret (4 tenants) expires in 3 days, on {day(3)}")
        self.assertEqual(self.stop(), 0)

    def test_all_who_share_what_has_ended_have_one_alert_and_it_is_no_outage(self):
        graph, hook = self.shared(f'client_secret_expires = "{day(0)}";', lambda i: [
            state(pool()), {"when": {"signal": True}, "sign_in": 7000222, "revoke_tokens": True}])
        self.start()
        self.fired(hook, severity="critical")
        graph.process.send_signal(signal.SIGUSR1)
        self.wait("everybody is refused", lambda: len({r["path"] for r in graph.requests("/token") if r["status"] == 401}) == 4)
        update = self.wait_message(hook, "alert.updated", rule="credential")["data"]
        self.assertEqual(update["detail"]["cause"], "refused")
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait("and again", lambda: len([r for r in graph.requests("/token") if r["status"] == 401]) >= 8)
        self.assertEqual(self.rules(hook), [("credential", "alert.firing"), ("credential", "alert.updated")])
        self.assertEqual(self.stop(), 0)

    def test_what_is_configured_no_more_is_no_longer_watched(self):
        graph = self.graph(state(pool()))
        hook = self.hook()
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(3)}";')
        self.start()
        self.fired(hook)
        self.config.write_text(self.config.read_text().replace(f'client_secret_expires = "{day(3)}";', ""))
        self.daemon.send_signal(signal.SIGHUP)
        ended = self.wait_message(hook, "alert.resolved", rule="credential")["data"]
        self.assertEqual(ended["detail"]["reason"], "rule_removed")
        self.assertIn("no longer monitored", ended["title"])
        self.assertEqual(self.stop(), 0)


class Auto(Credential):
    AUTO = 'client_secret_expires = "auto";'

    def test_graph_tells_the_end_once_a_day_and_again_for_a_new_secret(self):
        first, second = CLIENT_SECRET[:3], NEW_SECRET[:3]
        entry = {"passwordCredentials": [secret("x9_", -400), secret(first, 6.5), secret(second, 500)]}
        graph = self.graph(state(pool(), application=entry, client_secret=CLIENT_SECRET),
                           {"when": {"signal": True}, "client_secret": NEW_SECRET})
        hook = self.hook()
        self.say(hook, graph, tenant_extra=self.AUTO)
        self.start()
        alarm = self.fired(hook)
        self.assertEqual((alarm["value"], alarm["severity"]), (6, "critical"))
        self.assertEqual(alarm["detail"]["expires_at"][:13], moment(6.5)[:13])
        self.polls(graph, 3)
        (asked,) = self.asked(graph)
        self.assertEqual(asked["path"], f"/v1.0/applications(appId='{CLIENT}')")
        self.assertEqual(asked["query"], {"$select": "appId,passwordCredentials"})
        graph.process.send_signal(signal.SIGUSR1)
        self.secret("tenant.secret", NEW_SECRET + "\n")
        self.wait_message(hook, "alert.resolved", rule="credential")
        self.assertEqual(len(self.asked(graph)), 2)
        self.assertEqual(self.rules(hook), [("credential", "alert.firing"), ("credential", "alert.resolved")])
        self.assertEqual(self.stop(), 0)

    def test_of_several_that_begin_alike_the_one_that_ends_first_is_meant(self):
        graph = self.graph(state(pool(), application={"passwordCredentials": [
            secret(CLIENT_SECRET[:3], 300), secret(CLIENT_SECRET[:3], 10.5), secret(CLIENT_SECRET[:3], 200)]}))
        hook = self.hook()
        self.say(hook, graph, tenant_extra=self.AUTO)
        self.start()
        self.assertEqual(self.fired(hook)["value"], 10)
        self.assertEqual(self.stop(), 0)

    def test_a_success_without_an_entry_ends_nothing(self):
        graph = self.graph(state(pool(), application={"passwordCredentials": [secret(CLIENT_SECRET[:3], 6.5)]}),
                           faults=[{"match": {"path": "application"}, "at": n, "do": {"status": s}} for n, s in ((1, 204), (2, 206))])
        hook = self.hook()
        self.say(hook, graph, tenant_extra=self.AUTO)
        for n in (1, 2):
            self.start()
            self.wait("the answer", lambda: len(self.asked(graph)) == n)
            self.polls(graph, 2)
            self.assertEqual(self.stop(), 0)
        self.start()
        self.assertEqual(self.fired(hook)["value"], 6)
        self.assertEqual(self.stop(), 0)

    def cannot_be_told(self, words, **more):
        graph = self.graph(state(pool(), **more))
        hook = self.hook()
        self.say(hook, graph, tenant_extra=self.AUTO)
        self.start()
        self.wait("the log line", lambda: words in self.stderr())
        self.polls(graph, 4)
        self.assertEqual(self.stderr().count("the expiry of its client secret is unknown"), 1)
        self.assertIn("client_secret_expires", self.stderr())
        self.assertEqual(len(self.asked(graph)), 1)
        self.assertEqual(hook.messages(), [])
        self.assertEqual(self.stop(), 0)
        shown = self.run_daemon("--check-access")
        self.assertEqual(shown.returncode, 0, shown.stdout)
        self.assertIn(words, shown.stdout)

    def test_a_missing_permission_is_said_once_and_is_no_alert(self):
        self.cannot_be_told("grant the application permission Application.Read.All", deny=["application"])

    def test_an_application_of_another_tenant_is_said_once_and_is_no_alert(self):
        self.cannot_be_told("the application is not registered in this tenant")

    def test_secrets_that_all_begin_otherwise_are_said_once_and_are_no_alert(self):
        self.cannot_be_told("of the 2 client secrets of the application none can be identified as the one in the file",
                            application={"passwordCredentials": [secret("x9_", 3), secret("y8_", 4)]})

    def test_only_the_home_of_the_application_is_asked_again(self):
        home = {"passwordCredentials": [secret(CLIENT_SECRET[:3], 12.5)]}
        graph, hook = self.shared(self.AUTO, lambda i: [state(pool(), **({"application": home} if i == 2 else {}))])
        self.start()
        self.assertEqual(self.fired(hook)["value"], 12)
        self.polls(graph, 8)
        asked = [r["tenant"] for r in self.asked(graph)]
        self.assertEqual(len(asked), len(set(asked)))
        self.assertNotIn("client secret is unknown", self.stderr())
        self.daemon.send_signal(signal.SIGHUP)  # which is no reason to ask again
        self.wait("the reload", lambda: "configuration reloaded" in self.stderr())
        self.polls(graph, 8)
        self.assertEqual(len(self.asked(graph)), len(asked))
        self.assertEqual(len(hook.messages()), 1)
        self.assertEqual(self.stop(), 0)

    def test_check_access_shows_the_end(self):
        graph = self.graph(state(pool(), application={"passwordCredentials": [secret(CLIENT_SECRET[:3], 60.5)]}))
        self.say(self.hook(), graph, tenant_extra=self.AUTO)
        shown = self.run_daemon("--check-access")
        self.assertRegex(shown.stdout, r"\n  ok   client secret, by GET /v1\.0/applications\(appId='\.\.\.'\): ends on .*, in 60 days\n")
        self.configure(graph, tenant_extra=f'client_secret_expires = "{day(2)}";')
        shown = self.run_daemon("--check-access")
        self.assertIn(f"  ok   client secret, by client_secret_expires: ends on {day(2)}, in 2 days\n", shown.stdout)


class OneCause(Credential):
    """7000222: the secret has expired."""

    def test_an_end_that_was_told_and_has_come_is_told_by_the_same_alert(self):
        graph = self.graph(state(pool()), {"when": {"signal": True}, "sign_in": 7000222, "revoke_tokens": True},
                           {"when": {"signal": True}, "sign_in": 0, "client_secret": NEW_SECRET})
        hook = self.hook()
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(0)}";')
        self.start()
        self.fired(hook, severity="critical")
        graph.process.send_signal(signal.SIGUSR1)
        update = self.wait_message(hook, "alert.updated", rule="credential")["data"]
        self.assertTrue(update["title"].endswith(f"expires today, {day(0)}: sign-in is refused"), update["title"])
        self.assertEqual(update["detail"]["cause"], "refused")
        # Renewed: the new secret is tried at once, and the new day comes with a reload.
        graph.process.send_signal(signal.SIGUSR1)
        self.secret("tenant.secret", NEW_SECRET + "\n")
        self.config.write_text(self.config.read_text().replace(day(0), day(700)))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_message(hook, "alert.resolved", rule="credential")
        self.assertEqual(self.rules(hook), [("credential", "alert.firing"), ("credential", "alert.updated"),
                                            ("credential", "alert.resolved")])
        self.assertEqual(self.stop(), 0)

    def test_a_restart_neither_repeats_nor_hides_that_it_has_ended(self):
        graph = self.graph(state(pool()), {"when": {"signal": True}, "sign_in": 7000222, "revoke_tokens": True})
        hook = self.hook()
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(0)}";')
        self.start()
        self.fired(hook, severity="critical")
        self.assertEqual(self.stop(), 0)
        graph.process.send_signal(signal.SIGUSR1)  # while it is down
        self.start()
        self.wait_message(hook, "alert.updated", rule="credential")
        self.assertEqual(self.stop(), 0)
        refused = len(graph.requests("/token"))
        self.start()
        self.wait("another refusal", lambda: len(graph.requests("/token")) > refused)
        before = len(graph.requests("/token"))
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait("one more", lambda: len(graph.requests("/token")) > before)
        self.assertEqual(self.stop(), 0)
        self.assertEqual(self.rules(hook), [("credential", "alert.firing"), ("credential", "alert.updated")])

    def test_a_refusal_for_another_reason_is_told_by_the_poll_and_the_credential_waits(self):
        graph = self.graph(state(pool(), sign_in=700016), {"when": {"signal": True}, "sign_in": 0})
        hook = self.hook()
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(3)}";')
        self.start()
        self.wait_message(hook, "alert.firing", rule="poll")
        self.secret("tenant.secret", CLIENT_SECRET + "\n")  # a file that changes is tried at once, and looked at
        self.wait("the second refusal", lambda: len(graph.requests("/token")) >= 2)
        self.assertEqual(self.rules(hook), [("poll", "alert.firing")])
        graph.process.send_signal(signal.SIGUSR1)
        self.daemon.send_signal(signal.SIGUSR1)
        self.fired(hook)
        self.wait_message(hook, "alert.resolved", rule="poll")
        self.assertEqual(self.stop(), 0)

    def test_a_sign_in_that_is_refused_while_the_end_is_far_is_the_polls_news(self):
        graph = self.graph(state(pool()), {"when": {"signal": True}, "sign_in": 700016, "revoke_tokens": True})
        hook = self.hook()
        self.say(hook, graph, tenant_extra=f'client_secret_expires = "{day(20)}";')
        self.start()
        self.fired(hook)
        graph.process.send_signal(signal.SIGUSR1)
        self.wait_message(hook, "alert.firing", rule="poll")
        self.assertEqual(self.rules(hook), [("credential", "alert.firing"), ("poll", "alert.firing")])
        self.assertEqual(self.stop(), 0)


class Receivers(Credential):
    """What receivers sign in with. They sign in only when there is something to send."""
    SENDER = "77777777-aaaa-4bbb-8ccc-dddddddddddd"

    def sender(self, kind, more):
        return (f'{{ name = "{kind}"; type = "{kind}"; client_id = "{self.SENDER}"; '
                f'client_secret_file = "{self.secret("sender.secret", NEW_SECRET)}"; {more} }}')

    def test_an_expiring_secret_of_two_receivers_reaches_the_one_that_does_not_use_it(self):
        hook, graph = self.hook(), self.graph(state(pool()))
        url = self.secret("flow.url", "https://e.environment.api.powerplatform.com:443/x\n")
        mail = ('tenant_id = "22222222-2222-4333-8444-555555555555"; from = "a@example.com"; to = [ "b@example.com" ]; '
                f'client_secret_expires = "{day(5)}";')
        flow = f'url_file = "{url}"; auth_tenant = "22222222-2222-4333-8444-555555555555";'
        webhook = (f'{{ name = "hook"; type = "webhook"; url_file = "{self.directory}/secrets/{hook.name}.url"; '
                   f'signing_key_file = "{self.directory}/secrets/{hook.name}.key"; }}')
        extra = 'routes = ( { to = [ "graph_mail" ]; } ); fallback = [ "hook" ];\n'
        rows = [self.sender("graph_mail", mail), self.sender("teams", flow), webhook]
        self.say(hook, graph, extra=extra, receivers=rows)
        self.start()
        alarm = self.fired(hook)
        self.assertEqual((alarm["severity"], alarm["value"], alarm["tenant"]), ("critical", 5, None))
        self.assertEqual((alarm["detail"]["tenants"], alarm["detail"]["receivers"]), ([], ["graph_mail", "teams"]))
        self.assertIn("client secret sender.secret (2 receivers) expires in 5 days", alarm["title"])
        self.assertIn("no message reaches these receivers", alarm["description"])
        self.config.write_text(self.config.read_text().replace(day(5), day(300)))
        self.daemon.send_signal(signal.SIGHUP)
        resolved = self.wait_message(hook, "alert.resolved", rule="credential")["data"]
        self.assertEqual(resolved["alert_id"], alarm["alert_id"])
        # Without the receivers it is gone.
        self.config.write_text(self.config.read_text().replace(day(300), day(2)))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("another alert", lambda: self.rules(hook).count(("credential", "alert.firing")) == 2)
        text = self.config.read_text()
        for row in rows[:2]:
            text = text.replace(row.replace(day(5), day(2)) + ",", "")
        self.config.write_text(text.replace('"graph_mail"', '"hook"'))
        self.daemon.send_signal(signal.SIGHUP)
        self.wait("its end", lambda: self.rules(hook).count(("credential", "alert.resolved")) == 2)
        self.assertEqual(self.stop(), 0)


if __name__ == "__main__":
    unittest.main()
