# SPDX-License-Identifier: MIT
"""Hostile answers: whatever comes instead of a good one, the daemon lives, talks to nobody else, and
neither raises nor clears anything. What to say of its own reading is all that it may."""
import re
import unittest

from hostile import Foreign
from hostile_attack import Attack
from hostile_table import FIRST
from harness import Scenario, state


class Hostile(Attack):
    people = ()

    def test_of_first_pages_and_of_the_sign_in(self):
        self.begin(5, FIRST)
        self.attack("allotments")
        self.attack("waitingMembers", "assignmentErrors")
        self.attack("token")
        self.end()


class Listeners(Scenario):
    def test_a_foreign_listener_counts_who_comes(self):
        for listener in (Foreign("127.0.0.2"), Foreign("::1")):
            self.addCleanup(listener.stop)
            self.configure(self.graph(state()))
            self.config.write_text(re.sub('(graph|login)_url = "[^"]*"', rf'\1_url = "{listener.root}"', self.config.read_text()))
            self.once(expect=1)
            self.assertGreater(listener.connections, 0)


if __name__ == "__main__":
    unittest.main()
