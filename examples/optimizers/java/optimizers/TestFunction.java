package optimizers;

import java.util.Locale;

/** Standard functions to minimize. Each is 0 at its optimum and bounded alike in every variable. */
enum TestFunction {
    ACKLEY(-32.768, 32.768) {
        @Override
        double at(double[] x) {
            double squares = 0;
            double cosines = 0;
            for (double xi : x) {
                squares += xi * xi;
                cosines += Math.cos(2 * Math.PI * xi);
            }
            return 20 + Math.E - 20 * Math.exp(-0.2 * Math.sqrt(squares / x.length)) - Math.exp(cosines / x.length);
        }
    },
    GRIEWANK(-600, 600) {
        @Override
        double at(double[] x) {
            double squares = 0;
            double product = 1;
            for (int i = 0; i < x.length; i++) {
                squares += x[i] * x[i];
                product *= Math.cos(x[i] / Math.sqrt(i + 1));
            }
            return 1 + squares / 4000 - product;
        }
    },
    RASTRIGIN(-5, 5) {
        @Override
        double at(double[] x) {
            double sum = 10.0 * x.length;
            for (double xi : x) {
                sum += xi * xi - 10 * Math.cos(2 * Math.PI * xi);
            }
            return sum;
        }
    },
    ROSENBROCK(-2.048, 2.048) {
        @Override
        double at(double[] x) {
            double sum = 0;
            for (int i = 0; i + 1 < x.length; i++) {
                double bend = x[i + 1] - x[i] * x[i];
                sum += 100 * bend * bend + (1 - x[i]) * (1 - x[i]);
            }
            return sum;
        }
    },
    SCHWEFEL(-500, 500) {
        @Override
        double at(double[] x) {
            double sum = 418.9829 * x.length;
            for (double xi : x) {
                sum -= xi * Math.sin(Math.sqrt(Math.abs(xi)));
            }
            return sum;
        }
    },
    SPHERE(0, 1) {
        @Override
        double at(double[] x) {
            double sum = 0;
            for (double xi : x) {
                sum += (xi - 0.5) * (xi - 0.5);
            }
            return sum;
        }
    },
    ZAKHAROV(-10, 10) {
        @Override
        double at(double[] x) {
            double squares = 0;
            double weighted = 0;
            for (int i = 0; i < x.length; i++) {
                squares += x[i] * x[i];
                weighted += 0.5 * (i + 1) * x[i];
            }
            return squares + Math.pow(weighted, 2) + Math.pow(weighted, 4);
        }
    };

    final double low;
    final double high;

    TestFunction(double low, double high) {
        this.low = low;
        this.high = high;
    }

    abstract double at(double[] x);

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
