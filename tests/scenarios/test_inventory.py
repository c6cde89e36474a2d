# SPDX-License-Identifier: MIT
"""Severity info: a new pool is told to the journal and to the receiver that a route names, once, and to nobody else.
Unused units are told once, when the history covers the time."""
import datetime
import re
import signal
import socket
import unittest

from clocks import HOUR, Clocks
from harness import E3, Scenario, pool, scenario, state

NEW = pool("new", 7, 1, sku=E3, part="SPE_E3")


class Inventory(Scenario):
    def test_a_new_pool_reaches_the_journal_and_the_named_route_once(self):
        purchasing, helpdesk = self.hook("purchasing"), self.hook("helpdesk")
        graph = self.graph(state(pool("old", 100, 50)))
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(journal.close)
        journal.bind(str(self.directory / "journal"))
        journal.settimeout(30)
        self.configure(graph, [purchasing, helpdesk])
        rows = re.search(r"receivers = \( (.*) \);", self.config.read_text()).group(1)
        self.configure(graph, receivers=[rows, f'{{ name = "journal"; type = "journal"; socket = "{self.directory}/journal"; }}'],
                       extra='routes = ( { match = { severity = "info"; }; to = [ "purchasing" ]; },\n'
                             '{ to = [ "helpdesk", "journal" ]; } );\n')
        self.start()
        self.wait("the first poll", lambda: "polled in" in self.stderr())
        graph.change(scenario(state(pool("old", 100, 50), NEW)))
        told = self.wait_message(purchasing, "alert.info")["data"]
        self.assertEqual((told["alert_id"], told["episode"], told["severity"], told["rule"], told["value"]),
                         (None, None, "info", "inventory", 7))
        self.assertEqual((told["allotment"]["id"], told["detail"]["change"]), ("new", "sku_new"))
        entry = journal.recv(65536).decode(errors="replace")
        self.assertIn("\nPRIORITY=6\n", entry)
        self.assertIn("\nSEATWATCH_EVENT=alert.info\n", entry)
        self.assertNotIn("SEATWATCH_ALERT_ID", entry)
        self.stop(signal.SIGKILL)  # the memory of the pool was written with the message
        polls = self.stderr().count("polled in")
        self.start()
        self.wait("two more polls", lambda: self.stderr().count("polled in") >= polls + 2)
        graph.change(scenario(state(pool("old", 100, 101), NEW)))  # an alert takes the other route, after whatever came before
        self.wait_message(helpdesk, "alert.firing")
        self.assertEqual({m["type"] for m in purchasing.messages()}, {"alert.info"})
        self.assertEqual(len({r["headers"]["webhook-id"] for r in purchasing.requests()}), 1, "or again, with its id")
        self.assertEqual([m["type"] for m in helpdesk.messages()], ["alert.firing"])

    def test_once_reports_no_alert_for_it(self):
        hook = self.hook()
        graph = self.graph(state(pool("old", 100, 50)))
        self.configure(graph, [hook], extra='routes = ( { match = { rule = "inventory"; }; to = [ "hook" ]; } );\n')
        self.assertEqual(self.once(expect=0)["deliveries"]["delivered"], 0)
        graph.change(scenario(state(pool("old", 120, 50))))
        report = self.once(expect=0)
        self.assertEqual((report["alerts"], report["deliveries"]["delivered"]), ([], 1))
        self.assertEqual(hook.messages()[0]["data"]["title"],
                         "contoso: Microsoft 365 E5: capacity rose by 20 units, from 100 to 120")


class Unused(Clocks):
    def test_unused_units_are_told_once_when_a_day_is_known(self):
        date = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=20)
        sub = {"subscriptionId": "s-1", "startDate": "2026-01-01", "nextLifecycleDate": str(date), "state": "active", "tags": "none"}
        with self.same_world():
            hook, graph = self.hook(), self.graph(state(pool("p", 100, 60, subscriptions=[sub])))
        self.configure(graph, [hook], extra='thresholds = { unused = { info = "on"; idle = "1d"; }; };\n'
                       'routes = ( { match = { rule = "unused"; }; to = [ "hook" ]; } );\n')
        self.start()
        self.wait("two polls", lambda: self.stderr().count("polled in") >= 2)
        self.assertEqual(hook.messages(), [])
        self.sleep(24 * HOUR)
        told = self.wait_message(hook, "alert.info")["data"]
        self.assertEqual((told["rule"], told["value"], told["detail"]["most_used_units"], told["detail"]["subscription_id"]),
                         ("unused", 40, 60, "s-1"))
        self.assertEqual(told["title"], f"contoso: Microsoft 365 E5: cut 40 of 100 before {date.day} {date:%B}")
        self.stop(signal.SIGKILL)
        polls = self.stderr().count("polled in")
        self.start()
        self.wait("two more polls", lambda: self.stderr().count("polled in") >= polls + 2)
        self.assertEqual(len({r["headers"]["webhook-id"] for r in hook.requests()}), 1)


if __name__ == "__main__":
    unittest.main()
