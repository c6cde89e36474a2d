#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the manual page and the sample against the key table: check.py PRINT-PROGRAM.

Manual: every key has an entry ".It Ic KEY", directly under it the facts of the table, then the help
text, and an example that names the key. RULE stands for any rule and "match." for both matches
where their facts are equal. Sample: with the '#' before its settings taken away it holds every key,
with its default where there is one, and every help text. Neither knows a key that is not in the table."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
MANUAL = ROOT / "conf" / "seatwatchd.conf.5"
SAMPLE = ROOT / "conf" / "seatwatchd.conf"
TIMES = ("for", "keep_firing_for", "min_samples")
wrong = []


class Row:
    def __init__(self, line):
        self.path, self.kind, self.default, self.facts, self.help = line.split("\t")
        self.name = self.path.rsplit(".", 1)[-1]
        # A key that differs between two types of receivers has the path receivers.TYPE.KEY.
        self.setting = re.sub(r"^receivers\.\w+\.", "receivers.", self.path)
        self.rule_of_override = re.fullmatch(r"overrides\.\w+", self.path) and self.facts == 'group or "off"'


def read_table(program):
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
    return {row.path: row for row in map(Row, lines)}


def plain(text):
    """Words of mdoc or comments in a row, without mark-up."""
    return re.sub(r"\s+", " ", text.replace("\\&", "").replace("\\(dq", '"')).strip()


def entry_names(row, table):
    """The names under which the manual may have this key."""
    parts = row.path.split(".")
    if parts[0] == "thresholds" and row.name in TIMES and row.facts == table["thresholds.usage." + row.name].facts:
        return ["thresholds.RULE." + row.name]
    if len(parts) == 3 and parts[1] == "match":
        return ["match." + row.name]
    if row.rule_of_override:
        return ["overrides.RULE"]
    return [row.path]


def check_entry(row, name, body):
    lines = body.strip().split("\n")
    if row.kind == "group" and not row.rule_of_override:
        if row.help not in plain(body):
            wrong.append(f"{MANUAL}: {name}: the help of the table is missing: {row.help}")
        return
    if plain(lines[0]) != row.facts:
        wrong.append(f"{MANUAL}: {name}: says '{lines[0]}', the table says '{row.facts}'")
    if not row.rule_of_override and row.help not in plain("\n".join(lines[1:])):
        wrong.append(f"{MANUAL}: {name}: the help of the table is missing: {row.help}")
    examples = [plain(line[4:]) for line in lines if line.startswith(".Dl ")]
    wanted = "usage" if row.rule_of_override else row.name
    if not any(re.search(rf"(^|\W){wanted}( = |\W|$)", e) for e in examples):
        wrong.append(f"{MANUAL}: {name}: has no example with .Dl")


def check_manual(table):
    text = MANUAL.read_text()
    keys = re.search(r"^\.Sh KEYS\n(.*)^\.Sh FILES$", text, re.S | re.M).group(1)
    entries = {}
    for name, body in re.findall(r"^\.It Ic (\S+)\n(.*?)(?=^\.It |^\.El|^\.S[hs] )", keys, re.S | re.M):
        if name in entries:
            wrong.append(f"{MANUAL}: {name}: has two entries")
        entries[name] = body
    used = set()
    for row in table.values():
        for name in entry_names(row, table):
            if name in entries:
                used.add(name)
                check_entry(row, name, entries[name])
            elif row.kind == "key" or row.rule_of_override:
                wrong.append(f"{MANUAL}: {name}: has no entry")
            elif row.help not in plain(keys):
                wrong.append(f"{MANUAL}: {name}: the help of the table is missing: {row.help}")
    for name in entries.keys() - used:
        wrong.append(f"{MANUAL}: {name}: is not in the key table")


def uncomment(text):
    """Settings stand behind a '#' without a blank, or in a block of lines that begin with one."""
    return "\n".join(re.sub(r"^#(?=\S|  )|^(\s+)#(?=\S)", r"\1", line) for line in text.split("\n"))


def read_settings(text):
    """(path, value) of every setting; values of groups and lists are ''."""
    tokens = re.findall(r'#[^\n]*|"(?:\\.|[^"\\])*"|[A-Za-z*][-\w*]*|-?[\d.]+|[{}()\[\]=:;,]', text)
    tokens = [t for t in tokens if not t.startswith("#")]
    found, stack, name = [], [], None
    for i, token in enumerate(tokens):
        if token in "({[":
            stack.append(name)
            if name:
                found.append((".".join(filter(None, stack)), ""))
            name = None
        elif token in ")}]":
            stack.pop()
        elif token in "=:":
            name = tokens[i - 1]
        elif name and token not in ";," and tokens[i - 1] in "=:":
            found.append((".".join(filter(None, stack + [name])), token))
            name = None
    return found


def check_sample(table):
    text = SAMPLE.read_text()
    comments = plain(" ".join(m.group(1) for m in re.finditer(r"^\s*# (\S.*)$", text, re.M)))
    settings = read_settings(uncomment(text))
    values = {}
    for path, value in settings:
        values.setdefault(path, []).append(value)
    for path in values:
        inner = re.match(r"(tenants\.labels|overrides\.match\.labels|routes\.match\.labels|maintenance\.match\.labels|names|tenant_defaults|"
                         r"overrides\.(?!match|ignore)\w+)\.", path)
        if path not in table and not inner:
            wrong.append(f"{SAMPLE}: {path}: is not in the key table")
    for row in table.values():
        if row.setting not in values:
            wrong.append(f"{SAMPLE}: {row.path}: is missing")
        elif row.kind == "key" and row.default != "-" and \
                row.default not in [v.strip('"') for v in values[row.setting]]:
            wrong.append(f"{SAMPLE}: {row.path}: shows {values[row.setting]}, the default is {row.default}")
        if row.help not in comments:
            wrong.append(f"{SAMPLE}: {row.path}: the help of the table is missing: {row.help}")


def check_times(table):
    """What the table calls "that of alerts" must be the default of alerts in the sample."""
    values = dict(read_settings(uncomment(SAMPLE.read_text())))
    for path, value in values.items():
        parts = path.split(".")
        if parts[0] == "thresholds" and parts[-1] in TIMES and table[path].default == "-" and \
                value.strip('"') != table["alerts." + parts[-1]].default:
            wrong.append(f"{SAMPLE}: {path}: shows {value}, alerts has {table['alerts.' + parts[-1]].default}")


def main():
    table = read_table(sys.argv[1])
    check_manual(table)
    check_sample(table)
    check_times(table)
    print(*wrong, sep="\n")
    print(f"{len(table)} rows, {len(wrong)} findings")
    return 1 if wrong or len(table) < 100 else 0


sys.exit(main())
