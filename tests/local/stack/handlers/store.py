"""Counts in the table: when asked over HTTP, when a queue message arrives, and on schedule."""

import json
import os
import time

import boto3

dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")


def store(event, context):
    if "Records" in event:
        for record in event["Records"]:
            _count(record["body"], arrived=time.time())
        return {"batchItemFailures": []}
    if "httpMethod" not in event:
        return _count("schedule", arrived=time.time())
    name = event["pathParameters"]["name"]
    if event["resource"].startswith("/messages"):
        return _send(name, int(event["body"] or 0))
    if event["resource"].startswith("/transactions"):
        return _transact(name)
    if event["httpMethod"] == "GET":
        found = dynamodb.get_item(TableName=os.environ["MUSTER_TABLE"], Key=_key(name), ConsistentRead=True)
        return _answer({attribute: next(iter(value.values())) for attribute, value in found.get("Item", {}).items()})
    return _answer({"count": _count(name)})


def _key(name):
    return {"pk": {"S": name}, "sk": {"S": "COUNTER"}}


def _count(name, arrived=0.0):
    answer = dynamodb.update_item(
        TableName=os.environ["MUSTER_TABLE"],
        Key=_key(name),
        UpdateExpression="SET arrived = :now ADD tally :one",
        ExpressionAttributeValues={":one": {"N": "1"}, ":now": {"N": str(arrived)}},
        ReturnValues="ALL_NEW",
    )
    return int(answer["Attributes"]["tally"]["N"])


def _transact(name):
    """Two rows that must always be equal."""
    dynamodb.transact_write_items(
        TransactItems=[
            {
                "Update": {
                    "TableName": os.environ["MUSTER_TABLE"],
                    "Key": _key(f"{name}-{side}"),
                    "UpdateExpression": "ADD tally :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            }
            for side in ("left", "right")
        ]
    )
    return _answer({})


def _send(name, delay_seconds):
    sqs.send_message(QueueUrl=os.environ["MUSTER_WATCH_QUEUE_URL"], MessageBody=name, DelaySeconds=delay_seconds)
    return _answer({})


def _answer(content):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(content)}
