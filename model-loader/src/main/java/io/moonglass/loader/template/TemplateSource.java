package io.moonglass.loader.template;

import io.moonglass.loader.fault.ModelFormatException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Jinja2's treatment of white space around tags, applied to the source before Jinjava reads it:
/// `trim_blocks` and `lstrip_blocks` on, as Hugging Face sets them, and the signs `-` and `+`. Jinjava's
/// own options strip text that stands before a tag on the same line, which Jinja2 keeps.
///
/// The result has no comments, no signs and no two braces in a row inside a tag.
final class TemplateSource {

    private static final Pattern TAG_START = Pattern.compile("\\{[%{#]");
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");

    private final String name;
    private final String source;
    private final StringBuilder out = new StringBuilder();

    private int position;
    private boolean stripNext; // the tag before ended with a minus sign
    private boolean trimNext; // the tag before was a block: one line break after it goes
    private boolean lineStarts = true; // what was read last ended a line

    private TemplateSource(String name, String source) {
        this.name = name;
        this.source = source;
    }

    /// The source with all white space that Jinja2 would drop taken out.
    ///
    /// @param name where the source comes from, for messages
    /// @throws ModelFormatException if a tag is malformed
    static String normalized(String name, String source) {
        String lines = source.replace("\r\n", "\n").replace('\r', '\n');
        boolean endsLine = lines.endsWith("\n"); // Jinja2 drops one line break at the end
        return new TemplateSource(name, endsLine ? lines.substring(0, lines.length() - 1) : lines)
                .run();
    }

    private String run() {
        Matcher start = TAG_START.matcher(source);
        while (start.find(position)) {
            int at = start.start();
            char kind = source.charAt(at + 1);
            char sign = signAt(at + 2);
            int end = kind == '#' ? source.indexOf("#}", at + 2) : tagEnd(at + 2, kind);
            if (end < 0) {
                throw malformed(at, "is never closed");
            }
            text(at, sign, kind != '{');
            keepBraceApart();
            tag(at, end, kind, sign);
            if (kind == '%' && out.toString().endsWith("{% raw %}")) {
                raw();
            }
        }
        text(source.length(), '+', false);
        return out.toString();
    }

    /// The text up to a tag, without what the tags on both sides take from it.
    private void text(int end, char signAfter, boolean blockAfter) {
        String text = source.substring(position, end);
        if (stripNext) {
            text = text.stripLeading();
        } else if (trimNext && text.startsWith("\n")) {
            text = text.substring(1);
            lineStarts = true;
        }
        if (signAfter == '-') {
            text = text.stripTrailing();
        } else if (signAfter != '+' && blockAfter) {
            int line = text.lastIndexOf('\n') + 1;
            if ((line > 0 || lineStarts) && text.substring(line).isBlank()) {
                text = text.substring(0, line);
            }
        }
        out.append(text);
        position = end;
    }

    /// A brace of the text must not make a tag with the one that now follows it.
    private void keepBraceApart() {
        if (!out.isEmpty() && out.charAt(out.length() - 1) == '{') {
            out.setLength(out.length() - 1);
            out.append("{{ '{' }}");
        }
    }

    private void tag(int start, int end, char kind, char sign) {
        int from = sign == 0 ? start + 2 : start + 3;
        char endSign = end > from ? signAt(end - 1) : 0;
        if (kind != '#') {
            String body = withBracesApart(from, endSign == 0 ? end : end - 1).strip();
            if (body.isEmpty() || kind == '%' && !Character.isLetter(body.charAt(0))) {
                throw malformed(start, "says nothing");
            }
            out.append(kind == '%' ? "{% " + body + " %}" : "{{ " + body + " }}");
        }
        after(end + 2, endSign, kind != '{');
    }

    /// Everything up to `endraw` is text.
    private void raw() {
        Matcher endRaw = END_RAW.matcher(source);
        if (endRaw.find(position)) {
            trimNext = false; // Jinja2 makes an exception here
            text(endRaw.start(), endRaw.group(1).isEmpty() ? 0 : endRaw.group(1).charAt(0), true);
            out.append("{% endraw %}");
            after(endRaw.end(), endRaw.group(2).isEmpty() ? 0 : endRaw.group(2).charAt(0), true);
        }
    }

    private void after(int tagEnd, char sign, boolean block) {
        position = tagEnd;
        stripNext = sign == '-';
        trimNext = block && sign != '+';
        lineStarts = false;
    }

    private char signAt(int index) {
        char character = index < source.length() ? source.charAt(index) : 0;
        return character == '-' || character == '+' ? character : 0;
    }

    /// Where the closing bracket of a tag is, outside strings and braces; -1 if nowhere.
    private int tagEnd(int from, char kind) {
        String close = kind == '{' ? "}}" : "%}";
        int depth = 0;
        for (int i = from; i < source.length(); i++) {
            char character = source.charAt(i);
            if (depth == 0 && source.startsWith(close, i)) {
                return i;
            }
            switch (character) {
                case '{' -> depth++;
                case '}' -> depth = Math.max(0, depth - 1);
                case '\'', '"' -> {
                    i = stringEnd(i, character);
                    if (i < 0) {
                        return -1;
                    }
                }
                default -> {}
            }
        }
        return -1;
    }

    private ModelFormatException malformed(int at, String what) {
        int end = Math.min(source.length(), at + 40);
        return new ModelFormatException(
                "%s: the tag that starts with \"%s\" %s; want valid Jinja"
                        .formatted(name, source.substring(at, end), what));
    }

    private int stringEnd(int start, char quote) {
        for (int i = start + 1; i < source.length(); i++) {
            if (source.charAt(i) == '\\') {
                i++;
            } else if (source.charAt(i) == quote) {
                return i;
            }
        }
        return -1;
    }

    /// `{'a': {}}` as `{'a': {} }`: Jinjava ends the tag at the first two braces, even in a dict.
    private String withBracesApart(int from, int to) {
        StringBuilder apart = new StringBuilder();
        for (int i = from; i < to; i++) {
            char character = source.charAt(i);
            if (character == '\'' || character == '"') {
                int end = stringEnd(i, character);
                apart.append(source, i, end + 1);
                i = end;
            } else {
                boolean pair = character == '}' && i > from && source.charAt(i - 1) == '}';
                apart.append(pair ? " }" : character);
            }
        }
        return apart.toString();
    }
}
