"""catalog.py - the file that says where every module is: checked, opened in place, looked up by hash.

The layout is fixed by lib/build/catalog.h (little-endian tables of fixed-size records). Opening reads the file
once, compares its sha256 with the one in the boot module and checks the bounds of every table; a name is then
looked up in the on-disk hash table, so nothing is built per module and 10,000 modules open as fast as ten.
Whatever is wrong with the file is a CatalogError: an ImportError that says which file and what.
"""

import posix
import sys
from _struct import Struct
from zlib import crc32

MAGIC = b"CPCAT\r\n\x1a"
FORMAT = 1

# Kinds of root.
TASK, OPT, MOUNT, S3 = 0, 1, 2, 3
ROOT_NAMES = ("task", "opt", "mount", "s3")
# Kinds of member.
CODE, EXT, NS, LIB, DATA, TEXT, SOURCE = 1, 2, 3, 4, 5, 6, 7
# Flags of member, pack and group.
PACKAGE, LOOSE, DEFLATED, INIT = 1, 2, 4, 8
PREFETCH = 1
SCRATCH = 1
NO_PACK = 0xFFFF

_HEADER = Struct("<8sIIQHHI" + "II" * 7 + "II")
_ROOT = Struct("<IIIi16x")
_PACK = Struct("<IIQII8x32s")
_GROUP = Struct("<IIII")
_MEMBER = Struct("<IIBBHHHQQQIIIIII32s")
_MAX_BYTES = 1 << 30
_SMALL = 1 << 16


class CatalogError(ImportError):
    """The catalog cannot be used: the message names the file and the fault."""


def sha256(data):
    """The 32-byte sha256 of a bytes-like object.

    OpenSSL is three to five times faster but costs milliseconds to load: small inputs use the interpreter's own
    code unless OpenSSL is there already (AWS's runtime client loads it).
    """
    if len(data) >= _SMALL or "_hashlib" in sys.modules:
        try:
            from _hashlib import openssl_sha256 as new
        except ImportError:
            new = _builtin_sha256()
    else:
        new = _builtin_sha256()
    return new(data).digest()


def _builtin_sha256():
    """The sha256 constructor without OpenSSL; its module was renamed in 3.12 and may be configured away."""
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256 as new
        else:
            from _sha256 import sha256 as new
    except ImportError:
        from hashlib import sha256 as new
    return new


def safe_relative(path):
    """Whether `path` stays below the folder it is joined to: relative, no empty, "." or ".." part, no NUL."""
    if not path or "\0" in path:
        return False
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return False
    return True


class Member:
    """One record of the member table; field names as in catalog.h, sizes in bytes, `source` an index or -1."""

    __slots__ = ("index", "name", "kind", "flags", "pack", "root", "offset", "stored", "raw", "rel",
                 "need_ref", "need_count", "source", "group", "sha256")


class Pack:
    """One record of the pack table; `name` is the path below the root or the object's key below the prefix."""

    __slots__ = ("index", "root", "flags", "bytes", "name")


def read_file(path, limit=_MAX_BYTES):
    """The bytes of a whole file; OSError as open and read raise it, CatalogError when larger than `limit`."""
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        size = posix.fstat(fd).st_size
        if size > limit:
            raise CatalogError("%s has %d bytes, %d more than the limit" % (path, size, size - limit), path=path)
        pieces = []
        left = size
        while left > 0:
            piece = posix.read(fd, left)
            if not piece:
                break
            pieces.append(piece)
            left -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    finally:
        posix.close(fd)


def open_catalog(path, expected_sha256):
    """Reads, checks and opens the catalog at `path`; CatalogError says what is wrong with it."""
    try:
        data = read_file(path)
    except OSError as error:
        raise CatalogError("cloudpack: catalog %s cannot be read: %s" % (path, error.strerror), path=path) from None
    actual = sha256(data).hex()
    if actual != expected_sha256.lower():
        raise CatalogError("cloudpack: catalog %s (%d bytes) has sha256 %s, the boot module expects %s: the files "
                           "belong to different builds or one is damaged" % (path, len(data), actual, expected_sha256),
                           path=path)
    return Catalog(data, path, actual)


