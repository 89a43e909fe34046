"""A fresh service for each test that asks for one."""

import pytest
from a_service import Service, a_service


@pytest.fixture
def service() -> Service:
    """The service on a desk in memory."""
    return a_service()
