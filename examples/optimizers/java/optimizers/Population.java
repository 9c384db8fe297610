package optimizers;

import java.util.Random;

/** Points and the objective at each of them. */
final class Population {
    final double[][] points;
    final double[] values;

    Population(int agents) {
        points = new double[agents][];
        values = new double[agents];
    }

    static Population random(Objective objective, int agents, Random random) {
        Population population = new Population(agents);
        for (int i = 0; i < agents; i++) {
            double[] point = objective.randomPoint(random);
            population.put(i, point, objective.at(point));
        }
        return population;
    }

    void put(int row, double[] point, double value) {
        points[row] = point;
        values[row] = value;
    }

    /** Where the least value is; the first among equals. */
    int best() {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] < values[best]) {
                best = i;
            }
        }
        return best;
    }
}
