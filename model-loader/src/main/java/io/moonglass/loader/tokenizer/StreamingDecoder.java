package io.moonglass.loader.tokenizer;

/// Token ids to text, one at a time, as they are generated. A character may span tokens: its bytes
/// are held back until it is complete or known to be broken, never longer. All texts that are given
/// out, with the one of [#flush()], are together what [Tokenizer#decode] makes of all ids.
///
/// For one sequence and one thread at a time; made by [Tokenizer#streamingDecoder].
public final class StreamingDecoder {

    private final Tokenizer tokenizer;
    private final boolean skipSpecial;
    private final Utf8Decoder utf8 = new Utf8Decoder();

    StreamingDecoder(Tokenizer tokenizer, boolean skipSpecial) {
        this.tokenizer = tokenizer;
        this.skipSpecial = skipSpecial;
    }

    /// The text that this token completes; often empty, never half a character.
    ///
    /// @throws IllegalArgumentException if the tokenizer has no such id
    public String push(int id) {
        StringBuilder text = new StringBuilder();
        push(id, text);
        return text.toString();
    }

    /// Ends the text: U+FFFD if a character is unfinished, else nothing. The decoder may be used
    /// again for another sequence.
    public String flush() {
        StringBuilder text = new StringBuilder();
        flush(text);
        return text.toString();
    }

    void push(int id, StringBuilder text) {
        byte[] bytes = tokenizer.tokenBytes(id);
        if (!skipSpecial || !tokenizer.isSpecial(id)) {
            utf8.decode(bytes, text);
        }
    }

    void flush(StringBuilder text) {
        utf8.finish(text);
    }
}
