import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from restorekit.functional import hdr_to_ldr, ldr_to_hdr, mu_law, mu_law_inverse

EV = st.floats(-8, 8)
LIGHT = st.lists(st.floats(0, 1), min_size=1, max_size=5)


def double(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_mu_law_by_hand():
    values = mu_law(double([0.0, 1 / 5000, 1.0]))
    torch.testing.assert_close(values, double([0, math.log(2) / math.log(5001), 1]))
    torch.testing.assert_close(
        mu_law(double([0.25]), mu=99), double([0.7053886]), rtol=0, atol=1e-7
    )


def test_frames_and_radiance_by_hand():
    # 0.5^2.2 = 0.217637641, and its quarter; 0.5^(1 / 2.2) = 0.729740053.
    torch.testing.assert_close(ldr_to_hdr(double([0.5]), 0), double([0.217637640824031]))
    torch.testing.assert_close(ldr_to_hdr(double([0.5]), 2), double([0.054409410206008]))
    torch.testing.assert_close(hdr_to_ldr(double([0.25]), 1), double([0.729740052841084]))
    torch.testing.assert_close(hdr_to_ldr(double([0.25]), 1, gamma=1), double([0.5]))


@given(LIGHT, EV, st.floats(1, 3))
def test_a_frame_gives_back_the_radiance_that_it_shows(light, ev, gamma):
    frame = double(light)
    back = hdr_to_ldr(ldr_to_hdr(frame, ev, gamma), ev, gamma)
    torch.testing.assert_close(back, frame, rtol=1e-9, atol=1e-12)


@given(LIGHT, EV, EV)
def test_exposures_add_up(light, first, second):
    radiance = double(light) / 2**16  # nothing is clipped
    once = hdr_to_ldr(radiance, first + second)
    torch.testing.assert_close(hdr_to_ldr(radiance * 2**second, first), once)
    torch.testing.assert_close(ldr_to_hdr(once, first + second), radiance, rtol=1e-9, atol=1e-18)


def test_each_frame_of_a_bracket_has_an_exposure_of_its_own():
    brackets = torch.full((1, 2, 3, 4, 4), 0.5, dtype=torch.float64)
    radiance = ldr_to_hdr(brackets, torch.tensor([0.0, 2.0]).view(1, 2, 1, 1, 1))
    torch.testing.assert_close(radiance[:, 0], 4 * radiance[:, 1])


@given(LIGHT, st.floats(1, 1e4))
def test_mu_law_and_back(light, mu):
    radiance = double(light)
    torch.testing.assert_close(mu_law_inverse(mu_law(radiance, mu), mu), radiance)
