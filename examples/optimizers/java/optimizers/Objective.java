package optimizers;

import java.util.Random;

/** A test function of so many variables, and how often it has been evaluated. */
final class Objective {
    final int dimension;
    final double low;
    final double high;
    private final TestFunction function;
    private long evaluations;

    Objective(TestFunction function, int dimension) {
        this.function = function;
        this.dimension = dimension;
        this.low = function.low;
        this.high = function.high;
    }

    double at(double[] point) {
        evaluations++;
        return function.at(point);
    }

    long evaluations() {
        return evaluations;
    }

    double[] randomPoint(Random random) {
        return random.doubles(dimension, low, high).toArray();
    }

    double withinBounds(double variable) {
        return Math.max(low, Math.min(high, variable));
    }
}
