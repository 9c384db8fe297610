"""The jobs in examples/: what they hold is what the API takes, and what the optimizers take."""

import json
from itertools import product
from math import prod
from pathlib import Path

import pytest

from examples.optimizers.experiment import Experiment
from muster.sweeps.models import Range, SubmitJob

SWEEPS = Path(__file__).parents[2] / "examples" / "optimizers"


def axes_of(job):
    named = {"alg": job.algorithms, "iterations": job.iterations, "agents": job.agents, "dimension": job.dimension}
    named |= job.parameters or {}
    return {name: values_of(axis) for name, axis in named.items()}


def values_of(axis):
    if isinstance(axis, Range):
        return list(range(axis.min, axis.max + 1, axis.step))
    return list(axis)


@pytest.mark.parametrize(
    ("file", "total"), [("sample-sweep.json", 375), ("functions-sweep.json", 315), ("java-sweep.json", 24)]
)
def test_every_sweep_is_a_valid_job_whose_axes_multiply_to_its_total(file, total):
    job = SubmitJob.model_validate_json((SWEEPS / file).read_text())
    assert prod(len(values) for values in axes_of(job).values()) == total


@pytest.mark.parametrize("file", ["sample-sweep.json", "functions-sweep.json", "java-sweep.json"])
def test_the_optimizers_take_every_payload_of_every_sweep(file):
    axes = axes_of(SubmitJob.model_validate_json((SWEEPS / file).read_text()))
    experiments = {Experiment.of(dict(zip(axes, values, strict=True))) for values in product(*axes.values())}
    assert len({each.seed for each in experiments}) == prod(len(values) for values in axes.values())


def test_the_sample_sweep_is_the_contracts_sample_job():
    sweep = json.loads((SWEEPS / "sample-sweep.json").read_text())
    assert {key: sweep[key] for key in ("algorithms", "iterations", "agents", "dimension")} == {
        "algorithms": ["PSO", "GA", "DE"],
        "iterations": {"min": 100, "max": 500, "step": 100},
        "agents": {"min": 10, "max": 50, "step": 10},
        "dimension": {"min": 2, "max": 10, "step": 2},
    }
    assert sweep["runner"] == {"python": "examples.optimizers:optimize"}


def test_the_java_sweep_names_the_jar_that_build_sh_makes():
    job = SubmitJob.model_validate_json((SWEEPS / "java-sweep.json").read_text())
    assert job.jar_path == "examples/optimizers/java/build/optimizer.jar"
    assert (SWEEPS / "java" / f"{job.main_class.replace('.', '/')}.java").is_file()
