"""pymoo's PSO, GA and DE, spared the work that a single objective without constraints does not need.

Left out is what pymoo does in every generation for problems of other kinds: to add up violated constraints, to filter
the feasible individuals, to compare offspring by feasibility. That changes no answer. Left out as well is its
elimination of duplicates, which compares everybody with everybody: GA may breed twins here, and in PSO and DE it
matters only when a population has shrunk to a point.
"""

from functools import partial
from typing import Any

import numpy as np
from pymoo.algorithms.soo.nonconvex.de import DE
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.algorithms.soo.nonconvex.pso import PSO
from pymoo.core.evaluator import Evaluator
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.core.survival import Survival

NO_VIOLATION = np.zeros(1)


class ObjectiveEvaluator(Evaluator):
    """Evaluates the objective of every individual, once, and declares that no constraint is violated."""

    def eval(self, problem: Problem, pop: Population, **_: Any) -> Population:
        for individual, values in zip(pop, problem.evaluate(pop.get("X")), strict=True):
            individual.F, individual.CV = values, NO_VIOLATION
        self.n_eval += len(pop)
        return pop


class BestSurvive(Survival):
    """Ranks the individuals by their objective; the first of equals ranks first."""

    def _do(self, problem: Problem, pop: Population, n_survive: int, **_: Any) -> Population:  # noqa: ARG002
        order = pop.get("F")[:, 0].argsort(kind="stable")
        pop.set("rank", order.argsort())
        return pop[order[:n_survive]]


class Unconstrained:
    """Mixed into an algorithm of pymoo: the objective alone decides."""

    def __init__(self, pop_size: int, **options: Any) -> None:
        super().__init__(pop_size=pop_size, evaluator=ObjectiveEvaluator(), **options)

    def _set_optimum(self) -> None:
        self.opt = self.pop[[self.pop.get("F").argmin()]]

    def _replace_by_better(self, offspring: Population) -> None:
        better = offspring.get("F")[:, 0] < self.pop.get("F")[:, 0]
        self.pop[better] = offspring[better]


class ParticleSwarm(Unconstrained, PSO):
    """Particles are drawn to their own best point and to the swarm's; how strongly adapts to how spread they are."""

    def _advance(self, infills: Population) -> None:
        self.particles = infills
        self._replace_by_better(infills)
        self._adapt()


class Genetic(Unconstrained, GA):
    """Binary tournament, simulated binary crossover, polynomial mutation; the best of parents and offspring live on."""


class Differential(Unconstrained, DE):
    """DE/best/1/bin: the best point plus a difference of two others, crossed with the point it competes with."""

    def _advance(self, infills: Population) -> None:
        self._replace_by_better(infills)
        BestSurvive().do(self.problem, self.pop)  # all do; the mating looks up who ranks first


ALGORITHMS = {
    "PSO": ParticleSwarm,
    "GA": partial(Genetic, eliminate_duplicates=False, survival=BestSurvive(filter_infeasible=False)),
    "DE": Differential,
}
