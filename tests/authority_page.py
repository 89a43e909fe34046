"""`docs/authority.md`, as the operations and their declaration say it."""

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from adapters.assembly import memory_desk
from adapters.http.app import create_app
from adapters.http.callers import OPEN_TO_ALL
from adapters.identity.doors import Doors
from adapters.settings import Settings
from application.authority import AUTHORITY, Rule
from domain.model import OWNER_SEATS, Seat

HEAD = """\
# Who may do what

This page is written by `uv run python -m tests.authority_page` from the declaration that the
service obeys (`AUTHORITY` in `application/authority.py`). A test asks for every operation from every
seat; an operation that is not declared is not served.

- **Where a seat comes from.** An owner's seat is held by whom the decision type names, whatever a key
  or a token says. Every other role comes from the key or the token, by decision type (`*` is all).
- **A service is never a person**: it is refused wherever a person has to act, whatever seats it has.
- **Auditors read and change nothing**: subscribing to events is a way to read, and theirs too.
- **Administrators run the installation**: they issue keys, look after the database and may end a
  subscription, and neither decide anything nor read what was decided.
- **The fallback owner** acts where the owner's seat is empty, or on what was placed with them.
- Every command is recorded with who did it: `actor.kind`, `id`, the `seat` they acted from, and `via`
  what, when it did not come by their own hand.
- Another decision type's seat opens nothing: 403, and nothing is recorded but that it was tried.
"""
ANYONE = "anyone known"
PAGE = Path(__file__).parents[1] / "docs" / "authority.md"


def page(app: Litestar) -> str:
    """The page."""
    parts = [HEAD]
    for tag, handlers in sorted(_by_tag(app).items()):
        parts.append(f"\n## {tag}\n\n| | Who may | Besides |\n|---|---|---|\n")
        parts.extend(_line(path, handler) for path, handler in handlers)
    return "".join(parts)


def _by_tag(app: Litestar) -> dict[str, list[tuple[str, HTTPRouteHandler]]]:
    found: dict[str, list[tuple[str, HTTPRouteHandler]]] = {}
    for path, handler in sorted(_operations(app), key=lambda one: (one[0], one[1].fn.__name__)):
        tag = next(tag for layer in handler.ownership_layers for tag in layer.tags or ())
        found.setdefault(tag, []).append((path, handler))
    return found


def _operations(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema() and "OPTIONS" not in handler.http_methods:
                    yield route.path_format, handler


def _line(path: str, handler: HTTPRouteHandler) -> str:
    (method,) = handler.http_methods
    summary = " ".join(cleandoc(handler.fn.__doc__ or "").partition("\n\n")[0].split())
    rule = Rule((), reads=True) if handler.opt.get(OPEN_TO_ALL) else AUTHORITY[handler.fn.__name__]
    who = "anyone at all" if handler.opt.get(OPEN_TO_ALL) else _who(rule)
    return f"| `{method} {path}`<br>{summary} | {who} | {rule.besides} |\n"


def _who(rule: Rule) -> str:
    if rule.asks_anyone:
        return ANYONE
    seats = set(rule.seats)
    if seats == set(Seat) - {Seat.ADMINISTRATOR}:
        said = "any seat but the administrator's"
    elif seats >= set(OWNER_SEATS):
        others = [seat.spoken for seat in rule.seats if seat not in OWNER_SEATS]
        said = ", ".join(["any of the four owners", *others])
    else:
        said = ", ".join(seat.spoken for seat in rule.seats)
    return f"{said}; in person" if rule.people else said


def main() -> None:
    """Write the page where the repository has it."""
    app = create_app(memory_desk(), Doors(None, None), Settings())
    PAGE.write_text(page(app), encoding="utf-8")


if __name__ == "__main__":
    main()
