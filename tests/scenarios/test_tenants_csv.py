# SPDX-License-Identifier: MIT
"""packaging/tenants-from-csv: a list of customers becomes tenants.d, whole or not at all."""
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT

MAIN = """tenant_defaults = { client_id = "99999999-aaaa-4bbb-8ccc-dddddddddddd"; client_secret_file = "partner.secret"; };
receivers = ( { name = "journal"; type = "journal"; } );
"""
GOOD = "name,tenant_id,timezone,group,customer\ncontoso,t-1.example,Europe/Berlin,gold,Contoso \"\"AG\"\"\n" \
       "\"Fabrikam, Inc.\",t-2.example,,silver,Fab\\rikam\n\nfabrikam-inc,T-3.example,,,\n"


class TenantsFromCsv(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.directory = pathlib.Path(place.name)
        (self.directory / "seatwatchd.conf").write_text(MAIN)
        (self.directory / "partner.secret").write_text("s\n")
        os.chmod(self.directory / "partner.secret", 0o600)
        (self.directory / "tenants.d").mkdir()

    def run_list(self, text, *options, encoding="utf-8"):
        (self.directory / "list.csv").write_text(text, encoding=encoding)
        return subprocess.run([ROOT / "packaging/tenants-from-csv", self.directory / "list.csv",
                               self.directory / "tenants.d", *options], capture_output=True, text=True)

    def files(self):
        return {p.name: p.stat().st_mtime_ns for p in (self.directory / "tenants.d").iterdir()}

    def test_what_it_writes_is_a_configuration_that_is_right(self):
        done = self.run_list(GOOD.replace("Contoso \"\"AG\"\"", '"Contoso ""AG"""'), encoding="utf-8-sig")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("3 tenants, 3 files written", done.stdout)
        checked = subprocess.run([BUILD / "daemon/seatwatchd", "-c", self.directory / "seatwatchd.conf", "--check-config"],
                                 capture_output=True, text=True)
        self.assertEqual((checked.returncode, checked.stdout), (0, "configuration ok\n"), checked.stderr)
        dump = subprocess.run([BUILD / "daemon/seatwatchd", "-c", self.directory / "seatwatchd.conf", "--dump-config"],
                              capture_output=True, text=True).stdout
        for said in ('name = "Fabrikam, Inc.";', 'customer = "Contoso \\"AG\\"";', 'customer = "Fab\\\\rikam";',
                     'group = "gold";', 'timezone = "Europe/Berlin";', 'tenant_id = "t-3.example";'):
            self.assertIn(said, dump)

    def test_of_five_hundred_files_those_that_are_wrong_are_named_with_their_line(self):
        rows = "".join(f"customer {i:03},t-{i:03}.example,gold\n" for i in range(500))
        self.assertEqual(self.run_list("name,tenant_id,group\n" + rows).returncode, 0)
        files = sorted((self.directory / "tenants.d").iterdir())
        self.assertEqual(len(files), 500)

        def check():
            done = subprocess.run([BUILD / "daemon/seatwatchd", "-c", self.directory / "seatwatchd.conf", "--check-config"],
                                  capture_output=True, text=True)
            problems = [line for line in done.stderr.splitlines(keepends=True) if not line.startswith("warning: ")]
            return done.returncode, done.stdout + "".join(problems)
        self.assertEqual(check(), (0, "configuration ok\n"))
        good = files[321].read_text()
        files[321].write_text(good.replace("tenant_id", "tenantid"))
        line = 1 + good.split("tenant_id")[0].count("\n")
        code, said = check()
        self.assertEqual(code, 78)
        self.assertIn(f"{files[321]}:{line}: unknown key 'tenantid' in tenants; did you mean 'tenant_id'?", said)
        self.assertEqual({text.split(":")[0] for text in said.splitlines()}, {str(files[321])})
        files[321].write_text(good)
        files[77].write_text("tenants = ( { name = \n")
        code, said = check()
        self.assertEqual((code, len(said.splitlines())), (78, 1))
        self.assertTrue(said.startswith(f"{files[77]}:1: "), said)

    def test_a_second_run_touches_nothing_and_a_tenant_that_left_is_named(self):
        text = "name,tenant_id\na,t-1.example\nb,t-2.example\n"
        self.run_list(text)
        before = self.files()
        self.assertIn("2 tenants, 0 files written", self.run_list(text).stdout)
        self.assertEqual(self.files(), before)
        left = self.run_list("name,tenant_id\na,t-1.example\n")
        self.assertIn("b.conf: no longer in the list; --prune removes it", left.stdout)
        self.assertEqual(self.files(), before)
        (self.directory / "tenants.d/by-hand.conf").write_text("# mine\n")
        self.run_list("name,tenant_id\na,t-1.example\n", "--prune")
        self.assertEqual(sorted(self.files()), ["a.conf", "by-hand.conf"])

    def test_a_file_of_somebody_else_is_never_overwritten(self):
        mine = self.directory / "tenants.d/a.conf"
        mine.write_text("# mine\n")
        done = self.run_list("name,tenant_id\na,t-1.example\nb,t-2.example\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("a.conf: not generated by this program", done.stderr)
        self.assertEqual((mine.read_text(), sorted(self.files())), ("# mine\n", ["a.conf"]))

    def test_a_wrong_line_is_named_and_nothing_is_written(self):
        head = "name,tenant_id,interval,group\n"
        for text, says in (
                ("tenant_id\nt-1\n", ":1: no column 'name'"),
                ("name,tenant_id,name\na,t-1.example,b\n", ":1: column 'name' is duplicated"),
                ("name,tenant_id,1st\na,t-1.example,b\n", ":1: column '1st' is not a valid label"),
                (head + "a,t-1.example,5m,x\nb,t-2.example,5m\n", ":3: 3 fields, but the first line has 4"),
                (head + "a,t-1.example,soon,x\n", ":2: interval \"soon\" is not a duration"),
                (head + "a,t 1,,x\n", ":2: tenant_id \"t 1\" is not a tenant id"),
                (head + "a*,t-1.example,,x\n", ":2: name \"a*\" is not a name"),
                (head + ",t-1.example,,x\n", ":2: name is empty"),
                (head + "a,t-1.example,,x\nA,t-2.example,,x\n", ":3: name \"A\" is already used in line 2"),
                (head + "a,t-1.example,,x\nb,T-1.example,,x\n", ":3: tenant_id \"T-1.example\" is already used in line 2"),
                (head + "a,t-1.example,,\"x\ty\"\n", ":2: label group contains a control character"),
                (head + "a,t-1.example,,\"x\"y\n", "expected after"),
                ("", ":1: no column 'name'")):
            done = self.run_list(text)
            with self.subTest(text):
                self.assertEqual(done.returncode, 1)
                self.assertIn(says, done.stderr)
                self.assertEqual(self.files(), {})


if __name__ == "__main__":
    unittest.main()
