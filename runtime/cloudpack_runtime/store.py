"""store.py - from a member of the catalog to its checked bytes.

A pack below the task root or /opt is part of the signed function zip or layer: it is mapped and trusted. A pack on
a mount or in S3 could have been changed or cut since the build: its bytes are copied first and compared with the
member's sha256, and only that copy is used. (A mapped file that shrinks kills the process; a copy cannot.)

Members are handed to a consumer function instead of being returned, so that memory of a stream can be given back
as soon as the bytes have been used.
"""

import posix
from _thread import RLock
from mmap import PROT_READ, mmap
from time import monotonic, perf_counter
from zlib import decompressobj, error as ZlibError

from .catalog import (DATA, DEFLATED, INIT, LOOSE, MOUNT, OPT, PREFETCH, S3, SCRATCH, SOURCE, TASK, TEXT, read_file,
                      sha256)

DEFAULT_SECONDS = 20.0
_SCRATCH = "/tmp/cloudpack"


class LoadError(ImportError):
    """A module that is installed cannot be loaded: the message names the member, the pack and the reason."""


class LocalPack:
    """A pack of the function zip or a layer, mapped; trusted."""

    checked = False

    def __init__(self, path, size):
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            actual = posix.fstat(fd).st_size
            if actual != size:
                raise ValueError("it has %d bytes, the catalog says %d" % (actual, size))
            self.view = memoryview(mmap(fd, size, prot=PROT_READ)) if size else memoryview(b"")
        finally:
            posix.close(fd)

    def take(self, offset, size):
        """A view of the stored bytes and whether they came out of a stream."""
        return self.view[offset:offset + size], False


class RemotePack:
    """A pack on a mount or in S3, with or without a stream; its bytes are checked by the caller."""

    checked = True

    def __init__(self, source, seconds, record):
        self.source = source
        self.seconds = seconds
        self.record = record
        self.stream = None

    def take(self, offset, size):
        """A view of the stored bytes and whether `stream.done` must follow; raises FetchError."""
        deadline = monotonic() + self.seconds
        if not size:
            return memoryview(b""), False
        if self.stream is not None:
            view = self.stream.take(offset, size, deadline)
            if view is not None:
                return view, True
            if self.stream.error is not None and monotonic() >= deadline:
                raise self.stream.error  # there is no time to meet the same fault again
        piece = memoryview(bytearray(size))
        began = perf_counter()
        self.source.fetch(offset, piece, deadline)
        self.record.wait_ms += (perf_counter() - began) * 1000
        return piece, False


class FileSource:
    """Ranges of a file on a mount or a local shelf."""

    def __init__(self, path, record):
        from .prefetch import FetchError
        self.error = FetchError
        self.path = path
        self.record = record
        self.fd = -1

    def fetch(self, offset, view, _deadline):
        """Fills `view` from `offset`; raises FetchError. A file that is missing now may appear (mounts do)."""
        try:
            if self.fd < 0:
                self.fd = posix.open(self.path, posix.O_RDONLY | posix.O_CLOEXEC)
            done = 0
            while done < len(view):
                n = posix.preadv(self.fd, [view[done:]], offset + done)
                if not n:
                    raise self.error("%s ends after %d bytes, %d are needed" % (
                        self.path, offset + done, offset + len(view)), final=True)
                done += n
        except OSError as error:
            raise self.error("%s: %s" % (self.path, error.strerror)) from None
        self.record.bytes_fetched += len(view)
        self.record.requests += 1