class Catalog:
    """An open catalog. Every offset is checked before it is followed; a bad one raises CatalogError."""

    def __init__(self, data, path="<memory>", digest=""):
        self.path = path
        self.digest = digest
        if len(data) < 128:
            raise self._bad("it has %d bytes, a header has 128" % len(data))
        (magic, version, header_bytes, file_bytes, major, minor, _flags, root_count, root_off, pack_count, pack_off,
         group_count, group_off, member_count, member_off, slot_count, slot_off, ref_count, ref_off, text_bytes,
         text_off, lib_count, lib_ref) = _HEADER.unpack_from(data)
        if magic != MAGIC:
            raise self._bad("it does not start with the catalog's magic bytes")
        if version > FORMAT or version < 1:
            raise self._bad("its format is %d, this runtime reads up to %d: build with the matching cloudpack"
                            % (version, FORMAT))
        if header_bytes < 128 or file_bytes != len(data):
            raise self._bad("its header promises %d bytes, the file has %d" % (file_bytes, len(data)))
        if (major, minor) != sys.version_info[:2]:
            raise self._bad("it was built for Python %d.%d, this is %d.%d" % ((major, minor) + sys.version_info[:2]))
        if slot_count < 1 or slot_count & (slot_count - 1):
            raise self._bad("its slot count %d is not a power of two" % slot_count)
        view = self._view = memoryview(data)
        self.member_count = member_count
        self.group_count = group_count
        self._members = self._table(view, "member", member_off, member_count, 96)
        self._words = self._members.cast("I")
        self._groups = self._table(view, "group", group_off, group_count, 16)
        self._slots = self._table(view, "slot", slot_off, slot_count, 4).cast("I")
        self._mask = slot_count - 1
        self._refs = self._table(view, "ref", ref_off, ref_count, 4).cast("I")
        self._text = bytes(self._table(view, "text", text_off, text_bytes, 1))
        if lib_ref + lib_count > ref_count:
            raise self._bad("its library order lies outside of the references")
        self._lib_slice = (lib_ref, lib_count)
        self.roots = [self._root(r) for r in _ROOT.iter_unpack(self._table(view, "root", root_off, root_count, 32))]
        packs = self._table(view, "pack", pack_off, pack_count, 64)
        self.packs = [self._pack(i, p) for i, p in enumerate(_PACK.iter_unpack(packs))]

    def _bad(self, why):
        """The error for a fault in the file."""
        return CatalogError("cloudpack: catalog %s is damaged or foreign: %s" % (self.path, why), path=self.path)

    def _table(self, view, what, offset, count, size):
        """The bytes of one table, or CatalogError when it leaves the file."""
        if offset + count * size > len(view) or (count and offset < 128):
            raise self._bad("its %s table (%d at offset %d) leaves the file" % (what, count, offset))
        return view[offset:offset + count * size]

    def _string(self, offset, length):
        """A piece of the text table as str."""
        if offset + length > len(self._text):
            raise self._bad("a name at text offset %d leaves the text table" % offset)
        try:
            return self._text[offset:offset + length].decode()
        except UnicodeDecodeError:
            raise self._bad("a name at text offset %d is not UTF-8" % offset) from None

    def _root(self, record):
        """(kind, path) of a root; the path cannot climb out of where it starts."""
        kind, offset, length, _zero = record
        path = self._string(offset, length).strip("/") if kind != MOUNT else self._string(offset, length)
        if kind > S3:
            raise self._bad("a root has the unknown kind %d" % kind)
        if kind == MOUNT:
            if not path.startswith("/") or not safe_relative(path.strip("/")):
                raise self._bad("the mount path %r is not a plain absolute path" % path)
            path = path.rstrip("/")
        elif path and not safe_relative(path):
            raise self._bad("the root path %r leaves its folder" % path)
        return kind, path

    def _pack(self, index, record):
        """A Pack with its root and name checked."""
        pack = Pack()
        pack.index = index
        pack.root, pack.flags, pack.bytes, offset, length, _digest = record
        pack.name = self._string(offset, length)
        if pack.root >= len(self.roots):
            raise self._bad("pack %d has root %d of %d" % (index, pack.root, len(self.roots)))
        if not safe_relative(pack.name):
            raise self._bad("the pack name %r leaves its root" % pack.name)
        return pack

    def find(self, name):
        """The index of the member called `name`, or -1."""
        try:
            key = name.encode()
        except UnicodeEncodeError:
            return -1
        size = len(key)
        slots, words, text, mask = self._slots, self._words, self._text, self._mask
        at = crc32(key)
        for _ in range(mask + 1):
            slot = slots[at & mask]
            if not slot:
                return -1
            if slot > self.member_count:
                raise self._bad("a hash slot names member %d of %d" % (slot - 1, self.member_count))
            base = (slot - 1) * 24
            if words[base + 1] == size:
                start = words[base]
                if text[start:start + size] == key:
                    return slot - 1
            at += 1
        return -1

    def member(self, index):
        """The member at `index` with every reference checked."""
        if index >= self.member_count:
            raise self._bad("member %d of %d is asked for" % (index, self.member_count))
        m = Member()
        m.index = index
        (name_off, name_len, m.kind, m.flags, m.pack, m.root, _zero, m.offset, m.stored, m.raw, rel_off, rel_len,
         m.need_ref, m.need_count, source, m.group, m.sha256) = _MEMBER.unpack_from(self._members, index * 96)
        m.name = self._string(name_off, name_len)
        m.rel = self._string(rel_off, rel_len)
        m.source = source - 1
        if not safe_relative(m.rel):
            raise self._bad("the path %r of %s leaves the site folder" % (m.rel, m.name))
        if not CODE <= m.kind <= SOURCE:
            raise self._bad("%s has the unknown kind %d" % (m.name, m.kind))
        if m.group >= self.group_count or source > self.member_count:
            raise self._bad("%s has group %d of %d and source %d of %d"
                            % (m.name, m.group, self.group_count, source, self.member_count))
        if m.need_ref + m.need_count > len(self._refs):
            raise self._bad("the needs of %s leave the references" % m.name)
        if m.flags & LOOSE:
            if m.root >= len(self.roots) or self.roots[m.root][0] == S3:
                raise self._bad("the loose file %s has no folder root" % m.rel)
        elif m.kind != NS:
            self._check_packed(m)
        return m

    def _check_packed(self, m):
        """CatalogError unless the member's bytes lie inside of its pack."""
        if m.pack >= len(self.packs):
            raise self._bad("%s is in pack %d of %d" % (m.name, m.pack, len(self.packs)))
        if m.offset + m.stored > self.packs[m.pack].bytes:
            raise self._bad("%s ends %d bytes behind the end of pack %s" % (
                m.name, m.offset + m.stored - self.packs[m.pack].bytes, self.packs[m.pack].name))
        if m.raw > _MAX_BYTES * 4 or (m.stored != m.raw and not m.flags & DEFLATED):
            raise self._bad("%s has %d bytes stored and %d raw" % (m.name, m.stored, m.raw))

    def group(self, index):
        """(root, flags, member indexes to materialise) of a group."""
        if index >= self.group_count:
            raise self._bad("group %d of %d is asked for" % (index, self.group_count))
        root, ref, count, flags = _GROUP.unpack_from(self._groups, index * 16)
        if root >= len(self.roots) or ref + count > len(self._refs):
            raise self._bad("group %d leaves the tables" % index)
        return root, flags, self._refs[ref:ref + count]

    def has_scratch(self):
        """Whether any group lives in the scratch folder."""
        roots = self.roots
        return any(flags & SCRATCH or (root < len(roots) and roots[root][0] == S3)
                   for root, _ref, _count, flags in _GROUP.iter_unpack(self._groups))

    def needs(self, m):
        """The indexes of the libraries that must be loaded before `m`."""
        return self._refs[m.need_ref:m.need_ref + m.need_count]

    def lib_order(self):
        """The indexes of all libraries, each behind those that it needs."""
        first, count = self._lib_slice
        return self._refs[first:first + count]

