package optimizers;

import java.util.Arrays;
import java.util.Random;

/**
 * One task of a sweep: takes its payload as the only argument and prints its result as one line of JSON.
 *
 * <p>Exits with 2 and a message on stderr when the payload can not be run.
 */
public final class OptRunner {
    private OptRunner() {}

    public static void main(String[] arguments) {
        try {
            if (arguments.length != 1) {
                throw new IllegalArgumentException("give the payload, and nothing else, as the only argument");
            }
            System.out.println(resultOf(Experiment.of(FlatJson.parse(arguments[0]))));
        } catch (IllegalArgumentException unusable) {
            System.err.println(unusable.getMessage());
            System.exit(2);
        }
    }

    /** Generation 1 is the initial population, so exactly iterations times agents points are evaluated. */
    private static String resultOf(Experiment experiment) {
        Objective objective = new Objective(experiment.function(), experiment.dimension());
        Search search = experiment.algorithm().start(objective, experiment.agents(), new Random(experiment.seed()));
        int generations = 1;
        while (generations < experiment.iterations()) {
            search.advance();
            generations++;
        }
        int best = search.population.best();
        // Doubles print as JSON numbers: the objectives are finite everywhere within their bounds.
        return "{\"fopt\": " + search.population.values[best]
                + ", \"iter\": " + generations
                + ", \"xopt\": " + Arrays.toString(search.population.points[best])
                + ", \"evaluations\": " + objective.evaluations()
                + ", \"function\": \"" + experiment.function().label() + "\"}";
    }
}
