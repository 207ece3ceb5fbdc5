"""What a reader sees is true: every docstring is complete, and every example in it is executed."""

import doctest
import importlib
import inspect
import pkgutil

import jax
import numpy as np
import pytest

import funcgrad as fg

MODULES = [importlib.import_module(m.name) for m in pkgutil.walk_packages(fg.__path__, "funcgrad.")]
FUNCTIONS = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in MODULES
    for name in getattr(module, "__all__", ())
    if inspect.isfunction(getattr(module, name)) and not module.__name__.split(".")[-1].startswith("_")
}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.__name__)
def test_examples_print_what_they_show(module):
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    names = {"fg": fg, "np": np, "jax": jax, "jnp": jax.numpy}
    result = doctest.testmod(module, extraglobs=names, optionflags=flags, verbose=False)
    assert result.failed == 0


@pytest.mark.parametrize("path", FUNCTIONS)
def test_docstring_is_complete(path):
    function = FUNCTIONS[path]
    text = inspect.getdoc(function) or ""
    first, _, rest = text.partition("\n")
    assert first.endswith((".", "$.", "?")), f"{path}: the first line must be one sentence: {first!r}"
    assert len(first) <= 120, f"{path}: the first line is long"
    gives_nothing = inspect.unwrap(function).__annotations__.get("return") in (None, "None", "NoReturn")
    for section in (">>> ", "Source: ") if gives_nothing else ("Returns:", ">>> ", "Source: "):
        assert section in rest, f"{path}: no {section!r}"
    parameters = inspect.signature(inspect.unwrap(function)).parameters.values()
    if parameters:
        assert "Args:" in rest, f"{path}: no 'Args:'"
    for parameter in parameters:
        starred = "*" * {parameter.VAR_POSITIONAL: 1, parameter.VAR_KEYWORD: 2}.get(parameter.kind, 0)
        assert f"    {starred}{parameter.name}: " in rest, f"{path}: argument {parameter.name!r} is not described"


def test_modules_and_packages_say_what_they_are():
    silent = [module.__name__ for module in MODULES if not (module.__doc__ or "").strip().endswith(".")]
    assert silent == []
