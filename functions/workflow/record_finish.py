"""State RecordFinish: note that all is done, or hand over deliveries that wait for long."""

from muster.edge.call import Call
from muster.edge.steps import Step, step


@step
def record_finish(call: Call, state: Step) -> Step:
    return call.finish.record_finish(state)
