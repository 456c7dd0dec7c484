"""How fast things are here: what `restorekit speed` measures, and how."""

from restorekit.speed.measuring import Case, machine, measure
from restorekit.speed.parts import PARTS, Options
from restorekit.speed.report import compared, table

__all__ = ['PARTS', 'Case', 'Options', 'compared', 'machine', 'measure', 'table']
