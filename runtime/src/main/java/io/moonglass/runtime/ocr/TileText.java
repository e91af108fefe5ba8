package io.moonglass.runtime.ocr;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Joins what was read of a page's tiles, as they come: left to right, then top to bottom.
///
/// **Below each other.** If the last lines of a tile are nearly the first of the one below (at most eight lines, each
/// with the same digits and no more than 15 % of its characters different), they are taken once; a line beyond them
/// that an edge has cut is left out. Else both tiles are taken whole, one below the other: rather twice than never.
/// In Markdown, a paragraph whose last words are the first words of the next tile goes on, and so does a table.
///
/// **Beside each other.** As text, tiles of one row are joined line by line if they have equally many lines that are
/// not blank, and at least half of the pairs share two characters or more where they meet, as lines that run across
/// both tiles do. Else, and always in Markdown, one follows the other with a blank line between, which is right for
/// columns; then each tile is compared with the one above it.
///
/// For one thread.
public final class TileText {

    /// Shorter runs of words come again by chance.
    private static final int LEAST_SHARED_WORDS = 3;

    private static final int MOST_SHARED_WORDS = 40;

    /// A twentieth of a very long line.
    private static final int MOST_SHARED_CHARACTERS = 60;

    private final int numColumns;
    private final OcrFormat format;
    private final List<List<String>> row = new ArrayList<>();
    private List<List<String>> rowAbove = List.of();
    private boolean isAboveJoined;

    /// The end of what was read, which the next tile may change.
    private List<String> pending = List.of();

    private boolean isEmpty = true;

    /// @param numColumns tiles beside each other, at least 1
    public TileText(int numColumns, OcrFormat format) {
        if (numColumns < 1) {
            throw new IllegalArgumentException(
                    "%d tiles beside each other; want at least 1".formatted(numColumns));
        }
        this.numColumns = numColumns;
        this.format = format;
    }

    /// All tiles of a page.
    public static String join(List<String> tiles, int numColumns, OcrFormat format) {
        TileText text = new TileText(numColumns, format);
        StringBuilder joined = new StringBuilder();
        tiles.forEach(tile -> joined.append(text.add(tile)));
        return joined.append(text.finish()).toString();
    }

    /// The next tile.
    ///
    /// @param tile what was read of it, whole
    /// @return what is certain now, to be put after what was returned before; may be empty
    public String add(String tile) {
        row.add(lines(tile));
        if (row.size() < numColumns) {
            return "";
        }
        List<List<String>> tiles = List.copyOf(row);
        row.clear();
        Optional<List<String>> joined = beside(tiles);
        List<String> done =
                joined.isPresent() && (isAboveJoined || rowAbove.isEmpty())
                        ? goOnBelow(joined.get())
                        : beginBelow(joined.orElseGet(() -> oneAfterTheOther(tiles)));
        rowAbove = tiles;
        isAboveJoined = joined.isPresent();
        return written(done);
    }

    /// What is left when there are no more tiles. A last row that is incomplete is taken as it is.
    public String finish() {
        StringBuilder rest = new StringBuilder();
        while (!row.isEmpty()) {
            rest.append(add(""));
        }
        rest.append(written(pending));
        pending = List.of();
        return rest.toString();
    }

    private String written(List<String> lines) {
        if (lines.isEmpty()) {
            return "";
        }
        String text = (isEmpty ? "" : "\n") + String.join("\n", lines);
        isEmpty = false;
        return text;
    }

    /// Lines without blank ones at the beginning and end, and without the fence that models like to put around
    /// Markdown.
    private List<String> lines(String tile) {
        List<String> lines = new ArrayList<>(tile.lines().map(String::stripTrailing).toList());
        trim(lines);
        boolean isFenced =
                format == OcrFormat.MARKDOWN
                        && lines.size() >= 2
                        && lines.getFirst().matches("```(markdown|md)")
                        && lines.getLast().equals("```");
        if (isFenced) {
            lines.removeFirst();
            lines.removeLast();
            trim(lines);
        }
        return lines;
    }

    private static void trim(List<String> lines) {
        while (!lines.isEmpty() && lines.getFirst().isBlank()) {
            lines.removeFirst();
        }
        while (!lines.isEmpty() && lines.getLast().isBlank()) {
            lines.removeLast();
        }
    }

    /// Puts lines below what is pending, with a blank line between.
    ///
    /// @return lines that no later tile can change
    private List<String> beginBelow(List<String> lines) {
        List<String> done = pending;
        pending = new ArrayList<>(lines);
        if (!done.isEmpty() && !lines.isEmpty()) {
            pending.addFirst("");
        }
        return done;
    }

    /// Puts lines below what is pending, which they go on from.
    ///
    /// @return lines that no later tile can change
    private List<String> goOnBelow(List<String> lines) {
        if (lines.isEmpty() || pending.isEmpty()) {
            pending = lines.isEmpty() ? pending : lines;
            return List.of();
        }
        List<String> all = new ArrayList<>(pending);
        int certain = join(all, lines);
        pending = List.copyOf(all.subList(certain, all.size()));
        return List.copyOf(all.subList(0, certain));
    }

