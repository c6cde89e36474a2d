# SPDX-License-Identifier: MIT
"""A network that belongs to this test alone: names and addresses are what it says, ports are free, and whatever
would leave the machine has nowhere to go."""
import ctypes
import os
import pathlib
import subprocess
import tempfile

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000


def run(*argv):
    subprocess.run([str(a) for a in argv], check=True)


def bind(source, target):
    run("mount", "--bind", source, os.path.realpath(target))


class Network:
    """Made once in a process, which lives in it from then on, with all that it starts. Needs root, or user namespaces."""

    def __init__(self):
        user, group = os.geteuid(), os.getegid()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET | CLONE_NEWNS | (CLONE_NEWUSER if user else 0)) < 0:
            raise OSError(ctypes.get_errno(), "unshare")
        if user:
            for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
                pathlib.Path("/proc/self", name).write_text(text)
        run("mount", "--make-rprivate", "/")
        run("ip", "link", "set", "lo", "up")
        self.directory = tempfile.TemporaryDirectory(prefix="seatwatch-network-")
        self.hosts, switch = (pathlib.Path(self.directory.name, name) for name in ("hosts", "nsswitch.conf"))
        switch.write_text("hosts: files\n")
        self.names({})
        bind(switch, "/etc/nsswitch.conf")
        bind(self.hosts, "/etc/hosts")
        self.made = set()

    def names(self, table):
        """{"graph.example": "192.0.2.1"}, or a list of addresses; no other name is known from now on."""
        lines = [(address, name) for name, at in table.items() for address in ([at] if isinstance(at, str) else at)]
        self.hosts.write_text("".join(f"{address} {name}\n" for address, name in [("127.0.0.1", "localhost"), *lines]))

    def here(self, *addresses):
        """Addresses of this machine, though not of its loopback range."""
        for address in set(addresses) - self.made:
            run("ip", "address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else []))
        self.made.update(addresses)

    def lose(self, address):
        """From now on nothing arrives there, and open connections are not told."""
        self.made.discard(address)
        self.silent(address)
        run("ip", "address", "del", address, "dev", "lo")

    def find(self, address):
        run("ip", "route", "del", address, "dev", "void")
        self.made.discard(address)
        self.here(address)

    def silent(self, *addresses):
        """Addresses in which everything gets lost that is sent there: no answer, and no word that there is none."""
        if "void" not in self.made:
            run("ip", "link", "add", "void", "type", "veth", "peer", "name", "nothing")
            for link in ("void", "nothing"):
                run("ip", "link", "set", link, "up")
            self.made.add("void")
        for address in set(addresses) - self.made:
            run("ip", "neighbour", "replace", address, "lladdr", "02:00:00:00:00:01", "dev", "void", "nud", "permanent")
            run("ip", "route", "add", address, "dev", "void")
        self.made.update(addresses)

    def end(self):
        """The mounts go with the process; the files under them need not stay."""
        for path in ("/etc/hosts", "/etc/nsswitch.conf"):
            run("umount", os.path.realpath(path))
        self.directory.cleanup()
