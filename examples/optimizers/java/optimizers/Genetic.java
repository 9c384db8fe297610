package optimizers;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;

/** Genetic algorithm: binary tournament, blend crossover, Gaussian mutation; the best of both generations live on. */
final class Genetic extends Search {
    private static final double BLEND = 0.25;
    private static final double MUTATION_SHARE_OF_RANGE = 0.1;

    Genetic(Objective objective, int agents, Random random) {
        super(objective, agents, random);
    }

    @Override
    void advance() {
        int agents = population.values.length;
        Population both = new Population(2 * agents);
        for (int i = 0; i < agents; i++) {
            both.put(i, population.points[i], population.values[i]);
            double[] child = child(fitterOfTwo(), fitterOfTwo());
            both.put(agents + i, child, objective.at(child));
        }
        population = fittest(both, agents);
    }

    private double[] fitterOfTwo() {
        int one = random.nextInt(population.values.length);
        int other = random.nextInt(population.values.length);
        return population.points[population.values[one] <= population.values[other] ? one : other];
    }

    private double[] child(double[] mother, double[] father) {
        double[] child = new double[mother.length];
        for (int j = 0; j < child.length; j++) {
            double share = -BLEND + (1 + 2 * BLEND) * random.nextDouble();
            child[j] = mother[j] + share * (father[j] - mother[j]);
            if (random.nextInt(child.length) == 0) {
                // Mostly small steps, now and then a long one: both the valley and the next valley are in reach.
                double reach = MUTATION_SHARE_OF_RANGE * Math.pow(random.nextDouble(), 3);
                child[j] += reach * (objective.high - objective.low) * random.nextGaussian();
            }
            child[j] = objective.withinBounds(child[j]);
        }
        return child;
    }

    private static Population fittest(Population from, int count) {
        int[] rows = IntStream.range(0, from.values.length)
                .boxed()
                .sorted(Comparator.comparingDouble(row -> from.values[row]))
                .limit(count)
                .mapToInt(Integer::intValue)
                .toArray();
        Population fittest = new Population(count);
        for (int i = 0; i < count; i++) {
            fittest.put(i, from.points[rows[i]], from.values[rows[i]]);
        }
        return fittest;
    }
}
