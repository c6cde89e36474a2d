# SPDX-License-Identifier: MIT
"""A daemon that is killed and started again and again: what it was asked to wait for it waits for, and what it has
delivered it does not send again."""
import collections
import contextlib
import json
import random
import signal
import sqlite3
import unittest

from clocks import Clocks
from many import Many, ident

KILLS = 10
PAUSE = {"Retry-After": "1800"}


class CrashLoop(Many, Clocks):
    def world(self):
        """t1 has another full pool at each reading; t2 and the receiver `late` want to be left alone."""
        def pools(n):
            return [{"id": f"p{i}", "skuPartNumber": "SPE_E5", "allottedUnits": 100, "consumedUnits": 100 if i < n else 10}
                    for i in range(40)]
        with self.same_world():
            hook, late = self.hook(), self.hook("late")
            late.answer([{"do": {"status": 503, "headers": PAUSE}}])
            self.net = self.many(2, [{"match": {"tenant": ident(2), "path": "/beta/*"}, "times": 4, "do": {"status": 429, "headers": PAUSE}}],
                                 hooks=[hook, late], interval="1s", allotments=pools(1),
                                 states=[{}, *({"when": {"poll": n}, "allotments": pools(n)} for n in range(2, 40))])
        self.config.write_text(self.config.read_text() + 'scope = "allotment";\n')
        return hook, late

    def query(self, sql):
        with contextlib.closing(sqlite3.connect(f"file:{self.directory}/state/seatwatchd.db?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def asked_of_t2(self):
        return [r for r in self.net.requests() if r["tenant"] == ident(2)]

    def test_waits_persist_and_nothing_is_sent_again(self):
        hook, late = self.world()
        self.start()
        self.wait("both are asked to wait", lambda: late.requests() and "t2: poll incomplete" in self.stderr())
        self.wait("which is written down", lambda: len(self.query("SELECT * FROM pause")) == 2)
        told, asked = len(late.requests()), len(self.asked_of_t2())
        dice = random.Random(11)
        for _ in range(KILLS):
            goal = len(hook.requests()) + len(self.net.requests()) + dice.randrange(1, 9)
            self.wait("some moment", lambda: len(hook.requests()) + len(self.net.requests()) >= goal)
            self.stop(signal.SIGKILL)
            self.start()
        polls = len(self.seen(self.net, 1))
        self.wait("two more readings", lambda: len(self.seen(self.net, 1)) >= polls + 2)
        self.assertEqual((len(late.requests()), len(self.asked_of_t2())), (told, asked), "before its time")
        self.daemon.send_signal(signal.SIGUSR1)
        self.sleep(1801)
        self.wait("its time", lambda: len(late.requests()) > told and len(self.asked_of_t2()) > asked)
        self.wait("everything is told", lambda: not self.query(
            "SELECT 1 FROM outbox WHERE receiver = 'hook' AND state < 2") and len(self.seen(self.net, 1)) > polls + 3)
        self.assertEqual(self.stop(), 0)
        ids = collections.Counter(r["headers"]["webhook-id"] for r in hook.requests())
        self.assertLessEqual(sum(n - 1 for n in ids.values()), KILLS)
        self.assertLessEqual(max(ids.values()), 2, "the one that was on its way, once more")
        events = collections.defaultdict(set)
        for r in hook.requests():
            data = json.loads(r["body"])["data"]
            if "alert_id" in data:
                events[data["alert_id"], data["seq"]].add(r["headers"]["webhook-id"])
        self.assertGreater(len(events), 5)
        self.assertEqual({len(of_one) for of_one in events.values()}, {1}, "one id for one event")


if __name__ == "__main__":
    unittest.main()
