#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No circle of files: circles.py BUILD-DIRECTORY/daemon

Two source files that call each other cannot be understood, tested or replaced one by one. The graph is the one the
linker sees: an object file depends on those that define its undefined symbols. Every circle is printed with the
symbols that close it; see daemon/README.md."""
import collections
import pathlib
import subprocess
import sys

DAEMON = pathlib.Path(__file__).resolve().parents[2] / "daemon"


def read(directory):
    """(by file: symbols it needs), (by symbol: the file that defines it)"""
    names = {}
    for path in sorted(pathlib.Path(directory).rglob("*.c.o")):
        name = str(path).split(".dir/")[-1].removesuffix(".o")
        if (DAEMON / name).exists():  # else it is left by an earlier build
            names[str(path)] = name
    needs, defined = {name: set() for name in names.values()}, {}
    if not names:
        return needs, defined
    out = subprocess.run(["nm", "-A", "--no-sort", "--format=posix", *names], check=True, capture_output=True, text=True)
    for line in out.stdout.splitlines():
        path, rest = line.split(": ", 1)
        symbol, kind = rest.split()[:2]
        if kind == "U":
            needs[names[path]].add(symbol)
        elif kind in "TDBRV":
            defined[symbol] = names[path]
    return needs, defined


def components(edges):
    """Strongly connected components with more than one member (Tarjan)."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        for w in edges[v]:
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            component = []
            while True:
                w = stack.pop()
                on.discard(w)
                component.append(w)
                if w == v:
                    break
            if len(component) > 1:
                found.append(sorted(component))

    for v in sorted(edges):
        if v not in index:
            visit(v)
    return found


def main():
    needs, defined = read(sys.argv[1])
    if not needs:
        sys.exit(f"{sys.argv[1]}: no object files")
    edges = {name: {defined[s] for s in symbols if s in defined} - {name} for name, symbols in needs.items()}
    found = components(edges)
    for circle in found:
        print(f"circle of {len(circle)} files:")
        for name in circle:
            calls = collections.defaultdict(list)
            for symbol in sorted(needs[name]):
                if defined.get(symbol) in circle and defined[symbol] != name:
                    calls[defined[symbol]].append(symbol)
            for other, symbols in sorted(calls.items()):
                print(f"  {name} -> {other}: {', '.join(symbols)}")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
