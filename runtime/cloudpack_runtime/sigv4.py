"""sigv4.py - AWS Signature Version 4 in headers, on the hash functions of OpenSSL directly.

The rules are AWS's "Create a signed AWS API request" (docs.aws.amazon.com/IAM/latest/UserGuide, 2026-11). For S3
the path is encoded once and never normalised.
"""

from _hashlib import hmac_digest, openssl_sha256
from time import gmtime, strftime

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ENCODED = ["%c" % i if i in _UNRESERVED else "%%%02X" % i for i in range(256)]


def encode(text, keep="/"):
    """`text` percent-encoded as SigV4 wants it; characters in `keep` stay as they are."""
    return "".join([chr(b) if chr(b) in keep else _ENCODED[b] for b in text.encode()])


def canonical_request(method, path, query, headers, payload_sha256):
    """(canonical request, signed header names). `path` is encoded already; `query` is a list of decoded pairs;
    `headers` is a list of (name, value)."""
    values = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    names = sorted(values)
    pairs = sorted((encode(k, ""), encode(v, "")) for k, v in query)
    signed = ";".join(names)
    lines = [method, path, "&".join("%s=%s" % pair for pair in pairs)]
    lines += ["%s:%s" % (name, ",".join(values[name])) for name in names]
    lines += ["", signed, payload_sha256]
    return "\n".join(lines), signed


def signature(secret, stamp, region, service, request):
    """(credential scope, string to sign, hex signature) of a canonical request at the time `stamp`."""
    scope = "%s/%s/%s/aws4_request" % (stamp[:8], region, service)
    text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (stamp, scope, openssl_sha256(request.encode()).hexdigest())
    key = ("AWS4" + secret).encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac_digest(key, part.encode(), "sha256")
    return scope, text, hmac_digest(key, text.encode(), "sha256").hex()


def sign_get(host, path, byte_range, region, credentials, now):
    """The headers, in order, of a signed S3 GET of `byte_range`.

    `credentials` is (access key, secret, session token or None), `now` seconds since 1970.
    """
    access, secret, token = credentials
    stamp = strftime("%Y%m%dT%H%M%SZ", gmtime(now))
    headers = [("Host", host), ("Range", byte_range), ("X-Amz-Content-Sha256", EMPTY_SHA256), ("X-Amz-Date", stamp)]
    if token:
        headers.append(("X-Amz-Security-Token", token))
    request, signed = canonical_request("GET", path, [], headers, EMPTY_SHA256)
    scope, _text, hexed = signature(secret, stamp, region, "s3", request)
    headers.append(("Authorization", "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"
                    % (access, scope, signed, hexed)))
    return headers
