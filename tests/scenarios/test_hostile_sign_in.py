# SPDX-License-Identifier: MIT
"""Hostile answers to every kind of sign-in: with a federated token, by the metadata service and by the Arc agent. The one with
a secret: test_hostile.py."""
import os
import unittest

from harness import CLIENT
from hostile_attack import Attack
from hostile_graph import KEY, KEY_DIRECTORY, numbered
from hostile_table import SIGN_INS

AUTH = {"assertion": 'auth = "workload_identity"; federated_token_file = "{directory}/secrets/federated"; ',
        "identity": 'auth = "managed_identity"; host = "vm"; ', "Arc": 'auth = "managed_identity"; host = "arc"; '}
MOUNTED = f"""mount -t tmpfs tmpfs /var/opt && mkdir -p {KEY_DIRECTORY} && cp -p "$1" {KEY_DIRECTORY}/good.key && shift && exec "$@" """


class SignIn(Attack):
    people, auth = (), "assertion"

    def sign_in(self, i):
        return AUTH[self.auth].format(directory=self.directory) + f'client_id = "{numbered(CLIENT, i)}";'

    def sign_in_by(self, auth):
        self.auth = auth
        own = ["--map-root-user"] if os.geteuid() else []
        self.wrapper = ["unshare", *own, "--mount", "sh", "-c", MOUNTED, "sh", str(self.key)] if auth == "Arc" else ()

    def test_a_refusal_or_nonsense_changes_nothing(self):
        self.canaries.append("canary-federated-token-9LqX")
        self.secret("federated", "canary-federated-token-9LqX")
        self.key = self.secret("good.key", KEY)
        self.begin(4, SIGN_INS)
        for auth, endpoint in (("assertion", "assertion"), ("identity", "identity"), ("Arc", "Arc challenge"), ("Arc", "Arc token")):
            self.sign_in_by(auth)
            self.attack(endpoint)
        self.end()


if __name__ == "__main__":
    unittest.main()