    /// @return lines that only the upper tile shows
    private int join(List<String> above, List<String> below) {
        Optional<TileSeam> seam = TileSeam.between(above, below);
        if (seam.isPresent()) {
            above.subList(seam.get().keptAbove(), above.size()).clear();
            above.addAll(seam.get().shared());
            goOn(above, below.subList(seam.get().usedBelow(), below.size()));
            return seam.get().keptAbove();
        }
        Optional<String> paragraph =
                switch (format) {
                    case TEXT -> Optional.empty();
                    case MARKDOWN -> paragraphAcross(above.getLast(), below.getFirst());
                };
        if (paragraph.isPresent()) {
            above.set(above.size() - 1, paragraph.get());
            above.addAll(below.subList(1, below.size()));
            return above.size() - below.size();
        }
        boolean isBlock = format == OcrFormat.MARKDOWN;
        if (isBlock && !(isTableRow(above.getLast()) && isTableRow(below.getFirst()))) {
            above.add("");
        }
        int certain = above.size();
        goOn(above, below);
        return certain;
    }

    /// A table that was cut has no second head: what was read as one is a row, and the rule below it goes.
    private void goOn(List<String> above, List<String> below) {
        boolean isTable = format == OcrFormat.MARKDOWN && isTableRow(above.getLast());
        for (int i = 0; i < below.size(); i++) {
            boolean isRuleOfCutTable = isTable && i <= 1 && isTableRule(below.get(i));
            if (!isRuleOfCutTable) {
                above.add(below.get(i));
            }
        }
    }

    private static boolean isTableRow(String line) {
        return line.strip().startsWith("|");
    }

    private static boolean isTableRule(String line) {
        // two loops over the same characters would take the square of a line's length
        return line.contains("-") && line.strip().matches("\\|[ :|-]*+");
    }

    /// A paragraph that the seam cuts, if the upper part's last words are the lower one's first.
    private static Optional<String> paragraphAcross(String above, String below) {
        String[] last = above.strip().split("\\s+");
        String[] first = below.strip().split("\\s+");
        int most = Math.min(MOST_SHARED_WORDS, Math.min(last.length, first.length));
        for (int numShared = most; numShared >= LEAST_SHARED_WORDS; numShared--) {
            String end = words(last, last.length - numShared, last.length);
            String beginning = words(first, 0, numShared);
            if (TileSeam.nearlyEqual(end, beginning)) {
                String rest = words(first, numShared, first.length);
                return Optional.of(rest.isEmpty() ? above : above + " " + rest);
            }
        }
        return Optional.empty();
    }

    private static String words(String[] words, int from, int to) {
        return String.join(" ", List.of(words).subList(from, to));
    }

    private List<String> oneAfterTheOther(List<List<String>> tiles) {
        List<String> all = new ArrayList<>();
        for (int column = 0; column < tiles.size(); column++) {
            List<String> tile = tiles.get(column);
            if (!rowAbove.isEmpty()) {
                int used =
                        TileSeam.between(rowAbove.get(column), tile)
                                .map(TileSeam::usedBelow)
                                .orElse(0);
                tile = tile.subList(used, tile.size());
            }
            if (!all.isEmpty() && !tile.isEmpty()) {
                all.add("");
            }
            all.addAll(tile);
        }
        return all;
    }

    /// One tile is itself; several are joined line by line where that is well defined.
    private Optional<List<String>> beside(List<List<String>> tiles) {
        Optional<List<String>> joined = Optional.of(tiles.getFirst());
        for (List<String> right : tiles.subList(1, tiles.size())) {
            joined = joined.flatMap(left -> lineByLine(left, right));
        }
        return joined;
    }

    private Optional<List<String>> lineByLine(List<String> left, List<String> right) {
        List<String> rightLines = right.stream().filter(line -> !line.isBlank()).toList();
        long numLines = left.stream().filter(line -> !line.isBlank()).count();
        if (format == OcrFormat.MARKDOWN || numLines != rightLines.size()) {
            return Optional.empty();
        }
        List<String> joined = new ArrayList<>();
        int numShared = 0;
        int next = 0;
        for (String line : left) {
            if (line.isBlank()) {
                joined.add(line);
                continue;
            }
            String rest = rightLines.get(next++).strip();
            int shared = sharedCharacters(line, rest);
            numShared += shared > 0 ? 1 : 0;
            joined.add(shared > 0 ? line + rest.substring(shared) : line + " " + rest);
        }
        return 2 * numShared >= numLines ? Optional.of(joined) : Optional.empty();
    }

    /// The most characters, two or more, with which the left part ends and the right part begins.
    private static int sharedCharacters(String left, String right) {
        for (int shared = Math.min(MOST_SHARED_CHARACTERS, Math.min(left.length(), right.length()));
                shared >= 2;
                shared--) {
            if (left.regionMatches(left.length() - shared, right, 0, shared)) {
                return shared;
            }
        }
        return 0;
    }
}
