"""The figures of several models on the same images, side by side."""

from __future__ import annotations

import csv
import io
import statistics
from dataclasses import dataclass, field
from typing import Any

from restorekit.metrics import ImageMetric
from restorekit.report.crops import Crop
from restorekit.report.curves import Curve

Key = tuple[str, str]  # dataset and name of an image


@dataclass
class ModelResult:
    """A model, and what a test of it gave.

    Attributes:
        name: Under which it stands in the report; no other has it.
        config: File or name of the config with the test sets.
        checkpoint: The weights; None of a method that has none.
        metrics: With their rows.
        crops: Of some of the images, by dataset and name.
        curves: Of the run that made the checkpoint, where it is known.
    """

    name: str
    config: str
    checkpoint: str | None
    metrics: list[ImageMetric]
    crops: dict[Key, Crop] = field(default_factory=dict)
    curves: list[Curve] = field(default_factory=list)


class Figures:
    """Rows of metrics, found by metric and image.

    Args:
        tested: The models.
    Raises:
        ValueError: If none of them has a figure.
    """

    def __init__(self, tested: list[ModelResult]) -> None:
        self.tested = tested
        self.titles: dict[str, ImageMetric] = {}
        self._rows: dict[tuple[str, str, Key], dict[str, Any]] = {}
        images: dict[Key, None] = {}
        for model in tested:
            for metric in model.metrics:
                self.titles.setdefault(metric.title, metric)
                for row in metric.rows:
                    key = (row['dataset'], row['name'])
                    images[key] = None
                    self._rows[model.name, metric.title, key] = row
        if not images:
            raise ValueError('report: no image has a figure of a metric of restorekit')
        self.datasets: dict[str, list[Key]] = {}
        for key in sorted(images, key=self._order):
            self.datasets.setdefault(key[0], []).append(key)
        order = list(dict.fromkeys(dataset for dataset, _ in images))
        self.datasets = {dataset: self.datasets[dataset] for dataset in order}

    def value(self, model: str, title: str, key: Key) -> float | None:
        """One figure of a model on an image, if there is one."""
        row = self._rows.get((model, title, key))
        return None if row is None else row['value']

    def input(self, title: str, key: Key) -> float | None:
        """The same figure of the input, if a model's test scored it."""
        rows = (self._rows.get((model.name, title, key)) for model in self.tested)
        return next((row['input'] for row in rows if row and 'input' in row), None)

    def means(self, title: str, dataset: str) -> tuple[int, list[float | None]]:
        """Of the input, then of each model, over the images that all of them were scored on.

        Returns:
            The number of these images, and the means; None of a model without such a figure.
        """
        keys = self.datasets[dataset]
        columns = [{key: self.input(title, key) for key in keys}]
        columns += [{key: self.value(m.name, title, key) for key in keys} for m in self.tested]
        used = [column for column in columns if any(v is not None for v in column.values())]
        shared = [key for key in keys if all(column[key] is not None for column in used)]
        means: list[float | None] = []
        for column in columns:
            values = [value for key in shared if (value := column[key]) is not None]
            means.append(statistics.fmean(values) if values else None)
        return len(shared), means

    def protocols(self) -> list[str]:
        """How the figures were computed; whose, where not all are alike."""
        found: dict[str, list[str]] = {}
        for model in self.tested:
            for metric in model.metrics:
                found.setdefault(metric.protocol, []).append(model.name)
        return [
            text if len(names) == len(self.tested) else f'{text} ({", ".join(names)})'
            for text, names in found.items()
        ]

    def table(self) -> str:
        """Every figure in a line of its own, as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        writer.writerow(
            ('model', 'dataset', 'setting', 'image', 'metric', 'restored', 'input', 'protocol')
        )
        for model in self.tested:
            for metric in model.metrics:
                for row in metric.rows:
                    writer.writerow(
                        (
                            *(model.name, row['dataset'], row['setting'], row['name']),
                            *(metric.title, row['value'], row.get('input', ''), metric.protocol),
                        )
                    )
        return text.getvalue()

    def _order(self, key: Key) -> tuple[float, Key]:
        """Worst first: by the first figure of the first model that has one."""
        for model in self.tested:
            for title in self.titles:
                value = self.value(model.name, title, key)
                if value is not None:
                    return value, key
        raise AssertionError(key)
