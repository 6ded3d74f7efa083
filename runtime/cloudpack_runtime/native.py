"""native.py - extension modules and the shared libraries that they need.

Loose files are loaded in place. Packed ones go into a memfd and are loaded as /proc/self/fd/N, or into a file of
the scratch folder where the kernel has no memfd. The C library knows a library by the text of its path, so a
number that was closed and used again would give the *old* library: every descriptor stays open for ever.

A library is found by those that need it by its SONAME, which the C library compares with all that is loaded
already: it is enough to load libraries first, in topological order, with local visibility.
"""

import _imp
import posix
from _frozen_importlib import _call_with_frames_removed
from _thread import RLock

from .catalog import LIB, LOOSE, MOUNT
from .record import write_all

_RTLD_NOW = 2
# System call behind an anonymous file; missing on kernels before 3.17 and in some sandboxes.
_memfd_create = getattr(posix, "memfd_create", None)


class Natives:
    """Loads libraries and extension modules of one store. Safe for threads: one at a time."""

    def __init__(self, store):
        self.store = store
        self.lock = RLock()
        self.handles = []
        self.paths = {}
        self._loaded = set()
        self._order = None
        self._checked = set()

    def create(self, spec, m):
        """The extension module of `m`, created and not yet executed; LoadError or what its init raises."""
        self.prepare(m)
        if m.flags & LOOSE:
            kind = self.store.catalog.roots[m.root][0]
            if kind != MOUNT:  # the check of a mounted file has counted it
                self.store.count(m, kind, False)
            return _call_with_frames_removed(_imp.create_dynamic, spec)
        origin = spec.origin
        spec.origin = self.path(m)
        try:
            module = _call_with_frames_removed(_imp.create_dynamic, spec)
        finally:
            spec.origin = origin
        try:
            module.__file__ = origin
        except AttributeError:  # a module slot may give any object
            pass
        return module

    def prepare(self, m):
        """Loads the libraries that `m` needs, where the dynamic linker would not find them itself."""
        if m.flags & LOOSE:
            self._check_loose(m)
        if not m.need_count:
            return
        with self.lock:
            libs = self._closure(m)
            for lib in libs.values():
                if lib.flags & LOOSE:
                    self._check_loose(lib)
            if m.flags & LOOSE and all(lib.flags & LOOSE and lib.root == m.root for lib in libs.values()):
                return  # one folder tree: their own $ORIGIN paths hold
            for index in self._sorted(libs):
                if index not in self._loaded:
                    self._load(libs[index])
                    self._loaded.add(index)

    def _load(self, lib):
        """Loads one library for good."""
        from _ctypes import dlopen
        path = self.store.loose_path(lib) if lib.flags & LOOSE else self.path(lib)
        try:
            self.handles.append(dlopen(path, _RTLD_NOW))
        except OSError as error:
            raise ImportError("cloudpack: library %s: %s" % (lib.rel, error), path=path) from None

    def _closure(self, m):
        """All libraries behind `m`, by index."""
        catalog = self.store.catalog
        found = {}
        todo = [m]
        while todo:
            for index in catalog.needs(todo.pop()):
                if index not in found:
                    lib = catalog.member(index)
                    if lib.kind != LIB:
                        raise ImportError("cloudpack: catalog %s: %s needs %s, which is not a library"
                                          % (catalog.path, m.name, lib.name))
                    found[index] = lib
                    todo.append(lib)
        return found

    def _sorted(self, libs):
        """The indexes of `libs` in the catalog's topological order."""
        if self._order is None:
            self._order = {index: place for place, index in enumerate(self.store.catalog.lib_order())}
        last = len(self._order)
        return sorted(libs, key=lambda index: (self._order.get(index, last), index))

    def _check_loose(self, m):
        """Compares a file on a mount with the catalog before the linker maps it, once."""
        if self.store.catalog.roots[m.root][0] == MOUNT and m.index not in self._checked:
            self.store.use(m, len)
            self._checked.add(m.index)

    def path(self, m):
        """A path that dlopen can use for a packed member, the same for the life of the process."""
        with self.lock:
            path = self.paths.get(m.index)
            if path is None:
                path = self.paths[m.index] = self.store.use(m, lambda data: self._put(m, data))
            return path

    def _put(self, m, data):
        """Puts the bytes of a library where dlopen finds them."""
        if _memfd_create is not None:
            fd = -1
            try:
                fd = _memfd_create(m.rel.rpartition("/")[2][:200])
                write_all(fd, data)
                return "/proc/self/fd/%d" % fd
            except OSError:
                # No path of this number has been given to anybody yet, so it may be closed.
                if fd >= 0:
                    posix.close(fd)
        return self._put_file(m, data)

    def _put_file(self, m, data):
        """Writes a library below the scratch folder; ImportError when that is impossible."""
        from .record import replace_file
        from .store import make_folders
        folder = "%s/native" % self.store.scratch_site.rpartition("/")[0]
        path = "%s/%d-%d-%s" % (folder, posix.getpid(), m.index, m.rel.rpartition("/")[2])
        try:
            make_folders(folder)
            replace_file(path, data)
        except OSError as error:
            raise ImportError("cloudpack: %s: no memory file could be made and %s cannot be written: %s"
                              % (m.name, path, error.strerror), name=m.name, path=path) from None
        return path

    def after_fork(self):
        """A lock that another thread held at the fork would never be released."""
        self.lock = RLock()
