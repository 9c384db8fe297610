package optimizers;

import java.util.Random;

/** A running optimization; creating it evaluates the first generation. */
abstract class Search {
    final Objective objective;
    // java.util.Random: its numbers are fixed by its specification, so answers do not change with the JDK.
    final Random random;
    Population population;

    Search(Objective objective, int agents, Random random) {
        this.objective = objective;
        this.random = random;
        this.population = Population.random(objective, agents, random);
    }

    /** One more generation: exactly as many points evaluated as there are agents. */
    abstract void advance();
}
