"""prefetch.py - streams packs in offset order while imports run.

A few threads take 2 MiB ranges off one queue (packs in catalog order, ranges in offset order) and read them
straight into an anonymous map. An import waits for the ranges of its own bytes only; one that is not under way
yet is moved to the front. A range whose bytes have all been used is given back to the kernel, so that a streamed
library does not stay in memory twice.

Locks: `Prefetcher.lock` guards the queue, `Stream.lock` the bookkeeping of one pack. Each range has a gate, held
until its bytes are there or have failed. Threads do not survive a fork: the child marks what is missing as
failed and reads it itself.
"""

from _thread import allocate_lock, start_new_thread
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from time import monotonic, perf_counter

WAITING, STARTED, HERE, FAILED = 0, 1, 2, 3
# A function has at most 10,240 MB of memory: more than that is not a pack.
_MAX_PACK = 10240 << 20
_PAGE = 4096
_DONTNEED = 4


class FetchError(Exception):
    """Bytes that did not come. `final` says that asking again cannot help (denied, missing, wrong size)."""

    def __init__(self, why, final=False):
        Exception.__init__(self, why)
        self.final = final


class Stream:
    """One pack on its way into memory.

    `source` has fetch(offset, view, deadline), which fills the view or raises FetchError.
    """

    def __init__(self, source, size, chunk, prefetcher):
        if not 0 < size <= _MAX_PACK:
            raise ValueError("a pack of %d bytes cannot be streamed" % size)
        self.source = source
        self.size = size
        self.chunk = chunk
        self.prefetcher = prefetcher
        # Private: the kernel does not take back pages of a shared map (the default) that are not needed.
        self.buffer = mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        self.view = memoryview(self.buffer)
        count = -(-size // chunk)
        self.state = bytearray(count)
        self.gates = [allocate_lock() for _ in range(count)]
        for gate in self.gates:
            gate.acquire()
        self.unused = [min(chunk, size - i * chunk) for i in range(count)]
        self.taken = set()
        self.error = None
        self.lock = allocate_lock()

    def take(self, offset, size, deadline):
        """The bytes at `offset` as a view into the map, waiting for them; None when they must be read directly.

        Every take that gave a view is followed by one `done` with the same arguments. The same bytes are given
        once: after that their memory may be gone.
        """
        with self.lock:
            if offset in self.taken:
                return None
            self.taken.add(offset)
        missing = [i for i in range(offset // self.chunk, (offset + size - 1) // self.chunk + 1)
                   if self.state[i] != HERE]
        if missing:
            self.prefetcher.hurry(self, missing)
            for i in missing:
                if not self._wait(i, deadline):
                    return None
        return self.view[offset:offset + size]

    def _wait(self, i, deadline):
        """Waits for range `i`; whether it is there."""
        began = perf_counter()
        if self.gates[i].acquire(timeout=max(0.0, deadline - monotonic())):
            self.gates[i].release()
        self.prefetcher.record.wait_ms += (perf_counter() - began) * 1000
        return self.state[i] == HERE

    def done(self, offset, size):
        """Says that the bytes of a take are not needed any more; frees the ranges that are used up."""
        end = offset + size
        with self.lock:
            for i in range(offset // self.chunk, (end - 1) // self.chunk + 1):
                start = i * self.chunk
                self.unused[i] -= min(end, start + self.chunk) - max(offset, start)
                if self.unused[i] == 0 and start % _PAGE == 0:
                    self.buffer.madvise(_DONTNEED, start, min(self.chunk, self.size - start))

    def fetch(self, i, deadline):
        """Reads range `i` (in a worker thread) and opens its gate whatever happens."""
        state = FAILED
        try:
            start = i * self.chunk
            piece = self.view[start:start + self.chunk]
            self.source.fetch(start, piece, deadline)
            state = HERE
        except FetchError as error:
            self.error = error
            if error.final:
                self.fail()
        finally:
            self.open_gate(i, state)

    def open_gate(self, i, state):
        """Publishes the state of a range, once."""
        with self.lock:
            if self.state[i] < HERE:
                self.state[i] = state
                self.gates[i].release()

    def fail(self):
        """Gives up on all that is not under way: imports read it directly, and get the error themselves."""
        for i in range(len(self.state)):
            if self.state[i] == WAITING:
                self.open_gate(i, FAILED)

    def after_fork(self):
        """In the child of a fork there are no workers: what is missing has failed, locks are new."""
        self.lock = allocate_lock()
        for i, state in enumerate(self.state):
            if state != HERE:
                self.state[i] = FAILED
                self.gates[i] = allocate_lock()


class Prefetcher:
    """The queue of ranges and the threads that empty it. `seconds` bounds the wait for one range."""

    def __init__(self, connections, chunk, seconds, record):
        self.connections = connections
        self.chunk = chunk
        self.seconds = seconds
        self.record = record
        self.streams = []
        self.urgent = []
        self.next_stream = 0
        self.next_range = 0
        self.lock = allocate_lock()

    def add(self, source, size):
        """A Stream for a pack of `size` bytes, or None when there cannot be one. Call before `start`."""
        try:
            stream = Stream(source, size, self.chunk, self)
        except (ValueError, OSError, OverflowError, MemoryError):
            return None
        self.streams.append(stream)
        return stream

    def start(self):
        """Starts the threads; without any thread all streams fail, and imports read directly."""
        ranges = sum(len(s.state) for s in self.streams)
        started = 0
        for _ in range(min(self.connections, ranges)):
            try:
                start_new_thread(self._work, ())
            except RuntimeError:
                break
            started += 1
        if not started:
            for stream in self.streams:
                stream.fail()

    def hurry(self, stream, ranges):
        """Moves ranges that nobody reads yet to the front."""
        with self.lock:
            self.urgent += [(stream, i) for i in ranges if stream.state[i] == WAITING]

    def _next(self):
        """The next range to read, marked as started; None when there is none left."""
        with self.lock:
            while self.urgent:
                stream, i = self.urgent.pop(0)
                if stream.state[i] == WAITING:
                    stream.state[i] = STARTED
                    return stream, i
            while self.next_stream < len(self.streams):
                stream = self.streams[self.next_stream]
                i = self.next_range
                if i >= len(stream.state):
                    self.next_stream += 1
                    self.next_range = 0
                    continue
                self.next_range += 1
                if stream.state[i] == WAITING:
                    stream.state[i] = STARTED
                    return stream, i
        return None

    def _work(self):
        """A worker thread: reads ranges until there are none. An unforeseen error fails its range only."""
        while True:
            item = self._next()
            if item is None:
                return
            stream, i = item
            try:
                stream.fetch(i, monotonic() + self.seconds)
            except Exception:  # the range is marked as failed: its importers read directly and see the error
                continue

    def after_fork(self):
        """Makes the streams usable in the child of a fork."""
        self.lock = allocate_lock()
        self.urgent = []
        self.next_stream = len(self.streams)
        for stream in self.streams:
            stream.after_fork()
