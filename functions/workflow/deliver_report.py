"""State DeliverReport: try one delivery, and say when to try it again."""

from muster.edge.call import Call
from muster.edge.steps import Step, step


@step
def deliver_report(call: Call, state: Step) -> Step:
    return call.finish.deliver_report(state)
