package io.moonglass.runtime.grammar;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Formats of strings as regular expressions: spellings that every reader of the format takes, so narrower than the
/// standards in places (years of four digits, no leap seconds, no quoted mailboxes).
///
/// Sources: RFC 3339 (date, time, duration), RFC 5321 (email), RFC 1123 (hostname), RFC 4291 (ipv6),
/// RFC 9562 (uuid), RFC 3986 (uri).
final class StringFormats {

    private static final String LEAP_YEAR =
            "(?:[1-9]\\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)";
    private static final String DATE =
            "(?:[1-9]\\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
                    + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|"
                    + LEAP_YEAR
                    + "-02-29)";
    private static final String TIME =
            "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:0\\d|1[0-3]):[0-5]\\d)";
    private static final String NUMBER = "\\d{1,9}";
    private static final String TIME_PART =
            "T(?:NH(?:NM(?:NS)?)?|NM(?:NS)?|NS)".replace("N", NUMBER);
    private static final String DURATION =
            ("P(?:NW|(?:NY(?:NM(?:ND)?)?|NM(?:ND)?|ND)(?:" + "#" + ")?|#)")
                    .replace("N", NUMBER)
                    .replace("#", TIME_PART);

    /// At most eight labels of at most 29 characters: 239 of the 253 that a name may have.
    private static final String LABEL = "[A-Za-z0-9](?:-?[A-Za-z0-9]){0,14}";

    private static final String TOP_LABEL = "[A-Za-z](?:-?[A-Za-z0-9]){1,14}";
    private static final String HOSTNAME = "(?:" + LABEL + "\\.){0,7}" + TOP_LABEL;
    private static final String MAILBOX = "[A-Za-z0-9_+-]{1,15}(?:\\.[A-Za-z0-9_+-]{1,15}){0,3}";
    private static final String EMAIL = MAILBOX + "@(?:" + LABEL + "\\.){1,6}[A-Za-z]{2,15}";
    private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
    private static final String IPV4 = "(?:" + BYTE + "\\.){3}" + BYTE;
    private static final String HEX = "[0-9A-Fa-f]";
    private static final String GROUP = HEX + "{1,4}";
    private static final String UUID = "H{8}-H{4}-H{4}-H{4}-H{12}".replace("H", HEX);
    private static final String URI_CHARACTER = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%" + HEX + "{2})";
    private static final String URI =
            "[A-Za-z][A-Za-z0-9+.-]{1,14}:(?://"
                    + HOSTNAME
                    + "(?::\\d{1,4})?(?:/C*)*|(?:C+(?:/C*)*))(?:\\?(?:C|[/?])*)?(?:#(?:C|[/?])*)?";

    private static final Map<String, String> BY_NAME = new LinkedHashMap<>();

    static {
        BY_NAME.put("date-time", DATE + "T" + TIME);
        BY_NAME.put("date", DATE);
        BY_NAME.put("time", TIME);
        BY_NAME.put("duration", DURATION);
        BY_NAME.put("email", EMAIL);
        BY_NAME.put("hostname", HOSTNAME);
        BY_NAME.put("ipv4", IPV4);
        BY_NAME.put("ipv6", ipv6());
        BY_NAME.put("uuid", UUID);
        BY_NAME.put("uri", URI.replace("C", URI_CHARACTER));
    }

    private StringFormats() {}

    static Optional<String> regex(String format) {
        return Optional.ofNullable(BY_NAME.get(format));
    }

    static String names() {
        return String.join(", ", BY_NAME.keySet());
    }

    /// Eight groups, or fewer around one `::` that stands for two or more.
    private static String ipv6() {
        StringBuilder regex = new StringBuilder("(?:" + GROUP + ":){7}" + GROUP);
        for (int before = 0; before <= 6; before++) {
            int after = 6 - before;
            regex.append('|');
            if (before > 0) {
                regex.append(GROUP)
                        .append("(?::")
                        .append(GROUP)
                        .append("){")
                        .append(before - 1)
                        .append('}');
            }
            regex.append("::");
            if (after > 0) {
                regex.append("(?:").append(GROUP).append("(?::").append(GROUP).append("){0,");
                regex.append(after - 1).append("})?");
            }
        }
        return "(?:" + regex + ")";
    }
}
