package optimizers;

import java.util.Random;

/** Particle swarm with the constriction coefficients of Clerc and Kennedy (2002). */
final class ParticleSwarm extends Search {
    private static final double INERTIA = 0.7298;
    private static final double ATTRACTION = 1.49618;

    private final double[][] positions;
    private final double[][] velocities;

    /** The population holds each particle's own best point; where the particles are now is kept beside it. */
    ParticleSwarm(Objective objective, int agents, Random random) {
        super(objective, agents, random);
        positions = new double[agents][];
        velocities = new double[agents][objective.dimension];
        for (int i = 0; i < agents; i++) {
            positions[i] = population.points[i].clone();
        }
    }

    @Override
    void advance() {
        double[] swarmBest = population.points[population.best()];
        for (int i = 0; i < positions.length; i++) {
            move(positions[i], velocities[i], population.points[i], swarmBest);
            double value = objective.at(positions[i]);
            if (value < population.values[i]) {
                population.put(i, positions[i].clone(), value);
            }
        }
    }

    private void move(double[] position, double[] velocity, double[] ownBest, double[] swarmBest) {
        for (int j = 0; j < position.length; j++) {
            double toOwnBest = ATTRACTION * random.nextDouble() * (ownBest[j] - position[j]);
            double toSwarmBest = ATTRACTION * random.nextDouble() * (swarmBest[j] - position[j]);
            velocity[j] = INERTIA * velocity[j] + toOwnBest + toSwarmBest;
            double moved = position[j] + velocity[j];
            position[j] = objective.withinBounds(moved);
            if (position[j] != moved) {
                velocity[j] = 0; // who hits the wall stops there
            }
        }
    }
}
