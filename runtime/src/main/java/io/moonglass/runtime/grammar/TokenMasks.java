package io.moonglass.runtime.grammar;

import io.moonglass.engine.TokenMask;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Masks over one tokenizer's vocabulary: which tokens keep an answer in its grammar. One for a model. Safe to use from
/// any thread.
///
/// Masks of states that were met before are kept, up to 64 MiB, for all answers of the same [Grammar]. A state's first
/// visit costs a walk through the vocabulary. Of 163,840 tokens that is less than a tenth of a millisecond in most
/// JSON, one or two milliseconds where a pattern says something of every character, and bounded for any grammar
/// ([MaskWalk]). The first few walks of a process take ten times as long, until they are compiled.
public final class TokenMasks {

    private static final int SHORT_PLAIN = 16; // characters
    private static final long MAX_CACHE_BYTES = 64 << 20;

    private final Tokenizer tokenizer;
    private final int numWords;
    private final Set<Integer> stopTokenIds;
    private final MaskCache cache = new MaskCache(MAX_CACHE_BYTES);

    private final VocabularyTrie all;
    private final VocabularyTrie notPlain;
    private final VocabularyTrie notShortPlain;
    private final long[] plain;
    private final long[] shortPlain;

    /// @param vocabSize    rows of the logits; tokens from there on are never allowed
    /// @param stopTokenIds tokens that end an answer; allowed where the text is a whole sentence
    /// @throws IllegalArgumentException if a single byte has no token below `vocabSize`: then some texts could
    ///     not be written
    public TokenMasks(Tokenizer tokenizer, int vocabSize, Set<Integer> stopTokenIds) {
        this.tokenizer = tokenizer;
        this.numWords = (vocabSize + Long.SIZE - 1) / Long.SIZE;
        this.stopTokenIds =
                Set.copyOf(stopTokenIds.stream().filter(id -> id >= 0 && id < vocabSize).toList());
        this.plain = new long[numWords];
        this.shortPlain = new long[numWords];
        List<VocabularyTrie.Entry> allTokens = new ArrayList<>();
        List<VocabularyTrie.Entry> notPlainTokens = new ArrayList<>();
        List<VocabularyTrie.Entry> notShortPlainTokens = new ArrayList<>();
        int numSingleBytes = 0;
        for (int id = 0; id < Math.min(vocabSize, tokenizer.numBaseTokens()); id++) {
            if (tokenizer.isSpecial(id) || this.stopTokenIds.contains(id)) {
                continue;
            }
            VocabularyTrie.Entry entry = new VocabularyTrie.Entry(id, tokenizer.tokenBytes(id));
            numSingleBytes += entry.bytes().length == 1 ? 1 : 0;
            allTokens.add(entry);
            int length = PlainText.length(entry.bytes());
            if (length < 0) {
                notPlainTokens.add(entry);
            } else {
                plain[id >> 6] |= 1L << id;
            }
            if (length < 0 || length > SHORT_PLAIN) {
                notShortPlainTokens.add(entry);
            } else {
                shortPlain[id >> 6] |= 1L << id;
            }
        }
        if (numSingleBytes != 256) {
            throw new IllegalArgumentException(
                    "of %,d tokens %d are a single byte; want all 256, or some answers could not be written"
                            .formatted(vocabSize, numSingleBytes));
        }
        this.all = new VocabularyTrie(allTokens);
        this.notPlain = new VocabularyTrie(notPlainTokens);
        this.notShortPlain = new VocabularyTrie(notShortPlainTokens);
    }

    /// The mask of one answer, before its first token.
    public TokenMask begin(Grammar grammar) {
        return new GrammarMask(this, grammar.automaton(), grammar.automaton().start());
    }

    byte[] tokenBytes(int tokenId) {
        return tokenizer.tokenBytes(tokenId);
    }

    boolean isStop(int tokenId) {
        return stopTokenIds.contains(tokenId);
    }

    /// Not to be changed.
    long[] allowed(Automaton automaton, State state) {
        long[] mask = cache.get(state);
        if (mask == null) {
            mask = find(automaton, state);
            cache.put(state, mask);
        }
        return mask;
    }

    /// The same, without the cache.
    long[] find(Automaton automaton, State state) {
        long[] mask;
        MaskWalk walk = new MaskWalk(automaton);
        int length = plainLength(automaton, state);
        if (length == Integer.MAX_VALUE) {
            mask = plain.clone();
            walk.allow(state, notPlain, mask);
        } else if (length >= SHORT_PLAIN) {
            mask = shortPlain.clone();
            walk.allow(state, notShortPlain, mask);
        } else {
            mask = new long[numWords];
            walk.allow(state, all, mask);
        }
        if (state.accepting) {
            for (int id : stopTokenIds) {
                mask[id >> 6] |= 1L << id;
            }
        }
        return mask;
    }

    /// How many characters may come that are any plain ones: none, at least [#SHORT_PLAIN], or without end.
    private static int plainLength(Automaton automaton, State state) {
        State at = state;
        for (int length = 0; length < SHORT_PLAIN; length++) {
            State after = PlainText.after(automaton, at);
            if (after.isDead()) {
                return 0;
            }
            if (after == at) {
                return Integer.MAX_VALUE;
            }
            at = after;
        }
        return SHORT_PLAIN;
    }
}
