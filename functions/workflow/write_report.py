"""State WriteReport: put the parts together, save the files, and say what deliveries will say."""

from muster.edge.call import Call
from muster.edge.steps import Step, step


@step
def write_report(call: Call, state: Step) -> Step:
    return call.finish.write_report(state)
