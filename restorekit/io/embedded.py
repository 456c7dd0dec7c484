"""Pictures inside of texts."""

from __future__ import annotations

import base64

import cv2
import numpy as np


def data_uri(pixels: np.ndarray) -> str:
    """An image, (H, W, 3) uint8 RGB, as the address of a PNG that holds it: `data:image/png;…`."""
    done, data = cv2.imencode('.png', pixels[..., ::-1])
    assert done
    return 'data:image/png;base64,' + base64.b64encode(data.tobytes()).decode('ascii')
