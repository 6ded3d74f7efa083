#!/usr/bin/env python3
"""shape.py - a TCP proxy that makes a loopback server as far away as S3 is from a Lambda function.

    shape.py --upstream 127.0.0.1:7070 [--listen 127.0.0.1:0] [--first-byte-ms 20] [--mb-per-s 78]

Two numbers shape it, both of an execution environment: the time from the end of a request to the first byte of its
answer, and the bandwidth of all connections together (10^6 bytes a second, towards the client). The bandwidth is one
virtual clock: a block may leave when every block before it, of whatever connection, has left. Sleeping late is made
good by the next block, so the rate holds although timers are coarse.

Prints `listening on HOST:PORT`, then, when ended by SIGTERM or SIGINT, one JSON line of what went through.
"""
import argparse
import asyncio
import json
import signal
import time

BLOCK = 64 * 1024
LATE_S = 0.005  # how much sleeping late is made good: longer than a timer's slack, shorter than a burst that shows


class Line:
    """The shared bandwidth and the counters."""

    def __init__(self, first_byte_s, bytes_per_s):
        self.first_byte_s, self.bytes_per_s = first_byte_s, bytes_per_s
        self.free_at = 0.0
        self.connections = self.turns = self.bytes_down = self.bytes_up = 0

    async def take(self, size):
        now = time.monotonic()
        self.free_at = max(self.free_at, now - LATE_S) + size / self.bytes_per_s
        if self.free_at > now:
            await asyncio.sleep(self.free_at - now)


class Turn:
    """When the client last spoke: an answer's first byte waits from there."""

    def __init__(self):
        self.asked_at = None


async def upstream(reader, writer, turn, line):
    while data := await reader.read(BLOCK):
        if turn.asked_at is None:
            line.turns += 1
        turn.asked_at = time.monotonic()
        line.bytes_up += len(data)
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def downstream(reader, writer, turn, line):
    while data := await reader.read(BLOCK):
        if turn.asked_at is not None:
            wait = turn.asked_at + line.first_byte_s - time.monotonic()
            turn.asked_at = None
            if wait > 0:
                await asyncio.sleep(wait)
        await line.take(len(data))
        line.bytes_down += len(data)
        writer.write(data)
        await writer.drain()


async def serve(client_reader, client_writer, to, line):
    line.connections += 1
    writers = [client_writer]
    try:
        server_reader, server_writer = await asyncio.open_connection(*to, limit=4 * BLOCK)
        writers.append(server_writer)
        turn = Turn()
        up = asyncio.ensure_future(upstream(client_reader, server_writer, turn, line))
        await downstream(server_reader, client_writer, turn, line)
        up.cancel()
    except (ConnectionError, OSError):
        pass  # either end went away: so does the other
    finally:
        for writer in writers:
            writer.close()


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upstream", type=address, required=True)
    parser.add_argument("--listen", type=address, default=("127.0.0.1", 0))
    parser.add_argument("--first-byte-ms", type=float, default=20.0)
    parser.add_argument("--mb-per-s", type=float, default=78.0)
    args = parser.parse_args()

    line = Line(args.first_byte_ms / 1000, args.mb_per_s * 1e6)
    server = await asyncio.start_server(lambda r, w: serve(r, w, args.upstream, line), *args.listen, limit=4 * BLOCK)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"listening on {host}:{port}", flush=True)

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    server.close()
    print(json.dumps({"connections": line.connections, "requests": line.turns, "bytes_down": line.bytes_down,
                      "bytes_up": line.bytes_up}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
