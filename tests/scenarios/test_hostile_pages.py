# SPDX-License-Identifier: MIT
"""Hostile answers of the Cloud Licensing API: the next pages of its lists, rows of which one member is wrong, and what is looked up
of users and groups."""
import unittest

from hostile_attack import Attack
from hostile_graph import GROUPS
from hostile_table import OF_GROUPS, OF_USERS


class Pages(Attack):
    def test_of_next_pages_and_of_users(self):
        self.begin(6, OF_USERS)
        self.attack("allotments next", "assignmentErrors next", "waitingMembers next", "usageRights of users")
        self.attack("assignments of users", "waitingMembers of users", "assignmentErrors of users")
        self.end()

    def test_of_rows_and_of_groups(self):
        self.people = GROUPS
        self.begin(6, OF_GROUPS)
        self.attack("allotments", "assignmentErrors", "waitingMembers", "usageRights of groups")
        self.attack("assignments of groups")
        self.end()


if __name__ == "__main__":
    unittest.main()
