"""Keys and the trail, whole: one method per operation of the API, named like it."""

import hmac
import re
import secrets

from muster.access import models
from muster.core.access_key import MATERIAL_BYTES, AccessKey, organization_of_key
from muster.core.caller import Caller
from muster.core.clock import iso
from muster.core.errors import NO_SUCH_PAGE, IdempotencyMismatch, InvalidInput, KeyNotFound
from muster.store.access.access_keys import AccessKeys
from muster.store.access.secrets import Secrets
from muster.store.access.trail import Trail
from muster.store.table import Item

_POSITION = re.compile(r"[0-9]{13}~[0-9a-z]{12}")


class Access:
    """`organization` is the one that the request is about; that the caller may act for it was seen to before."""

    def __init__(self, access_keys: AccessKeys, trail: Trail, stack: Secrets) -> None:
        self._keys, self._trail, self._stack = access_keys, trail, stack

    def create_key(
        self, organization: str, request: models.CreateKey, idempotency_key: str | None = None
    ) -> models.KeyCreated:
        """The one time that the key's text is told; asked again with the same idempotency key, it is told again."""
        key = AccessKey.of(organization, self._material(organization, idempotency_key))
        row = self._keys.create(key, role=request.role, name=request.name, user=request.user)
        if (row["role"], row["name"], row.get("user")) != (request.role, request.name, request.user):
            raise IdempotencyMismatch
        return models.KeyCreated(key=key.text, **dict(_view(row)))

    def _material(self, organization: str, idempotency_key: str | None) -> bytes:
        if idempotency_key is None:
            return secrets.token_bytes(MATERIAL_BYTES)
        return hmac.digest(self._stack.replay_key(), f"{organization}\0{idempotency_key}".encode(), "sha512")

    def list_keys(self, organization: str, *, limit: int = 100, next: str | None = None) -> models.KeyList:
        if next is not None and organization_of_key(next) != organization:
            raise InvalidInput(details=[NO_SUCH_PAGE])
        found: list[models.KeyView] = []
        for row in self._keys.all(organization, after=next):
            if len(found) == limit:
                return models.KeyList(keys=found, next=found[-1].id)
            found.append(_view(row))
        return models.KeyList(keys=found)

    def revoke_key(self, caller: Caller, key_id: str) -> models.KeyRevoked:
        """Of the caller's organization; the operator may revoke any."""
        organization = organization_of_key(key_id)
        if organization is None or (organization != caller.organization and not caller.operator):
            raise KeyNotFound
        revoked = self._keys.revoke(key_id)
        return models.KeyRevoked(key_id=key_id, message=None if revoked else "already revoked")

    def list_actions(
        self, organization: str, *, day: str | None = None, limit: int = 100, next: str | None = None
    ) -> models.ActionList:
        if next is not None and not _POSITION.fullmatch(next):
            raise InvalidInput(details=[NO_SUCH_PAGE])
        day = day or self._trail.today()
        rows = list(self._trail.of_day(organization, day, after=next, limit=limit + 1))
        further = rows[limit - 1]["sk"] if len(rows) > limit else None
        return models.ActionList(day=day, actions=list(map(_action, rows[:limit])), next=further)


def _view(row: Item) -> models.KeyView:
    return models.KeyView(
        id=row["sk"],
        organization=str(organization_of_key(row["sk"])),
        role=row["role"],
        name=row["name"],
        user=row.get("user"),
        created_at=iso(row["created"]),
        revoked_at=iso(row["revoked"]) if "revoked" in row else None,
    )


def _action(row: Item) -> models.ActionView:
    return models.ActionView(
        at=iso(row["at"]),
        operation=row["operation"],
        target=row.get("target"),
        created=row.get("created"),
        role=row["role"],
        key=row.get("key"),
        request_id=row.get("request_id"),
        status=row.get("status"),
    )
