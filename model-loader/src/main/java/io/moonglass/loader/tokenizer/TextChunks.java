package io.moonglass.loader.tokenizer;

/// Cuts long text as the released tokenizer does before anything else: into chunks of at most 400,000
/// code points, and again before the 25,001st character of a run of white space or of anything but
/// white space. Every chunk is encoded alone.
final class TextChunks {

    static final int MAX_CODE_POINTS = 400_000;
    static final int MAX_RUN = 25_000;

    private TextChunks() {}

    /// Takes one chunk, `text[start, end)`.
    interface Consumer {
        void accept(int start, int end);
    }

    static void forEach(String text, Consumer chunks) {
        int start = 0;
        int codePoints = 0;
        int run = 0;
        boolean runIsSpace = false;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            boolean space = isPythonSpace(codePoint);
            if (codePoints == MAX_CODE_POINTS) {
                codePoints = 0;
                run = 0;
            }
            boolean startsChunk = codePoints == 0;
            codePoints++;
            run = run > 0 && space == runIsSpace ? run + 1 : 1;
            runIsSpace = space;
            if (run > MAX_RUN) {
                startsChunk = true;
                run = 1;
            }
            if (startsChunk && i > start) {
                chunks.accept(start, i);
                start = i;
            }
            i += Character.charCount(codePoint);
        }
        if (start < text.length()) {
            chunks.accept(start, text.length());
        }
    }

    /// Python's `str.isspace`: Unicode white space and four control characters.
    private static boolean isPythonSpace(int codePoint) {
        return codePoint >= 0x1C && codePoint <= 0x1F || PieceSplitter.isWhiteSpace(codePoint);
    }
}
