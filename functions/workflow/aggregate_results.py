"""State AggregateResults: bring one part of a job's results into short."""

from muster.edge.call import Call
from muster.edge.steps import Step, step


@step
def aggregate_results(call: Call, state: Step) -> Step:
    return call.finish.aggregate_results(state)
