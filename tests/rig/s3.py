"""s3.py - the few S3 calls that tests need, signed with SigV4 (AWS Signature Version 4, Amazon S3 API reference).

Standard library only and written apart from both signers of the product, so that the three can disagree.
"""
import datetime
import hashlib
import hmac
import http.client
import os
import urllib.parse


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, what, status, body):
        super().__init__(f"{what}: HTTP {status} {body[:300].decode('utf-8', 'replace')}")
        self.status = status


class Client:
    def __init__(self, endpoint, access_key, secret_key, region="us-east-1"):
        self.host = urllib.parse.urlsplit(endpoint).netloc
        self.access_key, self.secret_key, self.region = access_key, secret_key, region

    def _sign(self, method, path, headers, digest):
        scope = f"{headers['x-amz-date'][:8]}/{self.region}/s3/aws4_request"
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        request = f"{method}\n{path}\n\n{lines}\n{names}\n{digest}"
        text = f"AWS4-HMAC-SHA256\n{headers['x-amz-date']}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = ("AWS4" + self.secret_key).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"

    def call(self, method, path, body=b"", digest=None, size=None, extra=None):
        """One request; `body` is bytes, or an open file with its digest and size. Returns (status, headers, bytes)."""
        path = urllib.parse.quote(path, safe="/-_.~")
        digest = digest or hashlib.sha256(body).hexdigest()
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": self.host, "x-amz-content-sha256": digest, "x-amz-date": now, **(extra or {})}
        headers["authorization"] = self._sign(method, path, headers, digest)
        headers["content-length"] = str(len(body) if size is None else size)
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise Refused(f"{method} {path}", answer.status, data)
        return answer.status, dict(answer.getheaders()), data

    def make_bucket(self, bucket):
        try:
            self.call("PUT", f"/{bucket}")
        except Refused as refused:
            if refused.status != 409:  # it is there already
                raise

    def put_file(self, bucket, key, path):
        digest = hashlib.sha256()
        with open(path, "rb") as f:
            while block := f.read(1 << 20):
                digest.update(block)
            f.seek(0)
            self.call("PUT", f"/{bucket}/{key}", f, digest.hexdigest(), os.path.getsize(path))

    def get(self, bucket, key, first=None, last=None):
        extra = {} if first is None else {"range": f"bytes={first}-{last}"}
        return self.call("GET", f"/{bucket}/{key}", extra=extra)[2]
