"""POST /api/v1/webhooks/test: send one signed message to an address now, and say what came of it."""

from muster.edge.endpoint import Call, endpoint
from muster.sweeps.models import TryWebhook, WebhookTried


@endpoint("POST", "/api/v1/webhooks/test")
def try_webhook(call: Call, body: TryWebhook) -> WebhookTried:
    return call.sweeps.try_webhook(body)
