"""The Java example: built by its script, run as a spot runs it, compared with the Python one."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from examples.optimizers import optimize
from examples.optimizers.experiment import FUNCTIONS

BUILD = Path(__file__).parents[2] / "examples" / "optimizers" / "java" / "build.sh"

pytestmark = pytest.mark.skipif(
    not (shutil.which("javac") and shutil.which("jar") and shutil.which("java")),
    reason="no JDK: javac, jar and java are not all on PATH",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("java")
    subprocess.run([BUILD, folder], check=True, capture_output=True)

    def run_with(*arguments):
        command = ["java", "-cp", str(folder / "optimizer.jar"), "optimizers.OptRunner", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run_with


@pytest.fixture
def result_of(run):
    def result(payload):
        done = run(json.dumps(payload))
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("\n") == 1
        return json.loads(done.stdout)

    return result


@pytest.mark.parametrize("alg", ["PSO", "GA", "DE"])
def test_java_and_python_both_come_close_to_the_optimum_after_the_same_work(result_of, alg):
    task = {"alg": alg, "iterations": 150, "agents": 30, "dimension": 4, "function": "sphere"}
    java, python = result_of(task), optimize(task)
    assert 0 <= java["fopt"] < 1e-3
    assert 0 <= python["fopt"] < 1e-3
    assert java.keys() == python.keys()
    assert [java[key] for key in ("iter", "evaluations", "function")] == [150, 4500, "sphere"]
    assert [python[key] for key in ("iter", "evaluations", "function")] == [150, 4500, "sphere"]


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_java_means_the_same_function_as_python(result_of, function):
    java = result_of({"alg": "PSO", "iterations": 3, "agents": 10, "dimension": 3, "function": function})
    problem = FUNCTIONS[function](n_var=3)
    assert java["fopt"] == pytest.approx(problem.evaluate(np.array([java["xopt"]]))[0, 0], rel=1e-9)
    assert all(problem.xl <= java["xopt"])
    assert all(java["xopt"] <= problem.xu)


def test_java_gives_a_repeated_task_the_same_answer_and_another_repeat_another(result_of):
    task = {"alg": "DE", "iterations": 20, "agents": 10, "dimension": 3}
    assert result_of(task) == result_of({**task, "function": "rastrigin", "repeat": 0})
    assert result_of({**task, "repeat": 1})["fopt"] != result_of(task)["fopt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "only argument"),
        (["PSO"], "not a JSON object"),
        (['{"alg": "PSO", "iterations": 1.5, "agents": 10, "dimension": 2}'], "after iterations"),
        (['{"alg": "PSO", "alg": "GA"}'], "alg is there twice"),
        (['{"alg": "SA", "iterations": 0, "x": 1}'], "unknown field x; alg must be one of PSO, GA, DE, not SA"),
    ],
)
def test_java_ends_with_a_message_and_an_exit_code_on_bad_input(run, arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""
