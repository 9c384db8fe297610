"""The report on a sweep: gather outcomes in parts, put the parts together, compose the report, render it."""

from muster.sweeps.report.composing import JobFacts, as_json, report_of
from muster.sweeps.report.document import Report
from muster.sweeps.report.summary import Summary
from muster.sweeps.report.table import as_csv
from muster.sweeps.report.text import as_text, breakdown_lines

__all__ = ["JobFacts", "Report", "Summary", "as_csv", "as_json", "as_text", "breakdown_lines", "report_of"]
