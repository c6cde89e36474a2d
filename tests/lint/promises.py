#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every row of the tables in tests/README.md names one test, and that test exists and is run."""
import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`([\w/]+\.(?:py|c)) (\w+)`")


def complaint(cell):
    """What is wrong with the last cell of a row, or None."""
    named = NAMED.fullmatch(cell)
    if not named:
        return "a row ends with `FILE TEST`, one test"
    path, name = TESTS / named[1], named[2]
    if not path.is_file():
        return f"there is no file {named[1]}"
    text = path.read_text()
    if path.suffix == ".py" and not re.search(rf"^    def {name}\(self\):", text, re.M):
        return f"{named[1]} has no test {name}"
    # One that is defined and not run would be a warning, which is an error here.
    if path.suffix == ".c" and not re.search(rf"^static void {name}\(void \*\*state\)$", text, re.M):
        return f"{named[1]} has no test {name}"
    return None


def main():
    wrong, rows = [], 0
    for number, line in enumerate((TESTS / "README.md").read_text().splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[-1] == "test" or set(cells[-1]) == {"-"}:
            continue
        rows += 1
        said = complaint(cells[-1])
        if said:
            wrong.append(f"tests/README.md:{number}: {said}")
    print(*wrong, sep="\n")
    print(f"{rows} promises, {len(wrong)} findings")
    return 1 if wrong or not rows else 0


sys.exit(main())
