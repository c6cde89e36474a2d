#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bits are flipped in the state database while messages wait in it: the daemon must start each time, and every alert
that is still so must have been told.

    flips.py [--images N] [--bits N] [--seed N]

One run prepares the database: half of the pools are told, half of them wait for a receiver that is down. Then each image
is a copy with so many flipped bits, started once with --once. The seed is printed, so that a failure can be repeated;
what fails is kept, and its place is printed. test_flips.py runs a few of them."""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import harness

POOLS = 40


class Flips(harness.Scenario):
    """Not run by itself: what the command and test_flips.py share."""

    def runTest(self):
        pass

    def states(self):
        half = [harness.pool(f"p{n}", 100, 100 if n % 2 else 50, waiting=3 if n % 2 else 0) for n in range(POOLS)]
        full = [harness.pool(f"p{n}", 100, 100, waiting=3 if n % 4 else 30) for n in range(POOLS)]
        return harness.state(*half), harness.state(*full, poll=2)

    def prepare(self):
        self.catcher = self.hook()
        self.configure(self.graph(*self.states()), [self.catcher], extra='scope = "allotment";', interval="1h")
        self.once(expect=0)
        self.told = self.alerts(self.catcher.messages())
        self.catcher.answer([{"from": 1, "times": 1000000, "do": {"status": 503}}])
        self.once()
        self.catcher.answer([])
        with sqlite3.connect(self.directory / "state/seatwatchd.db") as db:
            db.execute("delete from pause")  # what a receiver that was down is spared
            self.waiting = db.execute("select count(*) from outbox where state in (0, 1)").fetchone()[0]
            due = db.execute("select max(due_at) from outbox where state = 0").fetchone()[0]
        db.close()
        self.image = (self.directory / "state/seatwatchd.db").read_bytes()
        self.assertGreaterEqual(self.waiting, POOLS // 2)
        time.sleep(max(0, due / 1e6 - time.time()) + 0.1)  # the database keeps wall time: nothing else can be waited for
        self.taken = os.path.getsize(self.catcher.ready["log"])

    @staticmethod
    def alerts(messages):
        """By pool, the worst severity that was told; a digest names several."""
        told = collections.defaultdict(set)
        for m in messages:
            for alert in m["data"].get("alerts", [m["data"]]):
                if alert.get("allotment") and alert.get("state") == "firing":
                    told[alert["allotment"]["id"]].add(alert["severity"])
        return told

    def new_messages(self):
        """Those since the last call: the log of thousands of images is read once."""
        with open(self.catcher.ready["log"], "rb") as log:
            log.seek(self.taken)
            lines = log.read().splitlines()
            self.taken = log.tell()
        received = [json.loads(line) for line in lines]
        return [json.loads(r["body"]) for r in received if r["status"] // 100 == 2]

    def flip(self, dice, bits):
        image = bytearray(self.image)
        places = [dice.randrange(len(image) * 8) for _ in range(bits)]
        for place in places:
            image[place // 8] ^= 1 << place % 8
        state = self.directory / "state"
        shutil.rmtree(state)
        state.mkdir(mode=0o700)
        (state / "seatwatchd.db").write_bytes(image)
        return places

    def start_image(self, dice, bits):
        """(what went wrong or None, what became of the database)"""
        places = self.flip(dice, bits)
        done = subprocess.run(self.argv("--once"), capture_output=True, text=True, timeout=120)
        messages = self.new_messages()
        became = "rebuilt" if list((self.directory / "state").glob("*.damaged-*")) else \
                 "reindexed" if "Indexes did not match" in done.stderr else \
                 "rows set aside" if "set aside" in done.stderr else "whole"
        wrong = self.judge(done, messages)
        return (f"bits {places}: {wrong}\n{done.stderr[-3000:]}" if wrong else None), became

    def judge(self, done, messages):
        if done.returncode != 0:
            return f"exit {done.returncode}"
        told = self.alerts(messages)
        resolved = [m for m in messages if m["type"] == "alert.resolved"]
        if resolved:
            return f"resolved {resolved[0]['data']['allotment']}"
        for n in range(POOLS):
            name, critical = f"p{n}", n % 4 == 0
            heard = told[name] | self.told[name]
            if not heard or (critical and "critical" not in heard):
                return f"{name} was told as {sorted(heard)}"
        return None


def run(flips, images, bits, seed):
    """Tally of what became of them, and what went wrong."""
    dice, tally, wrong = random.Random(f"{seed} {bits}"), collections.Counter(), []
    for _ in range(images):
        failure, became = flips.start_image(dice, bits)
        tally[became] += 1
        if failure:
            wrong.append(failure)
            kept = pathlib.Path(tempfile.mkdtemp(prefix="flips-"))
            shutil.copytree(flips.directory / "state", kept / "state")
            print(f"{failure}\nkept in {kept}", file=sys.stderr)
    return tally, wrong


def main():
    options = argparse.ArgumentParser(description="start seatwatchd on databases with flipped bits")
    options.add_argument("--images", type=int, default=2000)
    options.add_argument("--bits", type=int, default=1)
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    given = options.parse_args()
    flips = Flips()
    flips.setUp()
    try:
        flips.prepare()
        tally, wrong = run(flips, given.images, given.bits, given.seed)
    finally:
        flips.doCleanups()
    print(f"seed {given.seed}, {given.images} images of {len(flips.image)} bytes, {given.bits} bits each, "
          f"{flips.waiting} messages waiting: {dict(tally)}, wrong: {len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
