# SPDX-License-Identifier: MIT
"""Severity info: a new pool is told to the journal and to the receiver that a route names, once, and to nobody else."""
import re
import signal
import socket
import unittest

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


if __name__ == "__main__":
    unittest.main()
