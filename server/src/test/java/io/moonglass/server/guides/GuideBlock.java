package io.moonglass.server.guides;

/// A fenced block of a page.
///
/// @param line     of the page, from 1, on which it begins
/// @param language the word after the fence
/// @param after    what the page says between it and the next block or heading
record GuideBlock(int line, String language, String text, String after) {

    /// Its place and its beginning, for reports.
    String title() {
        String first = text.lines().findFirst().orElse("");
        return "line %d, %s: %s"
                .formatted(line, language.isEmpty() ? "no language" : language, first);
    }
}
