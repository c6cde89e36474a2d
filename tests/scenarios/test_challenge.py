# SPDX-License-Identifier: MIT
"""A 401 of Graph while the token is still good: continuous access evaluation, and what only looks like it."""
import base64
import signal
import unittest

from harness import Scenario, pool, state
from hostile import Foreign

CLAIMS = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}').decode()


def refuse(challenge, **when):
    return [{"match": {"path": "allotments"}, **when, "do": {"status": 401, "headers": {"WWW-Authenticate": challenge}}}]


class Challenge(Scenario):
    def second_reading(self, challenge, **when):
        """A reading that works, and one that is challenged; the requests of the second."""
        hook = self.hook()
        graph = self.graph(state(pool("p", 100, 50)), faults=refuse(challenge, **when))
        self.configure(graph, [hook], interval="1h")
        self.start()
        self.wait("a reading", lambda: "polled in " in self.stderr())
        first = len(graph.requests())
        self.daemon.send_signal(signal.SIGUSR1)
        self.wait("another", lambda: self.stderr().count("polled in ") == 2 or "poll incomplete" in self.stderr())
        self.assertEqual(self.stop(), 0)
        return graph.requests()[first:]

    def of(self, requests, endpoint):
        return [r for r in requests if r["endpoint"] == endpoint]

    def test_claims_are_met_by_one_new_token_and_the_page_is_asked_for_again(self):
        seen = self.second_reading(f'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
                                   f'error="insufficient_claims", claims="{CLAIMS}"', at=2)
        token, = self.of(seen, "token")
        self.assertIn("claims", token["token"]["fields"])
        self.assertEqual(token["status"], 200, "the simulator takes no claims that are no JSON")
        self.assertEqual([r["status"] for r in self.of(seen, "allotments")], [401, 200])
        self.assertNotIn("poll incomplete", self.stderr())

    def test_claims_again_and_again_cost_two_tokens_at_most_and_the_reading(self):
        seen = self.second_reading(f'Bearer error="insufficient_claims", claims="{CLAIMS}"', **{"from": 2, "times": 20})
        self.assertLessEqual(len(self.of(seen, "token")), 2)
        self.assertEqual({r["status"] for r in self.of(seen, "allotments")}, {401})
        self.assertLessEqual(len(self.of(seen, "allotments")), 3)
        self.assertIn("poll incomplete", self.stderr())

    def test_a_plain_401_renews_the_token_without_claims(self):
        seen = self.second_reading('Bearer error="invalid_token"', at=2)
        token, = self.of(seen, "token")
        self.assertNotIn("claims", token["token"]["fields"])
        self.assertEqual([r["status"] for r in self.of(seen, "allotments")], [401, 200])

    def test_an_authority_that_a_challenge_names_is_not_asked(self):
        foreign = Foreign("127.0.0.2")
        self.addCleanup(foreign.stop)
        seen = self.second_reading(f'Bearer realm="", authorization_uri="{foreign.root}/authorize", '
                                   f'token_endpoint="{foreign.root}/token", error="insufficient_claims", claims="{CLAIMS}"', at=2)
        self.assertEqual(foreign.connections, 0)
        self.assertEqual(len(self.of(seen, "token")), 1, "the one that is configured is")


if __name__ == "__main__":
    unittest.main()
