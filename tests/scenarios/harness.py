# SPDX-License-Identifier: MIT
"""What a whole-daemon test needs: the Graph simulator, the webhook catcher and seatwatchd as real
processes on loopback, each in a directory of its own, with ports that the kernel picked.

Nothing here sleeps for a while and hopes: waiting means asking again until a condition holds, a
process ends, or a deadline passes, which is a failure that says what was seen."""
import base64
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SEATWATCH_BUILD", ROOT / "build/dev"))
os.environ["TZ"] = "UTC"  # the machine's zone is the default of `timezone`
TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "99999999-aaaa-4bbb-8ccc-dddddddddddd"
CLIENT_SECRET = "canary-client-secret-Zq81~x.7"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
SEARCHED = set()  # see Scenario.short()


class Peer:
    """A program of ours that prints one JSON line when it is ready."""

    def __init__(self, argv, log):
        self.log = open(log, "w")
        self.process = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{argv[0]} did not start: {pathlib.Path(log).read_text()}")
        self.ready = json.loads(line)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self.process.stdout.close()
        self.log.close()


def read_lines(path):
    try:
        text = pathlib.Path(path).read_text()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.split("\n")[:-1]]


class Graph(Peer):
    def __init__(self, directory, scenario, *options):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / "scenario.json"
        self.file.write_text(json.dumps(scenario))
        super().__init__([BUILD / "tests/graphsim", "--scenario", self.file, "--dir", directory,
                          "--fixtures", ROOT / "tests/fixtures/graph/examples", "--both", *options],
                         directory / "graphsim.log")

    def change(self, scenario):
        """The simulator reads its scenario again; the test goes on when it has."""
        self.file.write_text(json.dumps(scenario))
        self.process.send_signal(signal.SIGHUP)

    def requests(self, path=""):
        return [r for r in read_lines(self.ready["ledger"]) if path in r["path"]]


