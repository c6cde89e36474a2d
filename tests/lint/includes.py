#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares the include graph with the arrows of daemon/README.md, and foreign headers with the
one room that may see them. Prints every arrow that the plan does not have; exit 1 if there is one."""
import functools
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DAEMON = ROOT / "daemon"


def arrows():
    """room: the rooms it may include, from the block "arrows" of daemon/README.md. Everything may include base."""
    block = re.search(r"^```arrows\n(.*?)^```", (DAEMON / "README.md").read_text(), re.M | re.S)
    pairs = (line.split("->") for line in block.group(1).splitlines())
    return {room.strip(): to.split() for room, to in pairs}


MAY = arrows()
# foreign header: the rooms, or the one file, that may include it by themselves (a public header may pass it on)
FOREIGN = {
    r"curl/": ["http"],
    r"cjson/|cJSON": ["json"],
    r"sqlite3": ["store"],
    r"libconfig": ["config"],
    r"openssl/": ["base", "graph/assertion.c"],
    r"microhttpd": ["status"],
    r"libsmartcols/": ["ctl"],
    r"systemd/sd-event": ["http", "graph", "deliver", "status", "runtime"],
    r"systemd/sd-daemon": ["runtime"],
}
# Rooms that must compile without any library of others.
PURE = {"model", "rules", "alerts"}


def room_of(path):
    parts = pathlib.Path(path).resolve().relative_to(DAEMON).parts
    return parts[0] if len(parts) > 1 else "main"


@functools.cache
def direct_includes(path):
    """The headers of ours that one file names."""
    return [DAEMON / name for name in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(), re.M)]


def included(source):
    """Our own headers that a source needs, directly or through another header."""
    found, left = set(), direct_includes(source)
    while left:
        found.update(left)
        left = {header for path in left for header in direct_includes(path)} - found
    return found


def main():
    wrong = []
    arrows = {}
    sources = sorted(DAEMON.rglob("*.c"))
    for source in sources:
        room = room_of(source)
        for header in included(source):
            to = room_of(header)
            arrows.setdefault(room, set()).add(to)
            direct = f'#include "{pathlib.Path(header).resolve().relative_to(DAEMON)}"' in source.read_text()
            if to not in (room, "base") and to not in MAY[room] and (direct or room != "main"):
                wrong.append(f"{source.relative_to(ROOT)}: {room} must not lean on {to} ({header})")
    for path in sorted(list(DAEMON.rglob("*.[ch]"))):
        room = room_of(path)
        for name in re.findall(r"^\s*#\s*include\s*<([^>]+)>", path.read_text(), re.M):
            for pattern, rooms in FOREIGN.items():
                if re.match(pattern, name) and not {room, str(path.relative_to(DAEMON))} & set(rooms):
                    wrong.append(f"{path.relative_to(ROOT)}: <{name}> belongs to {', '.join(rooms) or 'no room yet'}")
                if re.match(pattern, name) and room in PURE:
                    wrong.append(f"{path.relative_to(ROOT)}: {room} is pure and must not see <{name}>")
    for room in MAY:
        print(f"{room:8} -> {' '.join(sorted(arrows.get(room, set()) - {room}))}")
    print(*wrong, sep="\n")
    print(f"{len(sources)} sources, {len(wrong)} wrong arrows")
    return 1 if wrong or not sources else 0


sys.exit(main())
