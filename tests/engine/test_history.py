"""mmengine's histories, as they are kept here."""

import copy

import numpy as np
import pytest
from mmengine.logging import HistoryBuffer

from restorekit.engine.history import BoundedHistory


def test_a_bounded_history_says_what_mmengines_does():
    ours = BoundedHistory(np.array([7.0, 8.0, 9.0]), np.ones(3), 4)
    theirs = HistoryBuffer([7.0, 8.0, 9.0], [1, 1, 1], 4)
    for number in range(23):
        for history in (ours, theirs):
            history.update(number / 7, 1 + number % 2)
        np.testing.assert_array_equal(copy.deepcopy(ours).data, theirs.data)
        for method in ('mean', 'min', 'max', 'current'):
            assert ours.statistics(method) == theirs.statistics(method)
        assert ours.mean(2) == theirs.mean(2)
    with pytest.raises(TypeError, match="expected two numbers, got 'x', 1"):
        ours.update('x')
