"""Jobs from submit to their end, under every kind of fault."""

from tests.store.invariants import check
from tests.store.world import World, index_of


def test_a_job_runs_from_submit_to_results(world: World) -> None:
    job, spot = world.submit(algorithms=["PSO", "GA"], iterations={"min": 100, "max": 500, "step": 100}), world.hello()
    assert world.job(job).status == "PENDING"
    world.settle_indexes()
    tasks = world.claim(spot, 4)
    assert [index_of(task) for task in tasks] == [0, 1, 2, 3]
    assert tasks[0].payload == '{"alg":"PSO","iterations":100}'
    assert world.job(job).status == "RUNNING"
    assert world.complete(spot, tasks) == ["completed"] * 4
    rest = world.claim_all(spot, 6)
    assert [index_of(task) for task in rest] == [4, 5, 6, 7, 8, 9]
    assert world.complete(spot, rest) == ["completed"] * 6
    view = world.job(job)
    assert (view.status, view.completed_tasks, view.waiting_tasks, view.running_tasks) == ("COMPLETED", 10, 0, 0)
    assert view.finished_at
    assert [one.index for one in world.results(job)] == list(range(10))
    check(world)
