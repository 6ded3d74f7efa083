"""s3.py - ranged GETs from S3 (or what speaks like it) on the bare socket and TLS modules.

An HTTP client from the standard library costs 55 ms of CPU before its first byte, boto3 232; this one 5. It does
one thing: fill a buffer with a byte range of an object, over kept-alive connections, signed with SigV4. Errors that
may pass (5xx, 429, SlowDown, reset, time-out, short answer) are retried with full jitter until the caller's
deadline; those that cannot (403, 404, a certificate that does not hold) are final at once.
"""

import _socket
from _thread import allocate_lock
from posix import urandom
from time import monotonic, sleep, time

from .prefetch import FetchError
from .sigv4 import encode, sign_get

ATTEMPT_SECONDS = 4.0
_MAX_HEADER = 16384
_MAX_ERROR_BODY = 16384
_BACKOFF, _BACKOFF_MAX = 0.05, 1.0
_PASSING = (b"SlowDown", b"InternalError", b"ServiceUnavailable", b"RequestTimeout", b"RequestTimeTooSkewed")
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")
_CA_FILES = ("/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")


class S3Source:
    """The ranges of one object.

    What needs an import is done here, in the importing thread: a worker that holds an import lock while another
    thread forks would leave that lock taken for ever in the child.
    """

    def __init__(self, client, bucket, key):
        self.client = client
        self.bucket = bucket
        self.key = key
        if client.endpoint(bucket).tls:
            import _ssl
            assert _ssl

    def fetch(self, offset, view, deadline):
        """Fills `view` from `offset`; raises FetchError at the deadline at the latest."""
        self.client.get(self.bucket, self.key, offset, view, deadline)


class _Socket(_socket.socket):
    """A bare socket that TLS objects can refer to weakly."""

    __slots__ = ("__weakref__",)


class Connection:
    """One kept-alive HTTP/1.1 connection, with or without TLS."""

    def __init__(self, endpoint, context, deadline):
        self.endpoint = endpoint
        self.used = False
        self.tls = None
        self.sock = _connect(endpoint, deadline)
        if endpoint.tls:
            try:
                self.tls = context._wrap_socket(self.sock, False, endpoint.name)
                self.tls.do_handshake()
            except BaseException:
                self.sock.close()
                raise

    def limit(self, deadline):
        """Bounds each read and write by the attempt's share of what is left; TimeoutError when nothing is."""
        left = min(ATTEMPT_SECONDS, deadline - monotonic())
        if left <= 0:
            raise TimeoutError("deadline passed")
        self.sock.settimeout(left)

    def send(self, data):
        """Sends all of `data`."""
        if self.tls is None:
            self.sock.sendall(data)
            return
        while data:
            data = data[self.tls.write(data):]

    def read_into(self, view):
        """Reads at least one byte into `view`; 0 at the end of the stream."""
        if self.tls is None:
            return self.sock.recv_into(view)
        return self.tls.read(len(view), view)

    def close(self):
        """Closes the socket; never raises."""
        try:
            self.sock.close()
        except OSError:
            pass


class Endpoint:
    """Where a bucket is served: custom endpoints in path style, AWS by virtual host."""

    def __init__(self, bucket, env, region):
        url = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
        if not url:
            domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
            host = "s3.%s.%s" % (region, domain)
            # A certificate for *.s3... does not cover a bucket name with dots.
            url = "https://" + host if "." in bucket else "https://%s.%s" % (bucket, host)
            self.base = "/" + bucket if "." in bucket else ""
        else:
            self.base = None
        path = self._parse(url)
        if self.base is None:
            self.base = "%s/%s" % ("/" + path if path else "", bucket)

    def _parse(self, url):
        """Takes host, port and TLS from the URL and returns its path; FetchError when it is none."""
        scheme, found, rest = url.partition("://")
        if not found or scheme.lower() not in ("http", "https"):
            raise FetchError("the endpoint %r is not an http:// or https:// URL" % url, final=True)
        self.tls = scheme.lower() == "https"
        self.host, _, path = rest.partition("/")
        name, _, port = self.host.rpartition(":") if not self.host.endswith("]") else ("", "", "")
        if not name:
            name, port = self.host, "443" if self.tls else "80"
        if not port.isdigit():
            raise FetchError("the endpoint %r has a bad port" % url, final=True)
        self.name = name.strip("[]")
        self.port = int(port)
        try:
            # As text it would import the idna codec in a worker thread (see S3Source), and cost milliseconds.
            self.host_bytes = self.name.encode("ascii" if self.name.isascii() else "idna")
        except UnicodeError:
            raise FetchError("the endpoint %r has a bad host name" % url, final=True) from None
        return path.strip("/")


