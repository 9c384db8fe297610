"""Answers with what it was asked, or misbehaves as the name in the path says."""

import json
import os
import time

CARRIED = (
    "ORHESTRA_AGENT_KEY",
    "ORHESTRA_MAX_ATTEMPTS",
    "MUSTER_LOG_FORMAT",
    "MUSTER_TABLE",
    "MUSTER_WATCH_QUEUE_URL",
    "AWS_ENDPOINT_URL",
)


def echo(event, context):
    name = event["pathParameters"]["name"] if event["pathParameters"] else event["resource"]
    if name == "raise":
        raise RuntimeError("a secret of the program")
    if name == "sleep":
        time.sleep(1)
    if name == "hang":
        time.sleep(30)
    if name == "huge":
        return _answer("x" * 7_000_000)
    if name == "environment":
        return _answer({variable: os.environ.get(variable) for variable in CARRIED})
    if name == "zip":
        return {
            "statusCode": 200,
            "headers": {"Content-Type": "application/zip"},
            "body": event["body"],
            "isBase64Encoded": True,
        }
    said = {key: event[key] for key in ("body", "isBase64Encoded", "queryStringParameters", "resource", "path")}
    return _answer({**said, "remaining": context.get_remaining_time_in_millis()})


def _answer(content):
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(content)}
