"""finder.py - catalogued modules for Python's import system.

CatalogFinder stands first on sys.meta_path and answers for modules of the catalog; a name it does not have goes on
to the standard finders, so a module that was never installed fails exactly as before. Namespace packages are left
to the standard path finder, which asks SiteFinder, our path-entry finder for site folders: so their parts in other
folders join as usual.

The loaders derive from importlib's own and only say where the code comes from: the frames between a module and
its importer stay importlib's, which tracebacks hide.
"""

import _imp
import os
import sys
from marshal import loads

import _frozen_importlib as bootstrap
import _frozen_importlib_external as external

from .catalog import CODE, DATA, EXT, LOOSE, MOUNT, NS, PACKAGE, TEXT

_MODULES = (CODE, EXT, TEXT)


class Spec(bootstrap.ModuleSpec):
    """A module spec with a location and without a bytecode cache file."""

    cached = None


class _CatalogLoader:
    """What the loaders have in common: the member, its store, and the files of its package."""

    def __init__(self, fullname, path, member, store):
        self.name = fullname
        self.path = path
        self.member = member
        self.store = store

    def is_package(self, fullname):
        """Whether the module is a package; ImportError for another loader's module."""
        self._own(fullname)
        return bool(self.member.flags & PACKAGE)

    def _own(self, fullname):
        """ImportError unless `fullname` is this loader's module."""
        if fullname is not None and fullname != self.name:
            raise ImportError("loader for %s cannot handle %s" % (self.name, fullname), name=fullname)

    def get_data(self, path):
        """The bytes of a file of the package, from disk or out of the catalog; OSError when there is none."""
        path = str(path)
        self.store.ready(self.member)
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            home = self.store.home(self.member.group) + "/"
            catalog = self.store.catalog
            if path.startswith(home):
                index = catalog.find("/" + path[len(home):])
                if index >= 0:
                    return self.store.read(catalog.member(index))
                if path == self.path and self.member.kind == TEXT:
                    return self.store.read(self.member)
            raise

    def get_resource_reader(self, fullname):
        """A reader of the files beside the module, which are on disk from here on."""
        self._own(fullname)
        self.store.ready(self.member)
        from importlib.readers import FileReader
        return FileReader(self)


class CodeLoader(_CatalogLoader, external.SourcelessFileLoader):
    """Loads a module from a marshalled code object or from source text."""

    def get_code(self, fullname):
        """The module's code object, with the data files of its group on disk; ImportError when it cannot be had."""
        self._own(fullname)
        m = self.member
        self.store.ready(m)
        if m.kind == TEXT or (m.flags & LOOSE and not m.rel.endswith(".pyc")):
            return compile(self.store.read(m), self.path, "exec", dont_inherit=True)
        code = self.store.use(m, self._unmarshal)
        if code.co_filename != self.path:
            _imp._fix_co_filename(code, self.path)
        return code

    def _unmarshal(self, data):
        """The code object in `data`; ImportError when there is none."""
        try:
            code = loads(data[16:] if self.member.flags & LOOSE else data)
        except (EOFError, ValueError, TypeError) as error:
            raise ImportError("cloudpack: %s has damaged bytecode: %s" % (self.name, error), name=self.name,
                              path=self.path) from None
        if type(code) is not _CODE_TYPE:
            raise ImportError("cloudpack: %s is not bytecode" % self.name, name=self.name, path=self.path)
        return code

    def get_source(self, fullname):
        """The module's source text, or None when it was not kept; tracebacks and inspect ask for it."""
        self._own(fullname)
        m = self.member
        if m.kind == TEXT or (m.flags & LOOSE and m.rel.endswith(".py")):
            data = self.store.read(m)
        elif m.source >= 0:
            data = self.store.read(self.store.catalog.member(m.source))
        else:
            try:
                with open(self.path, "rb") as file:
                    data = file.read()
            except OSError:
                return None
        return external.decode_source(data)


class PlainLoader(external.SourceFileLoader):
    """Loads a plain source file as ever, but counts it."""

    def __init__(self, fullname, path, member, store):
        external.SourceFileLoader.__init__(self, fullname, path)
        self.member = member
        self.store = store

    def get_code(self, fullname):
        """The module's code object, with the data files of its group on disk."""
        self.store.ready(self.member)
        self.store.count(self.member, self.store.catalog.roots[self.member.root][0], False)
        return external.SourceFileLoader.get_code(self, fullname)


class NativeLoader(_CatalogLoader, external.ExtensionFileLoader):
    """Loads an extension module."""

    def create_module(self, spec):
        """The module, created; its libraries are loaded first."""
        self.store.ready(self.member)
        return self.store.natives.create(spec, self.member)


