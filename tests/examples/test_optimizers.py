"""The Python example: does the work that the payload says, finds optima, answers the same every time."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pymoo.algorithms.soo.nonconvex.de import DE
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.algorithms.soo.nonconvex.pso import PSO
from pymoo.optimize import minimize
from pymoo.problems.single import Rastrigin, Sphere

from examples.optimizers import optimize
from examples.optimizers.experiment import FUNCTIONS, Experiment

ROOT = Path(__file__).parents[2]
ALGORITHMS = ["PSO", "GA", "DE"]


def payload(alg, iterations=100, agents=20, dimension=4, **more):
    return {"alg": alg, "iterations": iterations, "agents": agents, "dimension": dimension, **more}


def in_a_fresh_process(code, **environment):
    environment = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_algorithm_comes_close_to_the_optimum_of_the_sphere(alg):
    result = optimize(payload(alg, function="sphere"))
    assert 0 <= result["fopt"] < 1e-3
    assert result["xopt"] == pytest.approx([0.5] * 4, abs=0.03)
    assert result["function"] == "sphere"


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_fopt_is_the_value_of_the_function_at_xopt(alg, function):
    result = optimize(payload(alg, iterations=5, function=function))
    value = FUNCTIONS[function](n_var=4).evaluate(np.array([result["xopt"]]))[0, 0]
    assert result["fopt"] == value


@pytest.fixture
def evaluated(monkeypatch):
    """Every generation of points that one of pymoo's functions is evaluated at, as it is evaluated."""
    generations = []

    def watch(problem):
        evaluate = problem._evaluate

        def watched(self, x, out, *args, **kwargs):
            generations.append(x.copy())
            evaluate(self, x, out, *args, **kwargs)

        monkeypatch.setattr(problem, "_evaluate", watched)
        return generations

    return watch


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize(("iterations", "agents"), [(1, 10), (2, 4), (30, 15), (25, 50)])
def test_exactly_iterations_times_agents_points_are_evaluated(evaluated, alg, iterations, agents):
    generations = evaluated(Sphere)
    result = optimize(payload(alg, iterations, agents, function="sphere"))
    assert [len(points) for points in generations] == [agents] * iterations
    assert (result["iter"], result["evaluations"]) == (iterations, iterations * agents)


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_swarm_that_has_shrunk_to_a_point_still_does_all_its_work(evaluated, alg):
    generations = evaluated(Sphere)
    optimize(payload(alg, 800, 5, dimension=2, function="sphere"))
    assert [len(points) for points in generations] == [5] * 800


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_all_points_stay_within_the_bounds(evaluated, alg):
    generations = evaluated(Rastrigin)
    optimize(payload(alg, iterations=60))
    assert np.abs(np.concatenate(generations)).max() <= 5


@pytest.mark.parametrize(
    ("alg", "of_pymoo"),
    [("PSO", PSO), ("GA", partial(GA, eliminate_duplicates=False)), ("DE", DE)],
    ids=ALGORITHMS,
)
@pytest.mark.parametrize("function", ["rosenbrock", "rastrigin"])
def test_sparing_bookkeeping_leaves_the_answer_that_of_pymoos_own_classes(alg, of_pymoo, function):
    task = payload(alg, iterations=80, agents=21, dimension=5, function=function)
    ours, seed = optimize(task), Experiment.of(task).seed
    theirs = minimize(FUNCTIONS[function](n_var=5), of_pymoo(pop_size=21), ("n_gen", 80), seed=seed)
    assert ours["fopt"] == theirs.F[0]
    assert ours["xopt"] == theirs.X.tolist()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_repeated_task_gives_the_same_answer(alg):
    first = optimize(payload(alg))
    optimize(payload(alg, iterations=3))
    assert optimize(dict(reversed(payload(alg).items()))) == first


def test_another_process_gives_the_same_answer():
    task = payload("PSO", iterations=20)
    code = f"import json; from examples.optimizers import optimize; print(json.dumps(optimize({task!r})))"
    assert json.loads(in_a_fresh_process(code, PYTHONHASHSEED="7")) == optimize(task)


def test_rastrigin_is_the_function_unless_the_payload_names_one():
    assert optimize(payload("DE")) == optimize(payload("DE", function="rastrigin"))


def test_repeats_of_an_experiment_are_independent_runs():
    answers = [optimize(payload("GA", iterations=10, repeat=repeat))["fopt"] for repeat in range(4)]
    assert len(set(answers)) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"alg": "SA"},
        {"alg": ["PSO"]},
        {"function": "cube"},
        {"iterations": 0},
        {"iterations": 10.5},
        {"iterations": 1_000_001},
        {"agents": True},
        {"agents": 3},
        {"dimension": "2"},
        {"dimension": 1},
        {"repeat": -1},
        {"speed": 9},
    ],
    ids=str,
)
def test_a_payload_that_can_not_be_run_is_a_value_error_about_the_wrong_field_alone(wrong):
    (field,) = wrong
    with pytest.raises(ValueError, match=f"^{field}: [^;]+$"):
        optimize({**payload("PSO"), **wrong})


def test_all_faults_of_a_payload_are_named_at_once_on_one_line():
    with pytest.raises(ValueError, match=r"^alg: .+; agents: .+; dimension: .+; x: .+$"):
        optimize({"alg": "SA", "iterations": 5, "agents": -1, "x": 1})


def test_the_compiled_modules_of_pymoo_are_used_and_nothing_is_printed():
    code = (
        "from examples.optimizers import optimize;"
        f"optimize({payload('GA', iterations=3)!r});"
        "from pymoo.functions import FunctionLoader; print(FunctionLoader.get_instance().is_compiled)"
    )
    assert in_a_fresh_process(code) == "True"


def test_a_worker_gets_single_threaded_blas_and_no_plotting_library():
    code = (
        "import os, sys, examples.optimizers;"
        "print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'], 'matplotlib' in sys.modules)"
    )
    unset = {"OPENBLAS_NUM_THREADS": "3"}
    assert in_a_fresh_process("import os; os.environ.pop('OMP_NUM_THREADS', 0);" + code, **unset) == "3 1 False"
