import doctest
import importlib
import pkgutil

import pytest

from restorekit import functional

MODULES = [
    importlib.import_module(f'{functional.__name__}.{module.name}')
    for module in pkgutil.iter_modules(functional.__path__)
]
WITH_EXAMPLES = [m for m in MODULES if any(t.examples for t in doctest.DocTestFinder().find(m))]


@pytest.mark.parametrize('module', WITH_EXAMPLES, ids=lambda module: module.__name__)
def test_examples_in_docstrings(module):
    assert doctest.testmod(module).failed == 0


def test_there_are_examples():
    assert len(WITH_EXAMPLES) >= 4
