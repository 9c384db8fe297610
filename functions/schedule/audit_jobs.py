"""Schedule rate(1 minute): find what crashes lost, finish what has ended, and arm the watch when something is due."""

from muster.edge.call import Call
from muster.edge.metrics import count
from muster.edge.ticks import schedule


@schedule
def audit_jobs(call: Call) -> None:
    overdue = call.sweeps.audit_jobs()
    if overdue:
        count("FinishOverdue", overdue)
