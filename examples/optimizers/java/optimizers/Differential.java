package optimizers;

import java.util.Random;

/** Differential evolution, DE/rand/1/bin. */
final class Differential extends Search {
    private static final double DIFFERENCE_WEIGHT = 0.5;
    private static final double CROSSOVER_PROBABILITY = 0.5;

    Differential(Objective objective, int agents, Random random) {
        super(objective, agents, random);
    }

    @Override
    void advance() {
        int agents = population.values.length;
        Population next = new Population(agents);
        for (int i = 0; i < agents; i++) {
            double[] trial = trial(i);
            double value = objective.at(trial);
            if (value < population.values[i]) {
                next.put(i, trial, value);
            } else {
                next.put(i, population.points[i], population.values[i]);
            }
        }
        population = next;
    }

    private double[] trial(int target) {
        int[] others = threeOthers(target);
        double[] base = population.points[others[0]];
        double[] plus = population.points[others[1]];
        double[] minus = population.points[others[2]];
        double[] trial = population.points[target].clone();
        int always = random.nextInt(trial.length);
        for (int j = 0; j < trial.length; j++) {
            if (j == always || random.nextDouble() < CROSSOVER_PROBABILITY) {
                trial[j] = objective.withinBounds(base[j] + DIFFERENCE_WEIGHT * (plus[j] - minus[j]));
            }
        }
        return trial;
    }

    private int[] threeOthers(int target) {
        return random.ints(0, population.values.length).filter(i -> i != target).distinct().limit(3).toArray();
    }
}