_CODE_TYPE = type(CodeLoader.get_code.__code__)


class Library:
    """Finds the standard library's own top-level modules without looking into the folders before it on sys.path.

    Those folders are listed once; they are read-only, so a name that none of them has cannot come from them later.
    As soon as sys.path up to the library or the standard finders are not what they were, nothing is found here and
    the import goes the usual way.
    """

    _STANDARD = [bootstrap.BuiltinImporter, bootstrap.FrozenImporter, external.PathFinder]

    def __init__(self, owner):
        self.owner = owner
        self.names = frozenset()
        self.folder = os.__file__.rpartition("/")[0]
        self.folders = (self.folder, self.folder + "/lib-dynload")
        self.before = sys.path[:sys.path.index(self.folder)] if self.folder in sys.path else []
        taken = set(sys.builtin_module_names)
        for folder in self.before:
            try:
                taken.update([name.partition(".")[0] for name in os.listdir(folder)])
            except FileNotFoundError:
                if not folder:  # the working folder, wherever that will be
                    return
            except OSError:  # an archive: its names are not known here
                return
        if self.before:
            self.names = getattr(sys, "stdlib_module_names", frozenset()) - taken

    def find(self, fullname):
        """The spec of a standard module, or None when the standard finders are to be asked."""
        if fullname not in self.names or sys.path[:len(self.before)] != self.before or _imp.is_frozen(fullname):
            return None
        try:
            at = sys.meta_path.index(self.owner) + 1
        except ValueError:  # somebody took our finder out and asks it himself
            return None
        if sys.meta_path[at:at + 3] != self._STANDARD:
            return None
        for folder in self.folders:
            finder = sys.path_importer_cache.get(folder)
            if type(finder) is not external.FileFinder:
                return None
            spec = finder.find_spec(fullname)
            if spec is not None:
                return spec if spec.loader is not None else None
        return None


class CatalogFinder:
    """The meta-path finder for all modules of one catalog."""

    def __init__(self, store):
        self.store = store
        self.catalog = store.catalog
        self._find = store.catalog.find
        self._listing = None
        self._library = None

    def find_spec(self, fullname, path=None, target=None):
        """The spec of a catalogued module, None for any other name and for namespace packages."""
        index = self._find(fullname)
        if index < 0:
            if fullname == "pkgutil":
                return _pkgutil_spec()
            return self._library.find(fullname) if path is None and self._library is not None else None
        if "." not in fullname and (_imp.is_builtin(fullname) or _imp.is_frozen(fullname)):
            return None  # the interpreter's own come before any folder
        m = self.catalog.member(index)
        return self.spec(fullname, m) if m.kind in _MODULES else None

    def spec(self, fullname, m):
        """The spec of a module member."""
        store = self.store
        near = m.flags & LOOSE and self.catalog.roots[m.root][0] != MOUNT
        path = store.loose_path(m) if m.flags & LOOSE else "%s/%s" % (store.home(m.group), m.rel)
        if m.kind == EXT:
            spec = Spec(fullname, NativeLoader(fullname, path, m, store), origin=path)
        elif near and m.rel.endswith(".py"):
            # A plain file of the function itself: the standard loader, with its bytecode cache.
            spec = bootstrap.ModuleSpec(fullname, PlainLoader(fullname, path, m, store), origin=path)
        else:
            spec = Spec(fullname, CodeLoader(fullname, path, m, store), origin=path)
        spec._set_fileattr = True
        if m.flags & PACKAGE:
            spec.submodule_search_locations = [path.rpartition("/")[0]]
        return spec

    def path_hook(self, path):
        """The finder of a site folder or one below it; ImportError for any other path."""
        for home in self.homes:
            if path == home or path.startswith(home + "/"):
                return SiteFinder(self, path, home)
        raise ImportError("not below a site folder", path=path)

    def install(self):
        """Puts the finder first on sys.meta_path and the site folders on sys.path.

        Folders of the zip and its layers follow the task root, as the packages in them did before. Mounts and the
        scratch folder follow the standard library: their catalogued modules are found by name all the same, and no
        `import json` has to look there first.
        """
        near, far = self.store.site_folders()
        self.homes = near + far
        entries = sys.path
        at = entries.index(self.store.task) + 1 if self.store.task in entries else 0
        entries[at:at] = [folder for folder in near if folder not in entries]
        library = os.__file__.rpartition("/")[0]
        at = len(entries)
        for i, entry in enumerate(entries):
            if entry == library or entry == library + "/lib-dynload":
                at = i + 1
        entries[at:at] = [folder for folder in far if folder not in entries]
        for home in self.homes:
            sys.path_importer_cache.pop(home, None)
        if "pkgutil" in sys.modules:
            _teach(sys.modules["pkgutil"])
        sys.path_hooks.insert(0, self.path_hook)
        sys.meta_path.insert(0, self)
        self._library = Library(self)

    def listing(self, folder):
        """[(module name, is package)] of the catalogued modules in a folder below the site folders."""
        if self._listing is None:
            listing = {}
            for index in range(self.catalog.member_count):
                m = self.catalog.member(index)
                if m.kind in _MODULES:
                    where = m.rel.rpartition("/")[0]
                    if m.flags & PACKAGE:
                        where = where.rpartition("/")[0]
                    listing.setdefault(where, []).append((m.name.rpartition(".")[2], bool(m.flags & PACKAGE)))
            self._listing = listing
        return self._listing.get(folder, ())

    def find_distributions(self, context=None):
        """Puts packed dist-info files on disk; the standard finder, which is asked next, reads them there."""
        catalog = self.catalog
        for index in range(catalog.group_count):
            root, _flags, members = catalog.group(index)
            if self.store.home(index) == self.store.scratch_site and index not in self.store.metadata:
                self.store.metadata.add(index)
                for number in members:
                    m = catalog.member(number)
                    if m.kind == DATA and ".dist-info/" in m.rel:
                        self.store.materialise(number)
        return ()


