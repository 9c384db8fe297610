"""One task of the sweep: from its payload to its result."""

import hashlib
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from pymoo.optimize import minimize
from pymoo.problems.single import Ackley, Griewank, Rastrigin, Rosenbrock, Schwefel, Sphere, Zakharov

from .algorithms import ALGORITHMS

FUNCTIONS = {
    each.__name__.lower(): each for each in (Ackley, Griewank, Rastrigin, Rosenbrock, Schwefel, Sphere, Zakharov)
}


class Experiment(BaseModel, frozen=True, strict=True, extra="forbid"):
    """What a payload asks for. `repeat` tells apart runs that are equal otherwise: it only changes the seed."""

    alg: Literal[tuple(ALGORITHMS)]
    iterations: int = Field(ge=1, le=1_000_000)
    agents: int = Field(ge=4, le=10_000)  # DE combines an individual with two others and the best
    dimension: int = Field(ge=2, le=1_000)  # Rosenbrock's valley needs two variables
    function: Literal[tuple(FUNCTIONS)] = "rastrigin"
    repeat: int = Field(default=0, ge=0, le=10**9)

    @classmethod
    def of(cls, payload: dict[str, Any]) -> "Experiment":
        """Read a payload; a ValueError names everything that is wrong with it, on one line."""
        try:
            return cls.model_validate(payload)
        except ValidationError as invalid:
            faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in invalid.errors())
            raise ValueError("; ".join(faults)) from None

    @property
    def seed(self) -> int:
        """The same experiment always has the same seed, on every machine."""
        return int.from_bytes(hashlib.sha256(self.model_dump_json().encode()).digest()[:8], "big")


def optimize(payload: dict[str, Any]) -> dict[str, Any]:
    """Run the experiment that the payload describes.

    Generation 1 is the initial population, so exactly iterations times agents points are evaluated; nothing stops
    earlier. A payload that can not be run raises ValueError: trying it again would not help.
    """
    asked = Experiment.of(payload)
    problem = FUNCTIONS[asked.function](n_var=asked.dimension)
    algorithm = ALGORITHMS[asked.alg](pop_size=asked.agents)
    found = minimize(problem, algorithm, ("n_gen", asked.iterations), copy_algorithm=False, seed=asked.seed)
    return {
        "fopt": float(found.F[0]),
        "iter": algorithm.n_gen - 1,  # pymoo has moved on to the generation that it did not run
        "xopt": found.X.tolist(),
        "evaluations": algorithm.evaluator.n_eval,
        "function": asked.function,
    }
