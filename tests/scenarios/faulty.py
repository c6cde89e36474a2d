# SPDX-License-Identifier: MIT
"""What the tests of faults have in common: a tenant that changes, a judge of what a receiver got,
and runs of the daemon that end badly, each with a state directory and a webhook path of its own, so
that several can run at once. What the webhook catcher wrote down and what the simulator shows are
the truth; `problems` compares them."""
import collections
import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from harness import BUILD, E3, Scenario, pool, scenario, state

WORKERS = 8  # most of them wait
ALARMING = re.compile(r"damaged|set aside|Sanitizer|runtime error|Assertion")

BEFORE = state(pool("heals", 100, 100, waiting=3), pool("worse", 100, 100, waiting=2), pool("stays", 100, 99, sku=E3, part="SPE_E3"),
               pool("fills", 100, 10))
AFTER = state(pool("heals", 100, 10), pool("worse", 100, 100, waiting=30), pool("stays", 100, 99, sku=E3, part="SPE_E3"),
              pool("fills", 100, 100, waiting=3))
FIRST = {("heals", "alert.firing"): 1, ("worse", "alert.firing"): 1, ("stays", "alert.firing"): 1}
THEN = {("heals", "alert.resolved"): 1, ("worse", "alert.escalated"): 1, ("fills", "alert.firing"): 1}


def problems(requests, want, repeats):
    """What the receiver could complain about. `want` counts (pool, type); repeats are those of an id."""
    found = []
    ids = collections.Counter(r["headers"]["webhook-id"] for r in requests)
    bodies = {(r["headers"]["webhook-id"], r["body"]) for r in requests}
    if len(bodies) > len(ids):
        found.append("one id with two bodies")
    if sum(ids.values()) - len(ids) > repeats:
        found.append(f"{sum(ids.values()) - len(ids)} repeats, {repeats} allowed")
    found += [f"signature {r['signature']}" for r in requests if r["signature"] != "ok"]
    told, last = {}, {}
    for r in requests:
        data = json.loads(r["body"])["data"]
        if data["rule"] != "poll":  # the reading itself failed; other tests judge that
            told.setdefault(r["headers"]["webhook-id"], (data["allotment"]["id"], json.loads(r["body"])["type"]))
        if data["seq"] < last.get(data["alert_id"], 0):
            found.append(f"{data['alert_id']}: {data['seq']} after {last[data['alert_id']]}")
        last[data["alert_id"]] = data["seq"]
    told = collections.Counter(told.values())
    found += [f"lost: {k}" for k in collections.Counter(want) - told]
    found += [f"not so: {k}" for k in told - collections.Counter(want)]
    return found


class Faults(Scenario):
    def setUp(self):
        super().setUp()
        self.program, self.heard, self.heard_to = BUILD / "daemon/seatwatchd", collections.defaultdict(list), 0
        options = os.environ.get("ASAN_OPTIONS", "")
        # LeakSanitizer is a tracer too, and there can be only one.
        self.env = {**os.environ, "ASAN_OPTIONS": f"{options}{':' if options else ''}detect_leaks=0"}
        self.numbers = itertools.count(1)

    def world(self, *states, **options):
        """A receiver and a tenant; the sources of every case."""
        self.receiver = self.hook()
        self.tenant = self.graph(*states, **options)
        self.text = self.configure(self.tenant, [self.receiver]).read_text().replace('"20s"', '"5s"')
        self.url = (self.directory / "secrets/hook.url").read_text().strip()

    def case(self, state_dir=None):
        name = f"case{next(self.numbers)}"
        self.secret(f"{name}.url", f"{self.url}/{name}\n")
        (self.directory / f"{name}.conf").write_text(self.text.replace("secrets/hook.url", f"secrets/{name}.url"))
        if state_dir:
            shutil.copytree(state_dir, self.directory / name)
        return name

    def command(self, case, *options):
        return [str(self.program), "-c", str(self.directory / f"{case}.conf"), "--state-dir",
                str(self.directory / case), *options]

    def run_case(self, case, wrapper=()):
        return subprocess.run([*wrapper, *self.command(case, "--once", "--json")], capture_output=True, text=True,
                              timeout=60, env=self.env)

    def settle(self, case, seconds=20):
        """Runs without a fault until nothing is owed; at first a retry may not be due yet."""
        deadline = time.monotonic() + seconds
        while True:
            done = self.run_case(case)
            owed = done.returncode == 1 and json.loads(done.stdout)["deliveries"]["pending"] > 0
            if not owed or time.monotonic() > deadline:
                return done
            time.sleep(0.5)

    def told(self, case):
        """The requests of a case so far; each line of what the catcher wrote is read once."""
        with open(self.receiver.ready["log"]) as log:
            log.seek(self.heard_to)
            for line in iter(log.readline, ""):
                request = json.loads(line)
                self.heard[request["path"].rsplit("/", 1)[1]].append(request)
            self.heard_to = log.tell()
        return self.heard[case]

    def judge(self, why, case, done, want, repeats):
        with self.subTest(why):
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
            self.assertIsNone(ALARMING.search(done.stderr), done.stderr)
            self.assertEqual(json.loads(done.stdout)["deliveries"]["failed"], 0)
            self.assertEqual(problems(self.told(case), want, repeats), [])

    def each(self, work, items):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool_of_threads:
            return list(pool_of_threads.map(work, items))

    def filled(self):
        """A state directory in which BEFORE has been told; from now on AFTER is so."""
        case = self.case()
        self.judge("before", case, self.run_case(case), FIRST, 0)
        loaded = len(self.events())
        self.tenant.change(scenario(AFTER))
        self.wait("the simulator's next state", lambda: len(self.events()) > loaded)
        return self.directory / case

    def events(self):
        path = pathlib.Path(self.tenant.ready["events"])
        return [line for line in path.read_text().splitlines() if '"reload"' in line] if path.exists() else []