class SiteFinder(external.FileFinder):
    """The path-entry finder of a site folder, or of a package folder below it.

    Knows the catalogued modules of the folder and, behind them, the plain files in it. What is on disk there does
    not change, so the folder is listed once instead of being examined for each name. It is a FileFinder because
    pkg_resources looks for distributions only where it sees one.
    """

    def __init__(self, catalog_finder, path, home):
        external.FileFinder.__init__(self, path, *external._get_supported_file_loaders())
        self.owner = catalog_finder
        self.home = home
        self._names = None

    def find_spec(self, fullname, target=None):
        """The spec of a module in this folder, or None."""
        owner = self.owner
        index = owner.catalog.find(fullname)
        if index >= 0:
            m = owner.catalog.member(index)
            if m.kind == NS:
                part = "%s/%s" % (self.path, fullname.rpartition(".")[2])
                if owner.store.home(m.group) == self.home or _is_dir(part):
                    spec = bootstrap.ModuleSpec(fullname, None, is_package=True)
                    spec.submodule_search_locations = [part]
                    return spec
                return None
            if m.kind in _MODULES:
                spec = owner.spec(fullname, m)
                folder = spec.origin.rpartition("/")[0]
                if m.flags & PACKAGE:
                    folder = folder.rpartition("/")[0]
                if folder == self.path:
                    return spec
        if self._may_have(fullname.rpartition(".")[2]):
            return external.FileFinder.find_spec(self, fullname, target)
        return None

    def _may_have(self, tail):
        """Whether the folder has a file or folder of that name."""
        if self.home == self.owner.store.scratch_site:
            return True  # grows as data files come
        if self._names is None:
            try:
                with_suffix = os.listdir(self.path)
            except OSError:
                with_suffix = []
            self._names = frozenset(name.partition(".")[0] for name in with_suffix)
        return tail in self._names

    def iter_modules(self, prefix=""):
        """(name, is package) of the modules in this folder, for pkgutil."""
        import pkgutil
        seen = set()
        folder = self.path[len(self.home) + 1:]
        for name, is_package in self.owner.listing(folder):
            if name not in seen and name != "__init__":
                seen.add(name)
                yield prefix + name, is_package
        plain = external.FileFinder(self.path, *external._get_supported_file_loaders())
        for name, is_package in pkgutil.iter_importer_modules(plain):
            if name not in seen:
                yield prefix + name, is_package

    def invalidate_caches(self):
        """Forgets what is in the folder."""
        self._names = None
        external.FileFinder.invalidate_caches(self)


def _pkgutil_spec():
    """The spec of the standard pkgutil, which is told about SiteFinder as soon as it has run."""
    spec = external.PathFinder.find_spec("pkgutil")
    if spec is not None and spec.loader is not None:
        loader = spec.loader
        execute = loader.exec_module

        def exec_module(module):
            del loader.exec_module
            execute(module)
            _teach(module)

        loader.exec_module = exec_module
    return spec


def _teach(pkgutil):
    """Makes pkgutil list a site folder by our method: for a FileFinder it would only look at the disk."""
    pkgutil.iter_importer_modules.register(SiteFinder, SiteFinder.iter_modules)


def _is_dir(path):
    """Whether `path` is a folder."""
    try:
        return os.stat(path).st_mode & 0o170000 == 0o040000
    except OSError:
        return False
