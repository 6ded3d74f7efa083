"""compile.py - a worker that turns source files into bytecode of the interpreter that runs it.

Driven by the build: one JSON object per line on stdin, one answer per line on stdout, in the same order.

    {"src": "/abs/x.py", "name": "/opt/cloudpack/site/x.py", "out": "/abs/cache/file"}
    {"src": "/abs/x.py", "ok": true, "bytes": 1234}
    {"src": "/abs/x.py", "ok": false, "line": 3, "col": 7, "error": "invalid syntax"}

`out` gets the marshalled code object, or with --pyc a whole unchecked-hash .pyc (PEP 552); it is written beside and
renamed. A file that does not compile never ends the worker. --optimize N is the interpreter's -O level.

Equal input gives equal bytes, whatever was compiled before and on whatever machine: marshal marks an object as
"may be referred to" when its reference count is above one, which depends on what else the process has interned, so
the marks that nothing refers to are removed (`settle`); set constants follow the hash seed, so that is fixed.
"""

import _imp
import importlib.util
import json
import marshal
import os
import sys
import warnings

_REF = 0x80
_FIXED = {ord("N"): 0, ord("F"): 0, ord("T"): 0, ord("."): 0, ord("S"): 0, ord("i"): 4, ord("g"): 8, ord("y"): 16}
_LONG_TEXT = frozenset(b"sutaA")
_SHORT_TEXT = frozenset(b"zZ")
_SMALL_TUPLE, _TUPLE, _FROZENSET, _LIST, _SLICE = b")"[0], b"("[0], b">"[0], b"["[0], b":"[0]
_CODE, _REFERENCE, _INT = b"c"[0], b"r"[0], b"l"[0]
# A code object: so many 4-byte numbers, eight objects, one number, and so many objects.
_CODE_NUMBERS, _CODE_TAIL = (6, 1) if sys.version_info < (3, 11) else (5, 2)
_INTERNED = {ord("z"): ord("Z"), ord("a"): ord("A"), ord("u"): ord("t")}


class Unknown(Exception):
    """A marshal type that code objects of the known versions do not have."""


def settle(data):
    """Marshalled code without marks that depend on the process's history; same length, same meaning."""
    out = bytearray(data)
    marked, references = _scan(out)
    used = sorted(set(index for _at, index in references))
    for index, at in enumerate(marked):
        out[at] &= ~_REF & 0xFF
    for index in used:
        out[marked[index]] |= _REF
    rank = {index: place for place, index in enumerate(used)}
    for at, index in references:
        out[at:at + 4] = rank[index].to_bytes(4, "little")
    return bytes(out)


def _scan(data):
    """(positions of marked objects in their order, [(position, index)] of references); makes one-character strings
    interned, as they are shared by the whole process."""
    marked, references = [], []
    todo = [1]  # numbers of objects still to come at each depth; -1 stands for a number between objects
    at = 0
    while todo:
        left = todo.pop()
        if left == -1:
            at += 4
            continue
        if left > 1:
            todo.append(left - 1)
        kind = data[at]
        if kind & _REF:
            marked.append(at)
            kind &= 0x7F
        at += 1
        if kind in _FIXED:
            at += _FIXED[kind]
        elif kind in _SHORT_TEXT or kind in _LONG_TEXT:
            at = _text(data, kind, at)
        elif kind == _REFERENCE:
            references.append((at, int.from_bytes(data[at:at + 4], "little")))
            at += 4
        elif kind == _INT:
            at += 4 + 2 * abs(int.from_bytes(data[at:at + 4], "little", signed=True))
        elif kind == _CODE:
            at += 4 * _CODE_NUMBERS
            todo += [_CODE_TAIL, -1, 8]
        else:
            count, at = _container(data, kind, at)
            if count:
                todo.append(count)
    if at != len(data):
        raise Unknown("%d bytes left" % (len(data) - at))
    return marked, references


def _text(data, kind, at):
    """The position behind the text whose type byte is before `at`; one character is made interned."""
    if kind in _SHORT_TEXT:
        size, start = data[at], at + 1
        single = size <= 1
    else:
        size, start = int.from_bytes(data[at:at + 4], "little"), at + 4
        single = size <= 1 or size == 2 and data[start] in (0xC2, 0xC3)
    if single and kind in _INTERNED:
        data[at - 1] = data[at - 1] & _REF | _INTERNED[kind]
    return start + size


def _container(data, kind, at):
    """(number of objects in it, position of the first) of a container whose type byte is before `at`."""
    if kind == _SMALL_TUPLE:
        return data[at], at + 1
    if kind in (_TUPLE, _FROZENSET, _LIST):
        return int.from_bytes(data[at:at + 4], "little"), at + 4
    if kind == _SLICE:
        return 3, at
    raise Unknown("type %r" % chr(kind))


def encode(code):
    """The code object as settled marshal bytes; of an unknown future version as they are."""
    data = marshal.dumps(code)
    try:
        return settle(data)
    except (Unknown, IndexError):
        return data


def write(path, data):
    """Writes a file beside its place and renames it there."""
    beside = "%s.%d.tmp" % (path, os.getpid())
    try:
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, path)
    except BaseException:
        try:
            os.unlink(beside)
        except OSError:
            pass
        raise


def work(request, optimize, pyc):
    """The answer to one request."""
    answer = {"src": request["src"], "ok": True}
    try:
        with open(request["src"], "rb") as file:
            source = file.read()
        data = encode(compile(source, request["name"], "exec", dont_inherit=True, optimize=optimize))
        if pyc:
            key = _imp.source_hash(importlib.util._RAW_MAGIC_NUMBER, source)
            data = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + key + data
        write(request["out"], data)
        answer["bytes"] = len(data)
    except SyntaxError as error:
        answer.update(ok=False, line=error.lineno or 0, col=error.offset or 0, error=error.msg or str(error))
    except (OSError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        answer.update(ok=False, line=0, col=0, error=str(error) or type(error).__name__)
    return answer


def serve(optimize, pyc):
    """Answers requests until stdin ends; a line that is no request gets an answer too."""
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            if not all(isinstance(request.get(key), str) for key in ("src", "name", "out")):
                raise ValueError("src, name and out must be text")
            answer = work(request, optimize, pyc)
        except (ValueError, AttributeError) as error:
            answer = {"src": None, "ok": False, "line": 0, "col": 0, "error": "bad request: %s" % error}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def isolate():
    """Restarts the interpreter once, without site-packages and with a fixed hash seed."""
    if os.environ.get("CLOUDPACK_COMPILE_ISOLATED") == "1":
        return
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    env.update(PYTHONHASHSEED="0", PYTHONUTF8="1", CLOUDPACK_COMPILE_ISOLATED="1")
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-S", "-s", "-B", os.path.abspath(__file__)] + sys.argv[1:], env)


def main(arguments):
    """Parses the two options and serves; 2 on wrong usage."""
    optimize, pyc = 0, False
    rest = list(arguments)
    while rest:
        option = rest.pop(0)
        if option == "--pyc":
            pyc = True
        elif option == "--optimize" and rest and rest[0] in ("0", "1", "2"):
            optimize = int(rest.pop(0))
        else:
            sys.stderr.write("usage: compile.py [--optimize 0|1|2] [--pyc] < requests\n")
            return 2
    warnings.simplefilter("ignore")
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    serve(optimize, pyc)
    return 0


if __name__ == "__main__":
    isolate()
    sys.exit(main(sys.argv[1:]))
