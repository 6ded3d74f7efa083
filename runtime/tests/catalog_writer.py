"""catalog_writer.py - writes small catalogs and packs for the tests, straight from lib/build/catalog.h.

Independent of the C writer and of the reader under test: a mistake in either shows as a difference between them.
A `Site` is filled with roots, packs, groups and members and then written below a folder that stands for the machine:

    <base>/task   the task root       <base>/opt     /opt          <base>/mnt   prefix of absolute mounts
    <base>/shelf  objects of S3       <base>/scratch the scratch folder
"""

import hashlib
import marshal
import os
import struct
import sys
import zlib

TASK, OPT, MOUNT, S3 = range(4)
CODE, EXT, NS, LIB, DATA, TEXT, SOURCE = range(1, 8)
PACKAGE, LOOSE, DEFLATED, INIT = 1, 2, 4, 8
PREFETCH = 1
SCRATCH = 1


def deflate(data):
    """Raw deflate, as in RFC 1951."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


class Site:
    """A catalog in the making. Indexes are returned by the adding methods and taken by the others."""

    def __init__(self, base):
        self.base = str(base)
        self.roots, self.packs, self.groups, self.members = [], [], [], []
        self.bodies, self.loose, self.lib_order = [], [], []
        self.python = sys.version_info[:2]
        self.format = 1
        for name in ("task", "opt", "mnt", "shelf", "scratch"):
            os.makedirs("%s/%s" % (self.base, name), exist_ok=True)

    def root(self, kind, path):
        """Adds a root."""
        self.roots.append((kind, path))
        return len(self.roots) - 1

    def folder(self, root):
        """Where a root is on this machine."""
        kind, path = self.roots[root]
        top = {TASK: "task/", OPT: "opt/", MOUNT: "mnt", S3: "shelf/"}[kind]
        return (self.base + "/" + top + ("" if kind == S3 else path)).rstrip("/")

    def pack(self, root, name, flags=0):
        """Adds an empty pack."""
        self.packs.append((root, name, flags))
        self.bodies.append(bytearray())
        return len(self.packs) - 1

    def group(self, root, flags=0, refs=()):
        """Adds a group; `refs` (a list) may grow later."""
        self.groups.append((root, flags, refs))
        return len(self.groups) - 1

    def home(self, group):
        """The folder that modules of the group believe to be in."""
        root, flags, _refs = self.groups[group]
        if flags & SCRATCH:
            return "%s/scratch/%s/site" % (self.base, self.digest[:16])
        return self.folder(root) + "/site"

    def add(self, name, kind, rel, data=b"", group=0, pack=None, root=0, flags=0, needs=(), source=0, sha=None,
            raw=None):
        """Adds a member: into `pack`, or as a loose file below `root`. Returns its index."""
        stored = deflate(data) if flags & DEFLATED else data
        offset = 0
        if kind == NS:
            pack = 0xFFFF
        elif pack is None:
            flags |= LOOSE
            pack = 0xFFFF
            self.loose.append((root, rel, data))
        else:
            offset = len(self.bodies[pack])
            self.bodies[pack] += stored
        self.members.append(dict(
            name=name, kind=kind, flags=flags, pack=pack, root=root, offset=offset, stored=len(stored),
            raw=len(data) if raw is None else raw, rel=rel, needs=list(needs), source=source, group=group,
            sha=sha or hashlib.sha256(stored).digest()))
        index = len(self.members) - 1
        if kind == LIB:
            self.lib_order.append(index)
        return index

    def code(self, name, rel, text, group=0, pack=None, flags=0, keep_source=False, where=None):
        """Adds a module as bytecode, with its source beside it when asked for."""
        text = text.encode() if isinstance(text, str) else text
        source = 0
        if keep_source:
            source = 1 + self.add("/" + rel, SOURCE, rel, text, group, pack)
        body = marshal.dumps(compile(text, where or "/build/" + rel, "exec", dont_inherit=True))
        if rel.endswith("/__init__.py"):
            flags |= PACKAGE
        return self.add(name, CODE, rel, body, group, pack, flags=flags, source=source)

    def text(self, name, rel, text, group=0, pack=None, root=0, flags=0):
        """Adds a module as source text."""
        if rel.endswith("/__init__.py"):
            flags |= PACKAGE
        return self.add(name, TEXT, rel, text.encode(), group, pack, root, flags)

    def data(self, rel, data, group=0, pack=None, root=0, flags=0):
        """Adds a data file; one in a pack is to be materialised with its group."""
        index = self.add("/" + rel, DATA, rel, data, group, pack, root, flags)
        if pack is not None:
            self.groups[group][2].append(index)
        return index

    def catalog(self):
        """The catalog's bytes."""
        text, seen = bytearray(), {}

        def string(value):
            raw = value.encode()
            if raw not in seen:
                seen[raw] = len(text)
                text.extend(raw)
            return seen[raw], len(raw)

        refs = []
        roots = b"".join(struct.pack("<IIII16x", kind, *string(path), 0) for kind, path in self.roots)
        packs = b""
        for (root, name, flags), body in zip(self.packs, self.bodies):
            packs += struct.pack("<IIQII8x32s", root, flags, len(body), *string(name), hashlib.sha256(body).digest())
        groups = b""
        for root, flags, members in self.groups:
            groups += struct.pack("<IIII", root, len(refs), len(members), flags)
            refs += members
        table = []
        for m in self.members:
            table.append(struct.pack("<IIBBHHHQQQIIIIII32s", *string(m["name"]), m["kind"], m["flags"], m["pack"],
                                     m["root"], 0, m["offset"], m["stored"], m["raw"], *string(m["rel"]), len(refs),
                                     len(m["needs"]), m["source"], m["group"], m["sha"]))
            refs += m["needs"]
        lib_ref = len(refs)
        refs += self.lib_order
        slots = self._slots()
        tables = [(len(self.roots), roots), (len(self.packs), packs), (len(self.groups), groups),
                  (len(self.members), b"".join(table)), (len(slots), struct.pack("<%dI" % len(slots), *slots)),
                  (len(refs), struct.pack("<%dI" % len(refs), *refs)), (len(text), bytes(text))]
        body, places, at = b"", [], 128
        for count, blob in tables:
            places += [count, at]
            body += blob
            at += len(blob)
        return struct.pack("<8sIIQHHI14III32x", b"CPCAT\r\n\x1a", self.format, 128, at, *self.python, 0, *places,
                           len(self.lib_order), lib_ref) + body

    def _slots(self):
        """The hash table of member names; the first of equal names is found."""
        count = 1
        while self.members and count < 2 * len(self.members):
            count *= 2
        slots = [0] * count
        for index, m in enumerate(self.members):
            at = zlib.crc32(m["name"].encode())
            while slots[at & (count - 1)]:
                at += 1
            slots[at & (count - 1)] = index + 1
        return slots

    def write(self, catalog="cloudpack.catalog"):
        """Writes packs, loose files and the catalog; returns the catalog's sha256."""
        for (root, name, _flags), body in zip(self.packs, self.bodies):
            put("%s/%s" % (self.folder(root), name), bytes(body))
        for root, rel, data in self.loose:
            put("%s/site/%s" % (self.folder(root), rel), data)
        data = self.catalog()
        self.digest = hashlib.sha256(data).hexdigest()
        put("%s/task/%s" % (self.base, catalog), data)
        return self.digest


def put(path, data):
    """Writes a file and the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
