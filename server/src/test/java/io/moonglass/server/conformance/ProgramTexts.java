package io.moonglass.server.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What the program can say: the string literals of its sources and the lines of its launcher, with `…` for what is put in.
record ProgramTexts(List<String> texts) {

    static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();

    /// What stands for something that differs.
    static final String BLANK = "…";

    private static final String LITERAL = "\"(?:[^\"\\\\\\n]++|\\\\.)*+\"";

    /// Comments and characters are passed over; literals that are added up, with a name between them or not, are one text.
    private static final Pattern TOKEN =
            Pattern.compile(
                    "//[^\\n]*|/\\*[\\s\\S]*?\\*/|'(?:[^'\\\\]|\\\\.)'|\"\"\"[\\s\\S]*?\"\"\"|"
                            + "(?<text>%s(?:\\s*\\+\\s*(?:[\\w.()]+\\s*\\+\\s*)?%s)*)"
                                    .formatted(LITERAL, LITERAL));

    private static final Pattern PIECE = Pattern.compile(LITERAL);

    private static final Pattern DIRECTIVE =
            Pattern.compile("%[-#+ 0,(]*\\d*(?:\\.\\d+)?[a-zA-Z]|\\{\\d+}");
    private static final Pattern SHELL_VARIABLE = Pattern.compile("\\$\\{[^}]*}|\\$\\w+");

    static ProgramTexts read() {
        List<String> texts = new ArrayList<>();
        for (Path source : sources()) {
            literals(text(source)).forEach(texts::add);
        }
        text(REPOSITORY.resolve("moonglass"))
                .lines()
                .map(line -> SHELL_VARIABLE.matcher(line).replaceAll(BLANK))
                .forEach(texts::add);
        return new ProgramTexts(texts);
    }

    /// All Java sources of the program, without tests.
    static List<Path> sources() {
        try (Stream<Path> files = Files.walk(REPOSITORY)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> file.toString().contains("/src/main/java/"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<String> literals(String source) {
        return TOKEN.matcher(source)
                .results()
                .map(token -> token.group("text"))
                .filter(text -> text != null)
                .map(ProgramTexts::spoken);
    }

    private static String spoken(String literals) {
        StringBuilder text = new StringBuilder();
        Matcher piece = PIECE.matcher(literals);
        int end = 0;
        while (piece.find()) {
            boolean isJoinedByName = literals.substring(end, piece.start()).matches("(?s).*\\w.*");
            text.append(isJoinedByName ? BLANK : "");
            text.append(literals, piece.start() + 1, piece.end() - 1);
            end = piece.end();
        }
        return DIRECTIVE
                .matcher(text)
                .replaceAll(BLANK)
                .replace("''", "'") // as MessageFormat has it
                .replace("%%", "%")
                .replace("\\\"", "\"")
                .replace("\\\\", "\\");
    }

    /// Whether one of the texts has the pieces between the blanks, in their order.
    boolean have(String message) {
        String pieces =
                Stream.of(message.split(BLANK, -1))
                        .map(piece -> piece.isEmpty() ? "" : Pattern.quote(piece))
                        .reduce((before, piece) -> before + ".*" + piece)
                        .orElseThrow();
        Pattern wanted = Pattern.compile(pieces);
        return texts.stream().anyMatch(text -> wanted.matcher(text).find());
    }

    /// What a pattern's only group finds in the code of some sources, comments included.
    static List<String> found(Pattern pattern, List<Path> sources) {
        return sources.stream()
                .flatMap(source -> pattern.matcher(text(source)).results())
                .map((MatchResult found) -> found.group(1))
                .toList();
    }
}
