"""A run explained on one page, from its record alone.

Pictures are SVG drawn here, not plotly's: plotly.js would weigh 4.5 MB in each report, and its
pictures follow neither the reader's light or dark nor the printer.
"""

from raynas.report.write_report import write_report

__all__ = ["write_report"]
