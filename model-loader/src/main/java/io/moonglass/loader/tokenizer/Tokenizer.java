package io.moonglass.loader.tokenizer;

import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/// Text to token ids and back: the byte-pair tokenizer of tiktoken.model with the special tokens of
/// tokenizer_config.json. Nothing is normalised, and no token is added that the text does not hold.
/// Immutable; safe to use from any thread.
public final class Tokenizer {

    private static final String FILE = "tiktoken.model";
    private static final long MAX_FILE_BYTES = 256L << 20;
    private static final List<String> STOP_NAMES = List.of("<|im_end|>", "[EOS]", "[EOT]");

    private final Vocabulary vocabulary;
    private final SpecialTokens specialTokens;

    private Tokenizer(Vocabulary vocabulary, SpecialTokens specialTokens) {
        this.vocabulary = vocabulary;
        this.specialTokens = specialTokens;
    }

    /// Reads tiktoken.model and tokenizer_config.json of a checkpoint folder.
    ///
    /// @throws ModelFormatException if tiktoken.model is missing or damaged, or the two disagree
    /// @throws io.moonglass.loader.fault.ConfigException if tokenizer_config.json cannot be used
    public static Tokenizer read(Path directory) {
        return read(directory, TokenizerConfig.read(directory));
    }

    /// The same, with a configuration that was read already.
    public static Tokenizer read(Path directory, TokenizerConfig config) {
        return of(readBytes(directory.resolve(FILE)), config);
    }

    /// @param tiktokenModel lines of `base64(token bytes) SPACE rank`, in the order of ranks
    public static Tokenizer of(byte[] tiktokenModel, TokenizerConfig config) {
        Vocabulary vocabulary = Vocabulary.parse(tiktokenModel);
        return new Tokenizer(vocabulary, new SpecialTokens(vocabulary.size(), config));
    }

    /// Token ids of a text in which the names of special tokens stand for those tokens. For text that
    /// is trusted; what a user wrote goes through [#encodeOrdinary(String)].
    public int[] encode(String text) {
        TokenIds ids = new TokenIds();
        OrdinaryEncoder ordinary = new OrdinaryEncoder(vocabulary, ids);
        TextChunks.forEach(text, (start, end) -> encode(text, start, end, ordinary, ids));
        return ids.toArray();
    }

    /// Token ids of a text that is only text: the names of special tokens are spelt out like any other
    /// string. Every id is below [#numBaseTokens()].
    public int[] encodeOrdinary(String text) {
        TokenIds ids = new TokenIds();
        OrdinaryEncoder ordinary = new OrdinaryEncoder(vocabulary, ids);
        TextChunks.forEach(text, (start, end) -> ordinary.encode(text, start, end));
        return ids.toArray();
    }

    /// The pieces that a text without special tokens is cut into before byte pairs are merged: what a
    /// check against another tokenizer compares first.
    public List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        TextChunks.forEach(
                text,
                (from, to) -> {
                    PieceSplitter splitter = new PieceSplitter(text, to);
                    for (int start = from; start < to; ) {
                        int end = splitter.next(start);
                        pieces.add(text.substring(start, end));
                        start = end;
                    }
                });
        return pieces;
    }

    /// Cuts a text at the special tokens whose names it holds, in order; the segments' texts are
    /// together the whole text.
    public List<TextSegment> segments(String text) {
        List<TextSegment> segments = new ArrayList<>();
        int from = 0;
        for (SpecialTokens.Match match;
                (match = specialTokens.find(text, from, text.length())) != null;
                from = match.end()) {
            if (match.start() > from) {
                segments.add(
                        new TextSegment(text.substring(from, match.start()), OptionalInt.empty()));
            }
            segments.add(
                    new TextSegment(
                            text.substring(match.start(), match.end()),
                            OptionalInt.of(match.id())));
        }
        if (from < text.length()) {
            segments.add(new TextSegment(text.substring(from), OptionalInt.empty()));
        }
        return segments;
    }

    /// The text of a sequence of tokens; bytes that are no UTF-8 become U+FFFD.
    ///
    /// @param skipSpecial leave special tokens out rather than write their names
    /// @throws IllegalArgumentException if there is no such id
    public String decode(int[] ids, boolean skipSpecial) {
        StreamingDecoder decoder = streamingDecoder(skipSpecial);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            decoder.push(id, text);
        }
        decoder.flush(text);
        return text.toString();
    }

    /// A decoder for one sequence that is being generated.
    public StreamingDecoder streamingDecoder(boolean skipSpecial) {
        return new StreamingDecoder(this, skipSpecial);
    }

    /// The bytes that a token stands for; of a special token, its name.
    ///
    /// @throws IllegalArgumentException if there is no such id
    public byte[] tokenBytes(int id) {
        checkId(id);
        return isSpecial(id)
                ? specialTokens.name(id).getBytes(StandardCharsets.UTF_8)
                : vocabulary.bytes(id);
    }

    public boolean isSpecial(int id) {
        return specialTokens.isSpecial(id);
    }

    /// The id of a special token, by its name.
    public OptionalInt specialId(String name) {
        return specialTokens.id(name);
    }

    /// The names of all special tokens.
    public Set<String> specialNames() {
        return specialTokens.names();
    }

    /// One more than the highest id. The last two reserved ids lie beyond the embedding table of the
    /// model (`vocab_size` of config.json), so ids from untrusted places must be checked against that.
    public int vocabularySize() {
        return specialTokens.endId();
    }

    /// Ordinary tokens have the ids below this, special tokens those from here on.
    public int numBaseTokens() {
        return vocabulary.size();
    }

    /// Ids that end an answer, ascending: `<|im_end|>`, `[EOS]` and `[EOT]` where the tokenizer has
    /// them, and what generation_config.json lists.
    ///
    /// @throws ModelFormatException if generation_config.json lists an id that does not exist
    public Set<Integer> stopIds(GenerationConfig generation) {
        Set<Integer> ids = new TreeSet<>();
        for (String name : STOP_NAMES) {
            specialId(name).ifPresent(ids::add);
        }
        for (int id : generation.eosTokenIds()) {
            if (id >= vocabularySize()) {
                throw new ModelFormatException(
                        "generation_config.json: eos_token_id has %d; want ids from 0 to %d; take all files from one release"
                                .formatted(id, vocabularySize() - 1));
            }
            ids.add(id);
        }
        return ids;
    }

    private void encode(String text, int start, int end, OrdinaryEncoder ordinary, TokenIds ids) {
        int from = start;
        for (SpecialTokens.Match match;
                (match = specialTokens.find(text, from, end)) != null;
                from = match.end()) {
            ordinary.encode(text, from, match.start());
            ids.add(match.id());
        }
        ordinary.encode(text, from, end);
    }

    private void checkId(int id) {
        if (id < 0 || id >= vocabularySize()) {
            throw new IllegalArgumentException(
                    "token id %d; want 0 to %d".formatted(id, vocabularySize() - 1));
        }
    }

    private static byte[] readBytes(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ModelFormatException(
                    "%s: no such file in %s; download the whole checkpoint"
                            .formatted(FILE, file.toAbsolutePath().getParent()));
        }
        try {
            if (Files.size(file) > MAX_FILE_BYTES) {
                throw new ModelFormatException(
                        "%s: %,d bytes; want at most %,d"
                                .formatted(FILE, Files.size(file), MAX_FILE_BYTES));
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ModelFormatException(
                    "%s: cannot be read: %s".formatted(FILE, e.getMessage()), e);
        }
    }
}
