"""Objects in the bucket, for what is too large for a row."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from muster.store.table import patiently

STREAM_BYTES = 8 * 1024 * 1024
"""What a stream holds in memory; S3 takes parts of 5 MiB and more, 10,000 of them."""
LINK_SECONDS = 900
"""How long a link to an object can be used."""


class Blobs:
    """Of one bucket. The client is made when it is first needed: few calls need it, and it takes long to make."""

    def __init__(self, client: Callable[[], Any], bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def put(self, key: str, content: bytes, content_type: str = "application/octet-stream") -> None:
        request = {"Bucket": self._bucket, "Key": key, "Body": content, "ContentType": content_type}
        patiently(self._client().put_object, request)

    def get(self, key: str) -> bytes:
        answer = patiently(self._client().get_object, {"Bucket": self._bucket, "Key": key})
        content: bytes = answer["Body"].read()
        return content

    def find(self, key: str) -> bytes | None:
        """The object, or None when there is none."""
        try:
            return self.get(key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise

    def put_stream(self, key: str, chunks: Iterable[bytes], content_type: str) -> int:
        """Write an object of any size in bounded memory; it appears whole or not at all. Answers its bytes.

        What an upload leaves behind that does not come to its end, the bucket's lifecycle clears away.
        """
        blocks = _blocks(chunks)
        first = next(blocks, b"")
        if len(first) < STREAM_BYTES:
            self.put(key, first, content_type)
            return len(first)
        client, target = self._client(), {"Bucket": self._bucket, "Key": key}
        upload = patiently(client.create_multipart_upload, target | {"ContentType": content_type})
        target |= {"UploadId": upload["UploadId"]}
        parts, size = self._upload_parts(target, first, blocks)
        patiently(client.complete_multipart_upload, target | {"MultipartUpload": {"Parts": parts}})
        return size

    def _upload_parts(
        self, target: dict[str, Any], first: bytes, blocks: Iterator[bytes]
    ) -> tuple[list[dict[str, Any]], int]:
        parts: list[dict[str, Any]] = []
        size, block = 0, first
        while block:
            request = target | {"PartNumber": len(parts) + 1, "Body": block}
            answer = patiently(self._client().upload_part, request)
            parts.append({"PartNumber": len(parts) + 1, "ETag": answer["ETag"]})
            size, block = size + len(block), next(blocks, b"")
        return parts, size

    def link(self, key: str, file_name: str) -> str:
        """An address under which the object can be fetched for a while, by whoever holds it."""
        shown = {"ResponseContentDisposition": f'attachment; filename="{file_name}"'}
        url: str = self._client().generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key, **shown}, ExpiresIn=LINK_SECONDS
        )
        return url


def _blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of STREAM_BYTES, the last one shorter."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= STREAM_BYTES:
            yield bytes(held[:STREAM_BYTES])
            del held[:STREAM_BYTES]
    if held:
        yield bytes(held)
