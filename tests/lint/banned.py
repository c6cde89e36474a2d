#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Functions and habits that have no place in daemon/, each with what to use instead."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BANNED = {
    r"\b(strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat)\s*\(": "snprintf or base/text.h",
    r"\b(atoi|atol|atoll|strtok|rand|srand|random)\s*\(": "a parser that can fail; base/digest.h for dice",
    r"\b(system|popen|exec[lv][pe]*|fork|vfork|posix_spawn|dlopen|dlsym)\s*\(": "nothing: no shell, exec, dlopen or plugins",
    r"\b(alloca|setjmp|longjmp)\s*\(": "memory with an owner, and return codes",
    r"\b(localtime|gmtime|ctime|asctime)\s*\(": "base/date.h",
    r"\b(clock_gettime|gettimeofday|time)\s*\(": "base/clock.h",
    r"\b(sleep|usleep|nanosleep)\s*\(": "a timer of the event loop",
    r"\b(syslog|vsyslog|openlog)\s*\(": "deliver/syslog.c: glibc's loses messages silently",
    r"\bsd_journal_(send|print|sendv)\w*\s*\(": "base/journal.h: libsystemd's blocks on a frozen journald",
    r"\bFOLLOWLOCATION,\s*1": "redirects are failures",
    r"\bSSL_VERIFY(PEER|HOST),\s*0": "verification has no switch",
}
# In comments, of tests too: pages that a reader does not have.
CITED = r"\b(security rules?|digest \d+\.\d|(spec|style|design|receivers|alert-lifecycle|graph-api)\.md)\b"
ALLOWED = {  # file: what it may use, because it is the one place for it
    "daemon/base/clock.c": ["clock_gettime"],
}


def strip(text):
    """Comments and strings say such words without meaning them."""
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\])*"', lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


def cites(name, text):
    return [f"{name}:{number}: cites {found.group()}: give the reason, or a rule of daemon/README.md"
            for number, line in enumerate(text.split("\n"), 1) if (found := re.search(CITED, line))]


def main():
    wrong, files = [], sorted((ROOT / "daemon").rglob("*.[ch]"))
    for path in files:
        name, text = str(path.relative_to(ROOT)), path.read_text()
        if not text.startswith("/* SPDX-License-Identifier: MIT */\n/* "):
            wrong.append(f"{name}:1: the SPDX line and one sentence open every file")
        for number, line in enumerate(strip(text).split("\n"), 1):
            for pattern, instead in BANNED.items():
                found = re.search(pattern, line)
                if found and not any(a in found.group() for a in ALLOWED.get(name, [])):
                    wrong.append(f"{name}:{number}: {found.group().strip('( ')}: use {instead}")
        wrong += cites(name, text)
        lines = text.count("\n")
        if path.suffix == ".c" and lines > 600:
            wrong.append(f"{name}: {lines} lines: a second module hides inside")
    for path in sorted((ROOT / "tests").rglob("*.[ch]")):
        wrong += cites(str(path.relative_to(ROOT)), path.read_text())
    print(*wrong, sep="\n")
    print(f"{len(files)} files, {len(wrong)} findings")
    return 1 if wrong or not files else 0


sys.exit(main())
