package optimizers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** What a payload asks for. {@code repeat} only changes the seed: it tells apart runs that are equal otherwise. */
record Experiment(Algorithm algorithm, TestFunction function, int iterations, int agents, int dimension, int repeat) {
    private static final Set<String> FIELDS =
            Set.of("alg", "function", "iterations", "agents", "dimension", "repeat");

    /** Reads a payload; an IllegalArgumentException names everything that is wrong with it. */
    static Experiment of(Map<String, Object> payload) {
        List<String> faults = new ArrayList<>();
        for (String field : new TreeSet<>(payload.keySet())) {
            if (!FIELDS.contains(field)) {
                faults.add("unknown field " + field);
            }
        }
        Algorithm algorithm = choice(payload, "alg", null, Algorithm.values(), Algorithm::name, faults);
        TestFunction function =
                choice(payload, "function", "rastrigin", TestFunction.values(), TestFunction::label, faults);
        int iterations = number(payload, "iterations", null, 1, 1_000_000, faults);
        // DE combines an individual with three others; Rosenbrock's valley needs two variables.
        int agents = number(payload, "agents", null, 4, 10_000, faults);
        int dimension = number(payload, "dimension", null, 2, 1_000, faults);
        int repeat = number(payload, "repeat", 0L, 0, 1_000_000_000, faults);
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", faults));
        }
        return new Experiment(algorithm, function, iterations, agents, dimension, repeat);
    }

    /** The same experiment has the same seed in every run: names and numbers only, no identity hashes. */
    long seed() {
        long seed = 17;
        for (String part : List.of(algorithm.name(), function.label())) {
            seed = 1_000_003 * seed + part.hashCode();
        }
        for (int part : new int[] {iterations, agents, dimension, repeat}) {
            seed = 1_000_003 * seed + part;
        }
        return seed;
    }

    private static <T> T choice(
            Map<String, Object> payload, String field, String fallback, T[] known, Function<T, String> name,
            List<String> faults) {
        Object given = payload.containsKey(field) ? payload.get(field) : fallback;
        for (T candidate : known) {
            if (name.apply(candidate).equals(given)) {
                return candidate;
            }
        }
        String names = String.join(", ", Arrays.stream(known).map(name).toList());
        faults.add(given == null ? field + " is missing" : field + " must be one of " + names + ", not " + given);
        return null;
    }

    private static int number(
            Map<String, Object> payload, String field, Long fallback, int low, int high, List<String> faults) {
        Object given = payload.containsKey(field) ? payload.get(field) : fallback;
        if (given instanceof Long number && number >= low && number <= high) {
            return number.intValue();
        }
        String range = " must be a whole number from " + low + " to " + high + ", not ";
        faults.add(given == null ? field + " is missing" : field + range + given);
        return low;
    }
}
