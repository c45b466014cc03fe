"""Records here that rows name by an id, a login or a code: found by lists of the API."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from importer.documents import Document, Unsound
from importer.errors import RowError, SendingFailed
from importer.mapping import Resource
from importer.rules import Reference
from importer.values import Named
from values.sheets.refused import Refused

__all__ = ["References"]


class References:
    """Finds each record once. `pending`: texts that rows of this dry run would be found by."""

    def __init__(self, client: httpx.AsyncClient, pending: set[str]) -> None:
        self._client = client
        self._pending = pending
        self._found: dict[Named, Any] = {}

    async def resolve(self, resource: Resource, document: Document) -> Document | Unsound:
        """The document with ids in place of names, or which of them there are not.

        Raises SendingFailed when the API refuses to look.
        """
        wrong: list[RowError] = []
        body: dict[str, Any] = {}
        for name, value in document.body.items():
            body[name] = await self._resolved(resource, document, name, value, wrong)
        return (
            Unsound(document.rows, wrong)
            if wrong
            else Document(document.rows, document.external_id, body)
        )

    async def _resolved(
        self, resource: Resource, document: Document, path: str, value: Any, wrong: list[RowError]
    ) -> Any:
        if isinstance(value, dict | list):
            inner: Iterable[tuple[Any, Any]] = (
                value.items() if isinstance(value, dict) else enumerate(value)
            )
            found = [
                (key, await self._resolved(resource, document, f"{path}.{key}", one, wrong))
                for key, one in inner
            ]
            return dict(found) if isinstance(value, dict) else [one for _, one in found]
        if not isinstance(value, Named):
            return value
        try:
            return await self._one(value)
        except Refused as refused:
            rule = resource.rule_at(path)
            column = ", ".join(sorted(rule.columns())) if rule else ""
            wrong.append(
                RowError(
                    row_of(resource, document, path),
                    document.external_id,
                    path,
                    column,
                    refused.code,
                    str(refused),
                )
            )
            return None

    async def _one(self, named: Named) -> Any:
        if named not in self._found:
            self._found[named] = await self._ask(named.reference, named.text)
        records = self._found[named]
        if len(records) == 1:
            return records[0][named.reference.field]
        if records:
            told = f"{len(records)} records of {named.reference.path} answer to {named.text!r}."
            raise Refused("ambiguous_reference", told)
        code = "pending_reference" if named.text in self._pending else "missing_reference"
        raise Refused(code, f"There is no {named.text!r} among {named.reference.path}.")

    async def _ask(self, reference: Reference, text: str) -> list[Mapping[str, Any]]:
        asked = {name: value.replace("{}", text) for name, value in reference.query.items()}
        try:
            reply = await self._client.get(reference.path, params=asked)
        except httpx.TransportError as lost:
            message = f"{self._client.base_url} does not answer: {lost}"
            raise SendingFailed(message) from lost
        if not reply.is_success:
            message = f"GET {reply.request.url.path}: {reply.status_code} {reply.text[:300]}"
            raise SendingFailed(message)
        body = reply.json()
        records = body["items"] if isinstance(body, dict) else body
        if reference.match:
            records = [one for one in records if str(one.get(reference.match)) == text]
        return list(records)


def row_of(resource: Resource, document: Document, path: str) -> int:
    """The row that a field of the document came from."""
    parts = path.split(".")
    if resource.rows and len(parts) > 1 and parts[0] == resource.rows.into and parts[1].isdigit():
        return document.rows[min(int(parts[1]), len(document.rows) - 1)].number
    return document.rows[0].number