def _connect(endpoint, deadline):
    """A connected TCP socket to one of the endpoint's addresses; OSError when none answers in time."""
    last = OSError("no address")
    for family, kind, proto, _name, address in _socket.getaddrinfo(endpoint.host_bytes, endpoint.port, 0,
                                                                   _socket.SOCK_STREAM):
        left = min(ATTEMPT_SECONDS, deadline - monotonic())
        if left <= 0:
            raise TimeoutError("deadline passed")
        sock = _Socket(family, kind | getattr(_socket, "SOCK_CLOEXEC", 0), proto)
        try:
            sock.settimeout(left)
            sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            last = error
    raise last


class Client:
    """GETs from S3 for all threads of the process. Credentials are read from `env` for each request."""

    def __init__(self, env, record):
        self.env = env
        self.record = record
        self.region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1"
        self.idle = []
        self.endpoints = {}
        self._context = None
        self._amazon = True
        self._new_locks()

    def _new_locks(self):
        self.lock = allocate_lock()
        self.context_lock = allocate_lock()

    def after_fork(self):
        """Parent and child must not write to the same connections."""
        self.idle = []
        self._new_locks()

    def endpoint(self, bucket):
        """Where the bucket is served; FetchError when the setting is no URL."""
        endpoint = self.endpoints.get(bucket)
        if endpoint is None:
            endpoint = self.endpoints[bucket] = Endpoint(bucket, self.env, self.region)
        return endpoint

    def get(self, bucket, key, start, view, deadline):
        """Fills `view` with the object's bytes from `start`; raises FetchError at `deadline` at the latest."""
        endpoint = self.endpoint(bucket)
        tries, stale, why = 0, 0, None
        while True:
            connection = None
            try:
                connection = self._connection(endpoint, deadline)
                self._attempt(connection, key, start, view, deadline)
                with self.lock:
                    self.record.bytes_fetched += len(view)
                    self.record.requests += 1
                return
            except FetchError as error:
                if error.final:
                    raise
                why = error
            except OSError as error:
                # That the time is up says less than what has used it up.
                if why is None or monotonic() < deadline:
                    why = error
                # A kept connection that the server has closed meanwhile says nothing about the server.
                if connection is not None and connection.used and stale < 4:
                    stale += 1
                    continue
            with self.lock:
                self.record.retries += 1
            pause = min(_BACKOFF_MAX, _BACKOFF * (1 << min(tries, 8))) * (urandom(1)[0] / 255.0)
            tries += 1
            if monotonic() + pause >= deadline:
                raise FetchError("s3://%s/%s at %s did not come before the deadline (%d attempts; the last: %s)"
                                 % (bucket, key, endpoint.host, tries, why or type(why).__name__))
            sleep(pause)

    def _connection(self, endpoint, deadline):
        """A kept connection to the endpoint, or a new one."""
        with self.lock:
            for i, connection in enumerate(self.idle):
                if connection.endpoint is endpoint:
                    del self.idle[i]
                    return connection
        context = self._tls_context(endpoint) if endpoint.tls else None
        try:
            return Connection(endpoint, context, deadline)
        except OSError as error:
            if type(error).__name__ == "SSLCertVerificationError":
                self._refuse_certificate(error, endpoint, context)
            raise

    def _refuse_certificate(self, error, endpoint, context):
        """A certificate that does not hold now will not hold in a second, unless Amazon's authorities have moved on
        since this file was shipped: the system's get their turn too."""
        with self.context_lock:
            if context is not self._context:
                return  # another thread has been here
            if self._amazon:
                self._amazon, self._context = False, None
                return
        raise FetchError("the certificate of %s is not trusted: %s" % (endpoint.host, error), final=True) from None

    def _attempt(self, connection, key, start, view, deadline):
        """One request and its answer; the connection is kept for the next one when the answer allows that."""
        keep = False
        try:
            connection.limit(deadline)
            connection.send(self._request(connection.endpoint, key, start, len(view)))
            status, headers, rest = _read_head(connection, deadline)
            if status != 206 and not (status == 200 and start == 0 and _length(headers) == len(view)):
                self._raise_status(connection, status, headers, rest, key, deadline)
            self._check_range(headers, status, start, len(view), key)
            if len(rest) > len(view):
                raise FetchError("the answer for %s has more bytes than asked for" % key)
            view[:len(rest)] = rest
            done = len(rest)
            while done < len(view):
                connection.limit(deadline)
                n = connection.read_into(view[done:])
                if not n:
                    raise FetchError("the answer for %s ended after %d of %d bytes" % (key, done, len(view)))
                done += n
            keep = headers.get(b"connection", b"").lower() != b"close"
        finally:
            if keep:
                connection.used = True
                with self.lock:
                    self.idle.append(connection)
            else:
                connection.close()

    def _request(self, endpoint, key, start, size):
        """The signed request as bytes; FetchError without credentials."""
        env = self.env
        access, secret = env.get("AWS_ACCESS_KEY_ID"), env.get("AWS_SECRET_ACCESS_KEY")
        if not access or not secret:
            raise FetchError("there are no AWS credentials in the environment (AWS_ACCESS_KEY_ID, "
                             "AWS_SECRET_ACCESS_KEY): the function's execution role provides them", final=True)
        path = endpoint.base + "/" + encode(key)
        headers = sign_get(endpoint.host, path, "bytes=%d-%d" % (start, start + size - 1), self.region,
                           (access, secret, env.get("AWS_SESSION_TOKEN")), time())
        lines = ["GET %s HTTP/1.1" % path] + ["%s: %s" % header for header in headers] + ["", ""]
        return "\r\n".join(lines).encode("latin-1")

    @staticmethod
    def _check_range(headers, status, start, size, key):
        """FetchError unless the answer is for exactly the bytes that were asked for."""
        if status == 206:
            given = headers.get(b"content-range", b"").partition(b"/")[0]
            if given != b"bytes %d-%d" % (start, start + size - 1):
                raise FetchError("the answer for %s has the range %r instead of %d-%d: the object is shorter than the "
                                 "catalog says" % (key, given.decode("latin-1"), start, start + size - 1), final=True)
        if _length(headers) != size:
            raise FetchError("the answer for %s has %r bytes instead of %d" % (key, _length(headers), size))

    def _raise_status(self, connection, status, headers, body, key, deadline):
        """Raises the FetchError for an answer that is not the bytes."""
        want = min(_length(headers) or 0, _MAX_ERROR_BODY)
        try:
            while len(body) < want:
                connection.limit(deadline)
                piece = bytearray(4096)
                n = connection.read_into(memoryview(piece))
                if not n:
                    break
                body += piece[:n]
        except OSError:
            pass  # the status alone is good enough
        code = body.partition(b"<Code>")[2].partition(b"</Code>")[0]
        text = code.decode("latin-1")[:80] or "no error code"
        passing = status >= 500 or status == 429 or code in _PASSING
        hint = ""
        if status == 403 and not passing:
            hint = ": the function's role needs s3:GetObject on it (and ListBucket, or a missing object is a 403 too)"
        elif status == 416:
            hint = ": the object is shorter than the catalog says"
        raise FetchError("HTTP %d (%s) for %s at %s%s" % (status, text, key, connection.endpoint.host, hint),
                         final=not passing)

    def _tls_context(self, endpoint):
        """The TLS context, made once: peer and host name are always verified."""
        with self.context_lock:
            if self._context is None:
                self._amazon = self._amazon and endpoint.name.endswith(_AMAZON)
                self._context = _make_context(self.env, self._amazon)
            return self._context


