"""Hands out upload links and prepares table writes: creates S3 and DynamoDB clients, never calls the cloud."""
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config

# Fixed keys and endpoints: a link is signed by arithmetic alone, so the answers do not depend on any account.
SESSION = boto3.session.Session(
    aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="example-secret", region_name="eu-west-1"
)
CONFIG = Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1})
S3 = SESSION.client("s3", endpoint_url="https://objects.example", config=CONFIG)
TABLE = SESSION.client("dynamodb", endpoint_url="https://tables.example")


class NotAllowed(Exception):
    """The caller asked for a bucket that is not theirs."""


def link(bucket, key, method, seconds):
    if not bucket.startswith("public-"):
        raise NotAllowed(f"bucket {bucket} is private")
    url = urlsplit(S3.generate_presigned_url(method, Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds))
    query = parse_qs(url.query)
    # Date and signature move with the clock; everything else is an answer.
    return {
        "host": url.netloc, "path": url.path, "keys": sorted(query), "expires": int(query["X-Amz-Expires"][0]),
        "algorithm": query["X-Amz-Algorithm"][0], "scope": query["X-Amz-Credential"][0].split("/")[2:],
    }


def form(bucket, key):
    post = S3.generate_presigned_post(bucket, key, Conditions=[["content-length-range", 1, 1048576]])
    return {"url": post["url"], "fields": sorted(post["fields"])}


def condition(name, low, high):
    from boto3.dynamodb.conditions import Attr, ConditionExpressionBuilder, Key

    wish = Key("id").eq(name) & Attr("score").between(low, high)
    built = ConditionExpressionBuilder().build_expression(wish)
    return {"expression": built.condition_expression, "names": built.attribute_name_placeholders,
            "values": built.attribute_value_placeholders}


def read(table, key):
    from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
    from botocore.stub import Stubber

    wanted = {name: TypeSerializer().serialize(value) for name, value in key.items()}
    with Stubber(TABLE) as stub:
        stub.add_response("get_item", {"Item": {**wanted, "seen": {"N": "3"}}}, {"TableName": table, "Key": wanted})
        item = TABLE.get_item(TableName=table, Key=wanted)["Item"]
    return {name: str(TypeDeserializer().deserialize(value)) for name, value in item.items()}


def handler(event, context):
    if "form" in event:
        return form(event["form"], event["key"])
    if "condition" in event:
        return condition(event["condition"], event["low"], event["high"])
    if "table" in event:
        return read(event["table"], event["item"])
    if "pages" in event:
        return {"pages": S3.can_paginate(event["pages"]), "waiters": TABLE.waiter_names}
    return link(event["bucket"], event["key"], event.get("method", "get_object"), event.get("seconds", 60))
