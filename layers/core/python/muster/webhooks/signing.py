"""The headers of a message by the Standard Webhooks specification."""

from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook


def signed_headers(secrets: Sequence[str], message_id: str, sent_at_ms: int, body: str) -> dict[str, str]:
    """The three headers that let a receiver verify `body`; one signature per secret, of which it needs to know one.

    The id stays the same over all attempts, the time is that of this one. Raises ValueError without a secret or for
    one that is not base64.
    """
    if not secrets:
        raise ValueError("nothing to sign with")
    sent_at = datetime.fromtimestamp(sent_at_ms // 1000, UTC)
    signatures = (Webhook(secret).sign(message_id, sent_at, body) for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at_ms // 1000),
        "webhook-signature": " ".join(signatures),
    }
