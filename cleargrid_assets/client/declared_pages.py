"""Decodes the pages whose every row is exactly as declared, twice as fast as `envelope.decode` decodes any page.

What a page must hold to be decoded this way is declared here. A page that differs in anything is left to
`envelope.decode`, so what a 200 may contain is still defined there alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypedDict, TypeVar

import msgspec

from cleargrid_assets.client.envelope import decode

if TYPE_CHECKING:
    from collections.abc import Callable

R = TypeVar("R")

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A larger one is a float to `decode`."""


class Pagination(TypedDict, total=False):
    """The documented keys; each of them may be missing."""

    nextCursor: str | None
    total: Integer | None
    totalExact: bool | None
    totalNote: str | None


class Meta(TypedDict, total=False):
    """The documented keys of the range's echo."""

    since: str | None
    until: str | None


class Body(TypedDict, Generic[R], total=False):
    """The documented keys of a page."""

    rows: list[R]
    pagination: Pagination
    meta: Meta


class Document(TypedDict, Generic[R], total=False):
    """The keys of an envelope that the client reads."""

    code: Integer
    success: bool | None
    message: str | None
    requestId: str | None
    body: Body[R]


def page_decoder(row_type: type[msgspec.Struct]) -> Callable[[bytes], Any]:
    """A `decode` that makes instances of `row_type` of the rows of a page if every one of them is exactly that.

    `row_type` must forbid unknown fields. Keys of the envelope that are not declared here are left out.
    """
    declared = msgspec.json.Decoder(Document[row_type])  # type: ignore[valid-type]

    def decode_page(body: bytes) -> Any:
        try:
            return declared.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return decode(body)

    return decode_page
