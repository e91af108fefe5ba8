package io.moonglass.server.guides;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// A page of the documentation, as far as tests read Markdown.
///
/// @param prose  the lines outside of blocks
/// @param hidden lines that begin code in another way than with a fence of three backticks at a line's beginning
record GuidePage(Path file, List<GuideBlock> blocks, List<String> prose, List<String> hidden) {

    private static final String FENCE = "```";
    private static final Pattern HEADING = Pattern.compile("#{1,6} .*");
    private static final Pattern OTHER_CODE = Pattern.compile("\\s*(~~~|<pre|<code).*|\\s+```.*");

    static GuidePage read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<GuideBlock> blocks = new ArrayList<>();
        List<String> prose = new ArrayList<>();
        List<String> hidden = new ArrayList<>();
        boolean isAfterBlank = true;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith(FENCE)) {
                int end = i + 1;
                while (!lines.get(end).equals(FENCE)) {
                    end++;
                }
                blocks.add(
                        new GuideBlock(
                                i + 1,
                                line.substring(FENCE.length()).strip(),
                                text(lines.subList(i + 1, end)),
                                after(lines, end + 1)));
                i = end;
            } else {
                prose.add(line);
                if (OTHER_CODE.matcher(line).matches()
                        || isAfterBlank && line.startsWith("    ") && !line.isBlank()) {
                    hidden.add("line %d: %s".formatted(i + 1, line));
                }
            }
            isAfterBlank = line.isBlank();
        }
        return new GuidePage(file, blocks, prose, hidden);
    }

    private static String text(List<String> lines) {
        return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
    }

    private static String after(List<String> lines, int start) {
        int end = start;
        while (end < lines.size()
                && !lines.get(end).startsWith(FENCE)
                && !HEADING.matcher(lines.get(end)).matches()) {
            end++;
        }
        return text(lines.subList(start, end)).strip();
    }
}