class Hook(Peer):
    def __init__(self, directory, key_file=None, https=False, options=()):
        directory = pathlib.Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        argv = [BUILD / "tests/hookcatch", "--dir", directory]
        argv += ["--key-file", key_file] if key_file else []
        argv += ["--https"] if https else []
        argv += options
        super().__init__(argv, directory / "hookcatch.log")

    def answer(self, rules):
        """How requests are answered from now on; replaced in one step."""
        new = self.directory / "answers.new"
        new.write_text(json.dumps(rules))
        new.rename(self.directory / "answers.json")

    def requests(self):
        return read_lines(self.ready["log"])

    def messages(self, accepted_only=True):
        """The bodies, in the order of their arrival."""
        return [json.loads(r["body"]) for r in self.requests() if not accepted_only or r["status"] // 100 == 2]


def pool(identity="pool-1", allotted=100, consumed=50, waiting=0, since=None, sku=E5, part="SPE_E5", **more):
    """`waiting` members, all since `since` (RFC 3339; now, if nothing is said)."""
    since = since or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    row = {"id": identity, "skuId": sku, "skuPartNumber": part, "allottedUnits": allotted, "consumedUnits": consumed,
           "assignableTo": "user,group",
           "subscriptions": [{"subscriptionId": f"sub-{identity}", "startDate": "2026-01-01",
                              "nextLifecycleDate": "2027-12-31", "state": "active", "tags": "none"}],
           "waiting": {"count": waiting, "since": since} if waiting else []}
    row.update(more)
    return row


def scenario(*states, faults=(), **tenant):
    """One tenant. A state is a dict with allotments and errors; `poll` says from which poll on."""
    return {"tenants": [{"id": TENANT, "client_id": CLIENT, "client_secret": CLIENT_SECRET,
                         "scope": "https://graph.microsoft.com/.default", "states": list(states), **tenant}],
            "faults": list(faults)}


def state(*pools, errors=(), poll=None, **more):
    s = {"allotments": list(pools), "errors": list(errors), **more}
    if poll is not None:
        s["when"] = {"poll": poll}
    return s


class Scenario(unittest.TestCase):
    """Set-up and clean-up; canary secrets are looked for in every file that was written."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="seatwatch-"))
        self.peers, self.daemon = [], None
        self.canaries, self.shown = [CLIENT_SECRET], []
        self.addCleanup(self.clean)

    def clean(self):
        self.stop()
        for peer in self.peers:
            peer.stop()
        leaks = self.leaks()
        outcome = getattr(self, "_outcome", None)
        if outcome is not None and any(error for _, error in getattr(outcome, "errors", []) or []):
            print(self.stderr()[-4000:])
        shutil.rmtree(self.directory)
        self.assertEqual(leaks, [], "secrets were found in files that must not hold them")

    def leaks(self):
        """Where a canary is, but for the files that are there to hold it: in other files, in what receivers were
        told, and in what the system shows of the process. Canaries are also the tokens, assertions and Arc keys
        that the simulator saw; the end of one is enough to know it by."""
        issued = self.directory / "secrets/issued"
        seen = issued.read_text().split() if issued.exists() else []
        canaries = [c.encode() for c in [*self.canaries, *(s[-32:] for s in seen[-500:])]]
        places = list(self.shown)
        for path in self.directory.rglob("*"):
            if not path.is_file() or "secrets" in path.relative_to(self.directory).parts or path.name == "scenario.json":
                continue
            if path.name == "hooks.jsonl":  # a hook's own address is in the path of its requests
                places += [(path.name, r["body"].encode()) for r in read_lines(path)]
            else:
                places.append((path.name, path.read_bytes()))
        return [f"{name}: {c[:12]}..." for name, data in places for c in canaries if c in data]

    def look_at_process(self):
        """What everybody, or root alone, can see of the daemon while it runs."""
        for name in ("cmdline", "environ", "status", "limits"):
            try:
                self.shown.append((f"/proc/PID/{name}", pathlib.Path(f"/proc/{self.daemon.pid}/{name}").read_bytes()))
            except OSError:
                pass  # its end came first, or a secret process is closed to us

    def graph(self, *states, faults=(), others=(), **tenant):
        """`others`: more tenants, as the simulator reads them."""
        (self.directory / "secrets").mkdir(exist_ok=True, mode=0o700)
        world = scenario(*states, faults=faults, **tenant)
        world["tenants"] += others
        g = Graph(self.directory / "graph", world, "--issued", self.directory / "secrets/issued")
        self.peers.append(g)
        return g

    def secret(self, name, text):
        path = self.directory / "secrets" / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_text(text)
        path.chmod(0o600)
        return path

    def hook(self, name="hook", https=False):
        key = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        key_file = self.secret(f"{name}.key", key + "\n")
        h = Hook(self.directory / name, key_file, https)
        h.key, h.name = key, name
        canary = secrets.token_hex(12)
        self.secret(f"{name}.url", f"{h.ready['url']}/{canary}\n")
        self.canaries += [key, canary] if not https else [key]
        self.peers.append(h)
        return h

    def configure(self, graph, hooks=(), extra="", tenant_extra="", tls=False, receivers=None, interval="1s"):
        """Fast polls, alerts at the first sample; `extra` is configuration text at the top level."""
        root = graph.ready["https" if tls else "http"]
        secret = self.secret("tenant.secret", CLIENT_SECRET + "\n")
        rows = receivers if receivers is not None else [
            f'{{ name = "{h.name}"; type = "webhook"; url_file = "{self.directory}/secrets/{h.name}.url"; '
            f'signing_key_file = "{self.directory}/secrets/{h.name}.key"; }}' for h in hooks]
        if not rows:
            rows = [f'{{ name = "syslog"; type = "syslog"; socket = "{self.directory}/no-log"; }}']
        text = f"""
poll: {{ interval = "{interval}"; jitter = "0%"; timeout = "20s"; }};
network: {{ ca_file = "{graph.ready['ca_file'] if tls else ''}"; }};
tenants = ( {{ name = "contoso"; tenant_id = "{TENANT}"; client_id = "{CLIENT}"; client_secret_file = "{secret}";
  graph_url = "{root}"; login_url = "{root}"; labels = {{ group = "gold"; }}; {tenant_extra} }} );
receivers = ( {", ".join(rows)} );
{extra}
"""
        if "control:" not in extra:
            text += (f'control: {{ socket = "{self.directory}/control.sock"; '
                     f'read_socket = "{self.directory}/read.sock"; }};\n')
        if "storm" not in extra:
            text += "storm: { rate = 0; };\n"
        if "dates_at" not in extra:
            text += 'dates_at = "00:00";\n'  # so that no test depends on the time of day
        if "alerts" not in extra:
            text += 'alerts: { for = "0s"; min_samples = 1; keep_firing_for = "0s"; first_run = "each"; };\n'
        if "thresholds" not in extra:
            text += ('thresholds: { waiting = { warning = 1; critical = 25; for = "0s"; }; '
                     'assignment_errors = { warning = 5; critical = "off"; for = "0s"; }; };\n')
        self.config = self.directory / "seatwatchd.conf"
        self.config.write_text(text)
        return self.config

    def argv(self, *options):
        return [str(BUILD / "daemon/seatwatchd"), "-c", str(self.config), "--state-dir", str(self.directory / "state"),
                *map(str, options)]

    def short(self, *words, env=None):
        """The environment of a short run. The search for leaks at its end takes a third of its time, so of the runs of a
        test class with the same words only the first has one. Services always have."""
        env = dict(env or os.environ)
        if (type(self), words) in SEARCHED:
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        SEARCHED.add((type(self), words))
        return env

    def run_daemon(self, *options, timeout=60, wrapper=(), env=None, **kw):
        """Runs it to its end."""
        done = subprocess.run([*wrapper, *self.argv(*options)], capture_output=True, text=True, timeout=timeout,
                              env=self.short(*options, env=env), **kw)
        self.shown += [("standard output", done.stdout.encode()), ("standard error", done.stderr.encode())]
        return done

    def once(self, *options, expect=None):
        done = self.run_daemon("--once", "--json", *options)
        if expect is not None:
            self.assertEqual(done.returncode, expect, done.stderr + done.stdout)
        return json.loads(done.stdout)

    def start(self, *options, wrapper=()):
        self.err = open(self.directory / "stderr", "ab")
        self.daemon = subprocess.Popen([*wrapper, *self.argv("--log-level", "debug", *options)],
                                       stdout=self.err, stderr=self.err)

    def stop(self, how=signal.SIGTERM, timeout=10):
        if self.daemon is None:
            return None
        if self.daemon.poll() is None:
            self.look_at_process()
            self.daemon.send_signal(how)
        code = self.daemon.wait(timeout)
        self.err.close()
        self.daemon = None
        return code

    def stderr(self):
        path = self.directory / "stderr"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait(self, what, condition, seconds=60):
        """Asks again until the condition gives something true; the daemon must not die meanwhile. Less and less often,
        since asking often means starting a process."""
        deadline, pause = time.monotonic() + seconds, 0.02
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                self.fail(f"not within {seconds} s: {what}\n{self.stderr()[-3000:]}")
            waited_for = self.daemon or self.peers[0].process
            try:
                code = waited_for.wait(pause)
                self.fail(f"ended with {code} while waiting for: {what}\n{self.stderr()[-3000:]}")
            except subprocess.TimeoutExpired:
                pause = min(1.3 * pause, 0.2)

    def freeze(self, process):
        """SIGSTOP, and it has stopped: the kernel delivers the signal later."""
        process.send_signal(signal.SIGSTOP)
        status = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self.assertEqual(status.si_code, os.CLD_STOPPED)

    def connected(self, url):
        """The daemon has a connection there."""
        port = f":{urllib.parse.urlsplit(url).port:04X}"
        rows = [r.split() for r in pathlib.Path(f"/proc/{self.daemon.pid}/net/tcp").read_text().split("\n")[1:] if r]
        return any(r[2].endswith(port) and r[3] == "01" for r in rows)

    def wait_message(self, hook, kind, seconds=60, **data):
        """The first accepted message of this type whose data has these members."""
        def find():
            for m in hook.messages():
                if m["type"] == kind and all(m["data"].get(k) == v for k, v in data.items()):
                    return m
            return None
        return self.wait(f"{kind} {data}", find, seconds)
