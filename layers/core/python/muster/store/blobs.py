"""Objects in the bucket, for what is too large for a row."""

from collections.abc import Callable
from typing import Any

from muster.store.table import patiently


class Blobs:
    """Of one bucket. The client is made when it is first needed: few calls need it, and it takes long to make."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def put(self, key: str, content: bytes) -> None:
        request = {"Bucket": self._bucket, "Key": key, "Body": content}
        patiently(self._client().put_object, request)

    def get(self, key: str) -> bytes:
        answer = patiently(self._client().get_object, {"Bucket": self._bucket, "Key": key})
        content: bytes = answer["Body"].read()
        return content
