"""s3_double.py - an S3 for tests on loopback: real HTTP, checked signatures, and faults on order.

`faults` is a list of names; each object request takes the first one that fits (a request without one is answered
properly). `requests` records what came. Signatures are recomputed with botocore, so they are checked by AWS's own
code; without botocore `checks_signatures` is false and the tests that need it skip themselves aloud.
"""

import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

try:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError:
    S3SigV4Auth = None

KEY, SECRET, TOKEN, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token+==", "eu-west-3"
checks_signatures = S3SigV4Auth is not None


class Double:
    """A running server; use as a context manager."""

    def __init__(self, objects, faults=(), tls=None, slow=0.0):
        self.objects = dict(objects)
        self.faults = list(faults)
        self.requests, self.bad = [], []
        self.connections = 0
        self.slow = slow
        self.lock = threading.Lock()
        double = self

        class Handler(_Handler):
            owner = double

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.url = "%s://%s:%d" % ("https" if tls else "http", "localhost" if tls else "127.0.0.1",
                                   self.server.server_port)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def env(self, **more):
        """The environment that sends a function here."""
        values = dict(CLOUDPACK_SHELF=None, AWS_ENDPOINT_URL=self.url, AWS_REGION=REGION, AWS_ACCESS_KEY_ID=KEY,
                      AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
        values.update(more)
        return values


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None

    def setup(self):
        BaseHTTPRequestHandler.setup(self)
        with self.owner.lock:
            self.owner.connections += 1

    def log_message(self, *_):
        """Silence."""

    def do_GET(self):
        """Serves a range of an object, or the fault that is due."""
        owner = self.owner
        with owner.lock:
            owner.requests.append((self.path, self.headers.get("Range")))
            fault = owner.faults.pop(0) if owner.faults else "ok"
        problem = signature_problem(self.path, self.headers)
        if problem:
            owner.bad.append(problem)
            return self.refuse(403, "SignatureDoesNotMatch")
        if owner.slow:
            time.sleep(owner.slow)
        body = owner.objects.get(self.path)
        if body is None:
            return self.refuse(404, "NoSuchKey")
        return self.answer(fault, body)

    def answer(self, fault, body):
        """One answer, good or bad."""
        first, last = (int(x) for x in self.headers["Range"][6:].split("-"))
        if first >= len(body):
            return self.refuse(416, "InvalidRange")
        piece = body[first:last + 1]
        codes = {"503": (503, "SlowDown"), "500": (500, "InternalError"), "429": (429, "TooManyRequests"),
                 "403": (403, "AccessDenied"), "400": (400, "RequestTimeout")}
        if fault in codes:
            return self.refuse(*codes[fault])
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return self.hang_up()
        if fault == "garbage":
            self.wfile.write(b"\x00\x01 this is not HTTP\r\n\r\n")
            return self.hang_up()
        if fault == "endless":
            for _ in range(100):
                self.wfile.write(b"X-Filler: " + b"a" * 1000 + b"\r\n")
            return self.hang_up()
        if fault == "slow":
            time.sleep(6)
        if fault == "stuck":
            time.sleep(60)
        return self.send(fault, body, piece, first, last)

    def send(self, fault, body, piece, first, last):
        """The 206 (or its imitation)."""
        if fault == "whole":
            piece = body
        if fault == "changed":
            piece = bytes([piece[0] ^ 1]) + piece[1:]
        self.send_response(200 if fault == "whole" else 206)
        if fault != "whole":
            shift = 1 if fault == "shifted" else 0
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first + shift, first + len(piece) - 1, len(body)))
        self.send_header("Content-Length", str(len(piece)))
        if fault == "close":
            self.send_header("Connection", "close")
        self.end_headers()
        if fault == "truncate":
            self.wfile.write(piece[:len(piece) // 2])
            return self.hang_up()
        if fault == "stall":
            self.wfile.write(piece[:len(piece) // 2])
            self.wfile.flush()
            time.sleep(60)
        self.wfile.write(piece)
        if fault == "drop-after":
            self.hang_up()
        return None

    def hang_up(self):
        """Ends the connection."""
        self.close_connection = True
        try:
            self.wfile.flush()
        except OSError:
            pass
        self.connection.close()

    def refuse(self, status, code):
        """An S3 error document."""
        body = b"<?xml version='1.0'?><Error><Code>%s</Code></Error>" % code.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def signature_problem(path, headers):
    """What is wrong with a request's signature, or None. Checks shape, time and, with botocore, the signature."""
    parts = dict(p.strip().split("=", 1) for p in headers.get("Authorization", "x=").partition(" ")[2].split(",") if p)
    stamp = headers.get("X-Amz-Date", "")
    credential = "%s/%s/%s/s3/aws4_request" % (KEY, stamp[:8], REGION)
    if parts.get("Credential") != credential:
        return "credential %r" % parts.get("Credential")
    if abs(time.time() - calendar_time(stamp)) > 300:
        return "time %r" % stamp
    signed = parts["SignedHeaders"].split(";")
    if not {"host", "range", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"} <= set(signed):
        return "signed headers %r" % signed
    if headers.get("X-Amz-Security-Token") != TOKEN:
        return "token"
    if not checks_signatures:
        return None
    request = AWSRequest(method="GET", url="http://%s%s" % (headers["Host"], path),
                         headers={name: headers[name] for name in signed})
    request.context["timestamp"] = stamp
    auth = S3SigV4Auth(Credentials(KEY, SECRET, TOKEN), "s3", REGION)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    if auth.signature(text, request) != parts["Signature"]:
        return "signature"
    return None


def calendar_time(stamp):
    """Seconds since 1970 of an X-Amz-Date."""
    import calendar
    try:
        return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return 0