class Store:
    """All roots, packs and groups of one catalog. `env` is the environment as a dict, `task` the task root."""

    def __init__(self, catalog, env, settings, record, task):
        self.catalog = catalog
        self.env = env
        self.settings = settings
        self.record = record
        self.task = task
        self.opt = env.get("CLOUDPACK_OPT") or "/opt"
        self.mount = (env.get("CLOUDPACK_MOUNT") or "").rstrip("/")
        self.scratch = (env.get("CLOUDPACK_SCRATCH") or _SCRATCH).rstrip("/")
        shelf = env.get("CLOUDPACK_SHELF") or ""
        self.shelf = shelf[4:].rstrip("/") if shelf.startswith("dir:") else None
        try:
            self.seconds = float(env.get("CLOUDPACK_DEADLINE") or DEFAULT_SECONDS)
        except ValueError:
            self.seconds = DEFAULT_SECONDS
        # Files of two builds may meet in one scratch folder on a developer's machine: each has its own below it.
        self.scratch_site = "%s/%s/site" % (self.scratch, catalog.digest[:16] or "0")
        self.lock = RLock()
        self.prefetcher = None
        self._packs = {}
        self._homes = {}
        self._ready = set()
        self.metadata = set()
        self._client = None
        self._natives = None
        posix.register_at_fork(after_in_child=self._after_fork)

    # Folders

    def root_folder(self, index):
        """The absolute folder of a task, opt or mount root."""
        kind, path = self.catalog.roots[index]
        if kind == MOUNT:
            return self.mount + path
        base = self.task if kind == TASK else self.opt
        return base + "/" + path if path else base

    def loose_path(self, m):
        """Where a loose member is."""
        return "%s/site/%s" % (self.root_folder(m.root), m.rel)

    def home(self, index):
        """The folder that `__file__` of the group's modules starts with."""
        home = self._homes.get(index)
        if home is None:
            root, flags, _members = self.catalog.group(index)
            if flags & SCRATCH or self.catalog.roots[root][0] == S3:
                home = self.scratch_site
            else:
                home = self.root_folder(root) + "/site"
            self._homes[index] = home
        return home

    def site_folders(self):
        """The homes of all roots: (those of the zip and the layers, those on mounts and in scratch)."""
        near, far = [], []
        for index, (kind, _path) in enumerate(self.catalog.roots):
            if kind != S3:
                folder = self.root_folder(index) + "/site"
                place = near if kind in (TASK, OPT) else far
                if folder not in place:
                    place.append(folder)
        if self.catalog.has_scratch():
            far.append(self.scratch_site)
        return near, far

    # Bytes

    def pack(self, index):
        """The opened pack; OSError or ValueError when a local one is missing or has the wrong size."""
        pack = self._packs.get(index)
        if pack is None:
            with self.lock:
                pack = self._packs.get(index)
                if pack is None:
                    pack = self._packs[index] = self._open(self.catalog.packs[index])
        return pack

    def _open(self, entry):
        """Opens a pack where its root says."""
        kind = self.catalog.roots[entry.root][0]
        if kind in (TASK, OPT):
            return LocalPack("%s/%s" % (self.root_folder(entry.root), entry.name), entry.bytes)
        return RemotePack(self._source(entry), self.seconds, self.record)

    def _source(self, entry):
        """Where the ranges of a remote pack come from."""
        kind, path = self.catalog.roots[entry.root]
        if kind == MOUNT:
            return FileSource("%s/%s" % (self.root_folder(entry.root), entry.name), self.record)
        if self.shelf is not None:
            return FileSource("%s/%s" % (self.shelf, entry.name), self.record)
        from .s3 import Client, S3Source
        bucket, _, prefix = path.partition("/")
        if self._client is None:
            self._client = Client(self.env, self.record)
        return S3Source(self._client, bucket, prefix + "/" + entry.name if prefix else entry.name)

    def start_prefetch(self):
        """Starts streaming the packs that the plan marked; does nothing when there are none."""
        roots = self.catalog.roots
        marked = [p for p in self.catalog.packs if p.flags & PREFETCH and p.bytes and roots[p.root][0] in (MOUNT, S3)]
        if not marked:
            return
        from .prefetch import Prefetcher
        self.prefetcher = Prefetcher(int(self.settings.get("connections", 4)),
                                     int(self.settings.get("chunk_bytes", 2097152)), self.seconds, self.record)
        for entry in marked:
            try:
                pack = self.pack(entry.index)
            except Exception:  # the import that needs the pack opens it again, and reports why it cannot
                continue
            pack.stream = self.prefetcher.add(pack.source, entry.bytes)
        self.prefetcher.start()

    def use(self, m, consume):
        """Calls consume(raw bytes of `m`) and returns its value; the bytes are valid only during that call.

        Raises LoadError when they cannot be had or are not those of the build.
        """
        if m.flags & LOOSE:
            return self._use_loose(m, consume)
        entry = self.catalog.packs[m.pack]
        try:
            pack = self.pack(m.pack)
            view, streamed = pack.take(m.offset, m.stored)
        except Exception as error:
            raise self._cannot(m, entry.name, error) from error
        try:
            if pack.checked and sha256(view) != m.sha256:
                raise self._cannot(m, entry.name, "its sha256 is not the one in the catalog: the pack was changed or "
                                   "damaged after the build; it is not used")
            self.count(m, self.catalog.roots[entry.root][0], not entry.flags & PREFETCH)
            return consume(self._inflate(m, view, entry.name) if m.flags & DEFLATED else view)
        finally:
            if streamed:
                pack.stream.done(m.offset, m.stored)

    def _use_loose(self, m, consume):
        """`use` for a plain file; one on a mount is checked like a pack there."""
        path = self.loose_path(m)
        try:
            data = read_file(path)
        except OSError as error:
            raise self._cannot(m, path, error.strerror) from error
        kind = self.catalog.roots[m.root][0]
        if kind == MOUNT and sha256(data) != m.sha256:
            raise self._cannot(m, path, "its sha256 is not the one in the catalog: the file was changed or damaged "
                               "after the build; it is not used")
        self.count(m, kind, False)
        return consume(data)

    def _inflate(self, m, view, where):
        """The raw bytes of a deflated member, never more than the catalog says."""
        inflater = decompressobj(-15)
        try:
            # One byte more than promised is room enough to notice a longer stream, and 0 would mean no limit.
            raw = inflater.decompress(view, m.raw + 1)
        except ZlibError as error:
            raise self._cannot(m, where, "it does not inflate: %s" % error) from error
        if len(raw) != m.raw or not inflater.eof:
            raise self._cannot(m, where, "it inflates to %s than %d bytes" % (
                "more" if len(raw) > m.raw else "other", m.raw))
        return raw

    @staticmethod
    def _cannot(m, where, why):
        """The error for a member that cannot be used."""
        what = m.name[1:] if m.name.startswith("/") else m.name
        return LoadError("cloudpack: cannot load %s from %s: %s" % (what, where, why), name=what)

    def count(self, m, root_kind, on_demand):
        """Books one loaded member, and a miss when the plan thought that it would not be needed at init."""
        record = self.record
        record.loaded[root_kind] += 1
        record.loaded_bytes[root_kind] += m.stored
        if m.flags & INIT or m.kind == SOURCE:
            return
        if m.kind == TEXT:
            record.miss(m.name, "text", root_kind)
        elif on_demand and root_kind in (MOUNT, S3) and m.kind != DATA:
            record.miss(m.name, "on-demand", root_kind)

    # Groups

    def ready(self, m):
        """Puts the data files of the group of `m` on disk, once per process; raises LoadError.

        A module of the group calls it before it runs. Threads that come second wait for the first.
        """
        if m.group in self._ready:
            return
        with self.lock:
            if m.group in self._ready:
                return
            _root, _flags, members = self.catalog.group(m.group)
            if len(members):
                if not m.flags & INIT:
                    self.record.miss(m.name, "group", self._root_kind(m))
                for index in members:
                    self.materialise(index)
            self._ready.add(m.group)

    def _root_kind(self, m):
        """The kind of root that a member's bytes are below."""
        if m.flags & LOOSE or m.pack >= len(self.catalog.packs):
            return self.catalog.roots[m.root][0] if m.root < len(self.catalog.roots) else TASK
        return self.catalog.roots[self.catalog.packs[m.pack].root][0]

    def materialise(self, index):
        """Writes one data file below its group's home (atomically) and returns its path; raises LoadError."""
        m = self.catalog.member(index)
        path = "%s/%s" % (self.home(m.group), m.rel)
        if not path.startswith(self.scratch + "/"):
            return path
        from .record import replace_file
        try:
            make_folders(path.rpartition("/")[0])
            self.use(m, lambda data: replace_file(path, data))
        except OSError as error:
            raise self._cannot(m, path, "it cannot be written: %s" % error.strerror) from error
        return path

    def read(self, m):
        """The raw bytes of a member, kept."""
        return self.use(m, bytes)

    @property
    def natives(self):
        """The loader of extension modules and libraries, made at first need."""
        if self._natives is None:
            with self.lock:
                if self._natives is None:
                    from .native import Natives
                    self._natives = Natives(self)
        return self._natives

    def _after_fork(self):
        """The child of a fork has this thread only: locks that another held would never be released."""
        self.lock = RLock()
        if self.prefetcher is not None:
            self.prefetcher.after_fork()
        if self._client is not None:
            self._client.after_fork()
        if self._natives is not None:
            self._natives.after_fork()


def make_folders(path):
    """Makes a folder and those above it; OSError when that fails."""
    try:
        posix.mkdir(path, 0o755)
    except FileExistsError:
        pass
    except FileNotFoundError:
        make_folders(path.rpartition("/")[0] or "/")
        try:
            posix.mkdir(path, 0o755)
        except FileExistsError:
            pass

