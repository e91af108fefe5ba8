package io.moonglass.runtime;

import io.moonglass.engine.SamplingParameters;
import io.moonglass.engine.Scoring;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;

/// How an answer is chosen, what it may be, and what ends it.
///
/// @param sampling          how tokens are drawn
/// @param format            what the answer must look like; the reasoning before it is free
/// @param maxTokens         the most tokens to generate, 0 for none at all; empty for as many as the context holds
/// @param reasoningTokens   the most tokens of reasoning, which is closed then; empty for no limit of its own
/// @param stop              texts that end the answer and are not part of it
/// @param stopTokenIds      tokens that end it, besides the model's own
/// @param allowedTokenIds   the only tokens that it may consist of; empty for all
/// @param badWords          texts that must not occur in it as the tokenizer spells them, alone or after a space
/// @param ignoreEos         go on past the model's stop tokens
/// @param skipSpecialTokens leave special tokens out of the text (they are always in the token ids)
/// @param scoring           what is to be told besides text
public record AnswerOptions(
        SamplingParameters sampling,
        AnswerFormat format,
        OptionalInt maxTokens,
        OptionalInt reasoningTokens,
        List<String> stop,
        Set<Integer> stopTokenIds,
        Set<Integer> allowedTokenIds,
        List<String> badWords,
        boolean ignoreEos,
        boolean skipSpecialTokens,
        Scoring scoring) {

    public AnswerOptions {
        stop = List.copyOf(stop);
        stopTokenIds = Set.copyOf(stopTokenIds);
        allowedTokenIds = Set.copyOf(allowedTokenIds);
        badWords = List.copyOf(badWords);
    }

    /// Text that goes on until the model ends it.
    public static AnswerOptions of(SamplingParameters sampling) {
        return new Builder(sampling).build();
    }

    /// The same with some of it changed.
    public AnswerOptions with(UnaryOperator<Builder> change) {
        return change.apply(new Builder(this)).build();
    }

    /// Collects what differs from free text without any limits.
    public static final class Builder {
        private SamplingParameters sampling;
        private AnswerFormat format = new AnswerFormat.FreeText();
        private OptionalInt maxTokens = OptionalInt.empty();
        private OptionalInt reasoningTokens = OptionalInt.empty();
        private List<String> stop = List.of();
        private Set<Integer> stopTokenIds = Set.of();
        private Set<Integer> allowedTokenIds = Set.of();
        private List<String> badWords = List.of();
        private boolean ignoreEos;
        private boolean skipSpecialTokens = true;
        private Scoring scoring = Scoring.NONE;

        public Builder(SamplingParameters sampling) {
            this.sampling = sampling;
        }

        private Builder(AnswerOptions options) {
            sampling = options.sampling;
            format = options.format;
            maxTokens = options.maxTokens;
            reasoningTokens = options.reasoningTokens;
            stop = options.stop;
            stopTokenIds = options.stopTokenIds;
            allowedTokenIds = options.allowedTokenIds;
            badWords = options.badWords;
            ignoreEos = options.ignoreEos;
            skipSpecialTokens = options.skipSpecialTokens;
            scoring = options.scoring;
        }

        public Builder sampling(SamplingParameters value) {
            sampling = value;
            return this;
        }

        public Builder format(AnswerFormat value) {
            format = value;
            return this;
        }

        public Builder maxTokens(OptionalInt value) {
            maxTokens = value;
            return this;
        }

        public Builder reasoningTokens(OptionalInt value) {
            reasoningTokens = value;
            return this;
        }

        public Builder stop(List<String> value) {
            stop = value;
            return this;
        }

        public Builder stopTokenIds(Set<Integer> value) {
            stopTokenIds = value;
            return this;
        }

        public Builder allowedTokenIds(Set<Integer> value) {
            allowedTokenIds = value;
            return this;
        }

        public Builder badWords(List<String> value) {
            badWords = value;
            return this;
        }

        public Builder ignoreEos(boolean value) {
            ignoreEos = value;
            return this;
        }

        public Builder skipSpecialTokens(boolean value) {
            skipSpecialTokens = value;
            return this;
        }

        public Builder scoring(Scoring value) {
            scoring = value;
            return this;
        }

        public AnswerOptions build() {
            return new AnswerOptions(
                    sampling,
                    format,
                    maxTokens,
                    reasoningTokens,
                    stop,
                    stopTokenIds,
                    allowedTokenIds,
                    badWords,
                    ignoreEos,
                    skipSpecialTokens,
                    scoring);
        }
    }
}
