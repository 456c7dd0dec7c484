import math

import torch

from restorekit.functional import mu_law


def test_mu_law_by_hand():
    values = mu_law(torch.tensor([0.0, 1 / 5000, 1.0], dtype=torch.float64))
    expected = [0, math.log(2) / math.log(5001), 1]
    torch.testing.assert_close(values, torch.tensor(expected, dtype=torch.float64))
