#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every MESSAGE_ID has an entry in the message catalogue and in seatwatchd(8), and none has two."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    header = (ROOT / "daemon/base/message_ids.h").read_text()
    ids = dict(re.findall(r'#define MESSAGE_(\w+)\s+"([0-9a-f]{32})"', header))
    catalogue = (ROOT / "units/seatwatchd.catalog").read_text()
    entries = re.findall(r"^-- ([0-9a-f]{32})$", catalogue, re.M)
    manual = (ROOT / "daemon/seatwatchd.8").read_text()
    sources = "".join(p.read_text() for p in (ROOT / "daemon").rglob("*.c"))
    wrong = []
    for name, value in ids.items():
        if entries.count(value) != 1:
            wrong.append(f"MESSAGE_{name}: {entries.count(value)} entries in units/seatwatchd.catalog")
        if value not in manual:
            wrong.append(f"MESSAGE_{name}: {value} is not in daemon/seatwatchd.8")
        if f"MESSAGE_{name}" not in sources:
            wrong.append(f"MESSAGE_{name}: nobody sends it")
    wrong += [f"units/seatwatchd.catalog: {e} is no id of ours" for e in entries if e not in ids.values()]
    wrong += [f"units/seatwatchd.catalog: a line of {len(line)} columns" for line in catalogue.split("\n") if len(line) > 76]
    if len(set(ids.values())) != len(ids):
        wrong.append("two messages share an id")
    print(*wrong, sep="\n")
    print(f"{len(ids)} message ids, {len(wrong)} findings")
    return 1 if wrong or not ids else 0


sys.exit(main())
