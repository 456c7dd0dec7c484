import doctest

import pytest

from restorekit.functional import blocking, color, exposure, resize, similarity


@pytest.mark.parametrize('module', [color, exposure, resize, similarity])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0


def test_no_module_was_forgotten():
    assert doctest.testmod(blocking).attempted == 0, 'it has examples now: add it above'
