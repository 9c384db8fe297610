package optimizers;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads one JSON object of strings and whole numbers. Anything else, escapes in strings included, is refused. */
final class FlatJson {
    private static final String TEXT = "\"([^\"\\\\\\p{Cntrl}]*)\"";
    private static final String WHOLE_NUMBER = "(-?(?:0|[1-9][0-9]{0,17}))";
    private static final Pattern MEMBER =
            Pattern.compile("\\s*" + TEXT + "\\s*:\\s*(?:" + TEXT + "|" + WHOLE_NUMBER + ")\\s*");

    private FlatJson() {}

    /** The members in their order; each value is a String or a Long. */
    static Map<String, Object> parse(String json) {
        String text = json.strip();
        if (!text.startsWith("{") || !text.endsWith("}") || text.length() < 2) {
            throw new IllegalArgumentException("the payload is not a JSON object");
        }
        Map<String, Object> members = new LinkedHashMap<>();
        String inside = text.substring(1, text.length() - 1);
        if (inside.isBlank()) {
            return members;
        }
        Matcher member = MEMBER.matcher(inside);
        int position = 0;
        while (true) {
            member.region(position, inside.length());
            if (!member.lookingAt()) {
                throw new IllegalArgumentException("the payload is not a flat JSON object of strings and whole numbers");
            }
            Object value = member.group(2) != null ? member.group(2) : Long.valueOf(member.group(3));
            if (members.put(member.group(1), value) != null) {
                throw new IllegalArgumentException(member.group(1) + " is there twice");
            }
            if (member.end() == inside.length()) {
                return members;
            }
            if (inside.charAt(member.end()) != ',') {
                throw new IllegalArgumentException("expected a comma or the end after " + member.group(1));
            }
            position = member.end() + 1;
        }
    }
}
