package io.moonglass.helm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The part of the chart's README that lists its values, made of the comments of values.yaml.
/// `ChartReadmeTest` compares, and writes it anew when asked.
final class ChartReadme {

    static final Path FILE = Chart.FOLDER.resolve("README.md");
    private static final String BEGIN = "<!-- values: made from values.yaml, do not edit -->\n";
    private static final String END = "<!-- end of values -->\n";

    /// @param path    as `--set` takes it
    /// @param value   as it stands in values.yaml, on one line
    /// @param comment what stands above it there
    record Value(String path, String value, String comment) {}

    private record Open(int indent, String key) {}

    private ChartReadme() {}

    /// Values with a comment, in their order. A mapping with a comment is one value, and what is in it is not listed.
    static List<Value> values() throws IOException {
        List<Value> values = new ArrayList<>();
        List<Open> path = new ArrayList<>();
        List<String> lines = Files.readAllLines(Chart.FOLDER.resolve("values.yaml"));
        StringBuilder comment = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            String text = line.strip();
            if (text.isEmpty()) {
                comment.setLength(0);
            } else if (text.startsWith("# ")) {
                comment.append(comment.isEmpty() ? "" : " ").append(text.substring(2));
            } else if (!text.startsWith("#") && !text.startsWith("-")) {
                int indent = line.indexOf(text);
                int colon = text.indexOf(':');
                path.removeIf(open -> open.indent() >= indent);
                path.add(new Open(indent, text.substring(0, colon)));
                if (!comment.isEmpty()) {
                    String value = text.substring(colon + 1).strip();
                    int last = endOfBlock(lines, i, indent);
                    values.add(
                            new Value(
                                    String.join(".", path.stream().map(Open::key).toList()),
                                    value.isEmpty() ? block(lines, i + 1, last) : value,
                                    comment.toString()));
                    if (value.isEmpty()) {
                        i = last - 1;
                    }
                }
                comment.setLength(0);
            }
        }
        return values;
    }

    /// README.md with its list of values as they are now.
    static String renewed() throws IOException {
        String text = Files.readString(FILE);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalStateException(
                    "%s has no lines %s and %s".formatted(FILE, BEGIN.strip(), END.strip()));
        }
        StringBuilder table = new StringBuilder("| value | default | |\n|---|---|---|\n");
        for (Value value : values()) {
            table.append(
                    "| `%s` | `%s` | %s |\n"
                            .formatted(
                                    value.path(),
                                    value.value().replace("|", "\\|"),
                                    value.comment().replace("|", "\\|")));
        }
        return text.substring(0, begin + BEGIN.length()) + table + text.substring(end);
    }

    private static int endOfBlock(List<String> lines, int start, int indent) {
        int i = start + 1;
        while (i < lines.size()
                && !lines.get(i).isBlank()
                && lines.get(i).indexOf(lines.get(i).strip()) > indent) {
            i++;
        }
        return i;
    }

    private static String block(List<String> lines, int from, int to) throws IOException {
        return Chart.YAML.readTree(String.join("\n", lines.subList(from, to))).toString();
    }
}
