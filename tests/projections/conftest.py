"""A database of its own for every test that writes read models."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from urllib.parse import urlsplit

import psycopg2
import pytest

NUMBERS = count(1)


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """Address of an empty database, gone after the test."""
    name = f"read_models_{next(NUMBERS)}"
    for statement in (f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"):
        administer(postgres, statement)
    yield urlsplit(postgres)._replace(path=f"/{name}").geturl()
    administer(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def administer(postgres: str, statement: str) -> None:
    """Run a statement that takes no transaction."""
    with closing(psycopg2.connect(postgres)) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)
