"""The stack's own keys: all of them derived from the one random text in its secret.

    operator   the bearer token of the operator, with which the first key is made
    agent      what the operator's own spots send as X-Orhestra-Key
    sealing    encrypts what is stored but must not be read in the table
    webhook    signs what is sent to RESULTS_API_URL, unless it has a secret of its own
    replay     makes keys out of idempotency keys

Read when first needed: a process that only ever meets keys of the table never asks for the secret.
"""

import base64
import hmac
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from muster.core.clock import Clock
from muster.core.errors import Unavailable
from muster.store.memory import Memory

KNOWN_MS = 300_000
"""How long a process takes to see that the secret was changed."""

_log = logging.getLogger("muster.Secrets")


def derive(root: str, label: str) -> bytes:
    """32 bytes: HMAC-SHA256 over the label, under the secret's text."""
    return hmac.digest(root.encode(), label.encode(), "sha256")


class Secrets:
    """`name` is the secret's name or ARN. Every method raises Unavailable when the secret can not be read."""

    def __init__(self, client: Callable[[], Any], name: str, clock: Clock) -> None:
        self._client, self._name = client, name
        self._known: Memory[str] = Memory(clock, KNOWN_MS, 1)

    def operator_key(self) -> str:
        return derive(self._root(), "operator").hex()

    def agent_key(self) -> str:
        return derive(self._root(), "agent").hex()

    def sealing_key(self) -> bytes:
        return derive(self._root(), "sealing")

    def webhook_secret(self) -> str:
        """In the form that Standard Webhooks have."""
        return "whsec_" + base64.b64encode(derive(self._root(), "webhook")).decode()

    def replay_key(self) -> bytes:
        return derive(self._root(), "replay")

    def _root(self) -> str:
        root = self._known.get("root")
        if root is None:
            root = self._read()
            self._known.put("root", root)
        return root

    def _read(self) -> str:
        if not self._name:
            raise Unavailable("this stack has no secret: MUSTER_SECRET is empty")
        try:
            return str(self._client().get_secret_value(SecretId=self._name)["SecretString"])
        except (BotoCoreError, ClientError) as error:
            _log.error("the stack's secret can not be read: %s", type(error).__name__)
            raise Unavailable("the stack's secret can not be read") from error