def _make_context(env, amazon):
    """A verifying client context with AWS_CA_BUNDLE or SSL_CERT_FILE; without these with Amazon's own authorities
    when `amazon`, or else the system's."""
    import _ssl
    context = _ssl._SSLContext(_ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = True
    context.verify_mode = _ssl.CERT_REQUIRED
    chosen = env.get("AWS_CA_BUNDLE") or env.get("SSL_CERT_FILE")
    files = (chosen,) if chosen else _system_files()
    if amazon and not chosen:
        files = (__file__.rpartition("/")[0] + "/amazon_roots.pem",) + files
    for path in files:
        try:
            context.load_verify_locations(path, None, None)
            return context
        except OSError as error:
            if chosen:
                raise FetchError("the certificate authorities in %s cannot be loaded: %s" % (path, error),
                                 final=True) from None
    raise FetchError("no file of certificate authorities was found; set AWS_CA_BUNDLE", final=True)


def _system_files():
    """Where the system's certificate authorities may be."""
    import _ssl
    return (_ssl.get_default_verify_paths()[1],) + _CA_FILES


def _length(headers):
    """The Content-Length, or None."""
    value = headers.get(b"content-length", b"")
    return int(value) if value.isdigit() and len(value) < 16 else None


def _read_head(connection, deadline):
    """(status, headers with lower-case names, first bytes of the body) of an answer; FetchError when it is none."""
    head = b""
    piece = memoryview(bytearray(4096))
    while True:
        connection.limit(deadline)
        n = connection.read_into(piece)
        if not n:
            raise ConnectionResetError("the connection was closed before the answer")
        head += piece[:n]
        end = head.find(b"\r\n\r\n")
        if end >= 0:
            break
        if len(head) > _MAX_HEADER:
            raise FetchError("the answer's header is longer than %d bytes" % _MAX_HEADER)
    lines = head[:end].split(b"\r\n")
    first = lines[0].split(b" ", 2)
    if not first[0].startswith(b"HTTP/1.") or len(first) < 2 or not first[1].isdigit() or len(first[1]) != 3:
        raise FetchError("the answer does not start like HTTP/1.1: %r" % bytes(lines[0][:40]))
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip()
    return int(first[1]), headers, head[end + 4:]
