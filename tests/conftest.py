"""One embedded PostgreSQL a test run, and a fresh database for each test that asks for one."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.sql import SQL, Identifier

from adapters.postgres.embedded import embedded
from adapters.postgres.migrations import migrate

# The contracts and events that adapters' tests share; as a package they would hide `adapters`.
sys.path.append(str(Path(__file__).parent / "adapters"))

# Machines are shared: how fast an example is drawn says nothing about the code.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


def _on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A running PostgreSQL, shared by all workers of this test run and gone with the last."""
    workers = getattr(request.config, "workerinput", None)
    run = workers["testrunuid"] if workers else uuid4().hex
    directory = Path(tempfile.gettempdir()) / f"remit-tests-{run[:12]}"
    with embedded(directory, keep=False) as url:
        yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> str:
    """A migrated database to copy from; each worker has its own."""
    name = f"template_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    migrate(_on(server_url, name))
    return name


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{uuid4().hex[:12]}"
    create = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(create)
        yield _on(server_url, name)
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))
