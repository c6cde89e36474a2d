#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Policy by rule or by kind stands in the rows of rules/rule.c and alerts/kind.c: nobody else compares with
one rule or kind, and nobody at all with their order. Shuffling enum rule or enum kind must change nothing."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONE = r"(?:RULE|KIND)_(?!BY_|COUNT_\b)[A-Z_]*[A-Z]\b"  # RULE_BY_...: another enum
ORDER = re.compile(rf"(?<![-<>])(?:<=?|>=?)\s*(?:\(\w[\w ]*\)\s*)?{ONE}|\b{ONE}\s*(?:<=?|>=?)(?![<>])|\b{ONE}\s*[-+]|[-+]\s*{ONE}")
CHOICE = re.compile(rf"[!=]=\s*{ONE}|\b{ONE}\s*[!=]=|\bcase\s+{ONE}")
# The rules and the words of one kind, which know their own: a file, and how often it may compare.
OWN = {
    "daemon/rules/pools.c": 3,  # a pool whose siblings have free units raises neither usage nor remaining; its forecast counts them
    "daemon/rules/units.c": 1,  # an order that ends the alert may leave a margin of usage that no order meets
    "daemon/alerts/texts_pool.c": 4,  # which of its rules decides: what the title says first
}


def strip(text):
    """Comments and strings say such words without meaning them."""
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


def main():
    wrong, files = [], sorted((ROOT / "daemon").rglob("*.[ch]"))
    for path in files:
        name, choices = str(path.relative_to(ROOT)), []
        for number, line in enumerate(strip(path.read_text()).split("\n"), 1):
            if ORDER.search(line):
                wrong.append(f"{name}:{number}: the order of rules and kinds has no meaning: add a column to their rows")
            choices += [number] * len(CHOICE.findall(line))
        if len(choices) != OWN.get(name, 0):
            wrong.append(f"{name}: {len(choices)} comparisons with one rule or kind (lines {choices}), expected "
                         f"{OWN.get(name, 0)}: read a column of rule_row() or kind_row()")
    print(*wrong, sep="\n")
    print(f"{len(files)} files, {len(wrong)} findings")
    return 1 if wrong or not files else 0


sys.exit(main())
