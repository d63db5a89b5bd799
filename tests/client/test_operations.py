"""Methods of `culm-client` and the OpenAPI document agree: every operation is there, with its parameters."""

import ast
import inspect
import sys

import pytest

from culm.client import AsyncClient, Client
from tests.client import generate
from tests.client.generate import SET_BY_CLIENT, TARGET, Document


@pytest.fixture(scope="module")
def document() -> Document:
    """The public document."""
    return generate.document()


def test_the_generated_modules_are_current(document: Document) -> None:
    for name, text in generate.texts(document).items():
        assert (TARGET / name).read_text(encoding="utf-8") == text, "run `python -m tests.client.generate`"


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_every_operation_has_a_method_with_the_parameters_of_the_document(document: Document, client: type) -> None:
    every = [one for methods in document["paths"].values() for one in methods.values()]

    assert len(every) > 130
    for one in every:
        name = one["operationId"]
        fields = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("properties", {})
        parameters = {p["name"] for p in one.get("parameters", ()) if (name, p["name"]) not in SET_BY_CLIENT}
        said = [*fields, *(parameter.replace("-", "_") for parameter in parameters)]
        has = [spelled.removesuffix("_query") for spelled in inspect.signature(getattr(client, name)).parameters]
        assert sorted(set(has) - {"self", "body"}) == sorted(set(said)), name


def test_the_client_imports_nothing_of_culm_but_itself() -> None:
    tops = set()
    for path in TARGET.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            tops |= {name.split(".")[0] for name in names}

    assert tops - sys.stdlib_module_names == {"culm", "httpx", "httpx_retries", "msgspec", "pandas", "polars"}
