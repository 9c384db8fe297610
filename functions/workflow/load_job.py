"""State LoadJob: say what there is to aggregate and to deliver."""

from muster.edge.call import Call
from muster.edge.steps import Step, step


@step
def load_job(call: Call, state: Step) -> Step:
    return call.finish.load_job(state)
