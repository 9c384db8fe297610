package optimizers;

import java.util.Random;

/** The algorithms by the names that payloads use. */
enum Algorithm {
    PSO(ParticleSwarm::new),
    GA(Genetic::new),
    DE(Differential::new);

    private interface Start {
        Search of(Objective objective, int agents, Random random);
    }

    private final Start start;

    Algorithm(Start start) {
        this.start = start;
    }

    Search start(Objective objective, int agents, Random random) {
        return start.of(objective, agents, random);
    }
}
