"""Cursors: where a list goes on, opaque to the reader so that we may change what it is made of."""

from base64 import b64decode, urlsafe_b64encode
from typing import TypeVar

from pydantic import BaseModel

from adapters.http.problems import FieldError, WrongContent
from application.wording import shown

Mark = TypeVar("Mark", bound=BaseModel)


def cursor(mark: BaseModel) -> str:
    """The cursor that leads back to a mark."""
    text = mark.model_dump_json(exclude_none=True).encode()
    return urlsafe_b64encode(text).rstrip(b"=").decode()


def mark_at(given: str | None, kind: type[Mark]) -> Mark | None:
    """The mark of a cursor; None for the start of the list."""
    if given is None:
        return None
    try:
        padded = given.encode("ascii") + b"=" * (-len(given) % 4)
        mark = b64decode(padded, altchars=b"-_", validate=True)
        return kind.model_validate_json(mark, strict=True)
    except ValueError:
        allowed = "the `next` of a page of this list"
        error = FieldError(field="cursor", found=shown(given), allowed=allowed)
        raise WrongContent(error) from None
