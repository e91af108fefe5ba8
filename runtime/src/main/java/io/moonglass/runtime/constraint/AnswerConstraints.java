package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Makes masks of what requests ask of their answers: format and tools, tokens that may and words that may not be
/// there, how long a model may think. Only in a conversation does it think first: any other text it goes on with as it
/// is. Safe to use from any thread.
public final class AnswerConstraints {

    private static final System.Logger LOG = System.getLogger(AnswerConstraints.class.getName());

    private final Tokenizer tokenizer;
    private final int vocabSize;
    private final Set<Integer> stopTokenIds;
    private final Optional<ReasoningTokens> reasoning;
    private final FormatGrammars formats;

    /// @param vocabSize    rows of the logits
    /// @param stopTokenIds end an answer wherever a format lets it end
    /// @param reasons      whether the model thinks before it answers
    public AnswerConstraints(
            Tokenizer tokenizer, int vocabSize, Set<Integer> stopTokenIds, boolean reasons) {
        this.tokenizer = tokenizer;
        this.vocabSize = vocabSize;
        this.stopTokenIds = stopTokenIds;
        this.formats = new FormatGrammars(tokenizer, vocabSize, stopTokenIds);
        this.reasoning =
                reasons ? Optional.of(new ReasoningTokens(tokenizer, vocabSize)) : Optional.empty();
    }

    /// Waits for the grammars that must be compiled.
    ///
    /// @param abandoned asked now and then: whether nobody waits any more
    /// @return makes a mask for each answer
    /// @throws java.util.concurrent.CancellationException if the request was abandoned meanwhile
    /// @throws InvalidRequestException if a format is none, or too large
    public Supplier<TokenMask> of(ChatRequest request, BooleanSupplier abandoned) {
        AnswerOptions options = request.answer();
        Supplier<TokenMask> format = formats.of(options.format(), request.tools(), abandoned);
        boolean thinksFirst = request.prompt() instanceof Prompt.Conversation;
        Optional<long[]> allowed = allowedTokens(options.allowedTokenIds());
        List<int[]> badWords = badWords(options.badWords());
        return () -> {
            TokenMask mask = format.get();
            if (allowed.isPresent()) {
                mask = both(mask, new FixedMask(allowed.get()));
            }
            if (!badWords.isEmpty()) {
                mask = both(mask, new BadWordsMask(badWords, vocabSize));
            }
            if (options.ignoreEos() && mask != TokenMask.ALL) {
                mask = new EndlessMask(mask, stopTokenIds);
            }
            return thinksFirst ? thinkingFirst(mask, options.reasoningTokens()) : mask;
        };
    }

    /// Has code compiled before anybody waits for it; does nothing for a model whose answers cannot be held to a form.
    public void warmUp() {
        try {
            formats.warmUp();
        } catch (InvalidRequestException e) {
            LOG.log(System.Logger.Level.WARNING, e.getMessage());
        }
    }

    private TokenMask thinkingFirst(TokenMask answer, OptionalInt most) {
        boolean isFree = answer == TokenMask.ALL && most.isEmpty();
        return reasoning.isEmpty() || isFree
                ? answer
                : new ReasoningMask(reasoning.get(), answer, most);
    }

    private static TokenMask both(TokenMask one, TokenMask other) {
        return one == TokenMask.ALL ? other : new BothMasks(one, other);
    }

    private Optional<long[]> allowedTokens(Set<Integer> ids) {
        if (ids.isEmpty()) {
            return Optional.empty();
        }
        for (int id : ids) {
            if (id < 0 || id >= vocabSize) {
                throw InvalidRequestException.invalidValue(
                        "allowed_token_ids",
                        "allowed_token_ids: there is no token %d; want ids from 0 to %d"
                                .formatted(id, vocabSize - 1));
            }
        }
        long[] allowed = TokenSet.of(vocabSize, ids);
        stopTokenIds.forEach(id -> TokenSet.add(allowed, id));
        return Optional.of(allowed);
    }

    /// A word is other tokens at the beginning of an answer than after a space.
    private List<int[]> badWords(List<String> words) {
        List<int[]> sequences = new ArrayList<>();
        for (String word : words) {
            sequences.add(tokenizer.encodeOrdinary(word));
            if (!word.startsWith(" ")) {
                sequences.add(tokenizer.encodeOrdinary(" " + word));
            }
        }
        sequences.removeIf(sequence -> sequence.length == 0);
        return sequences;
    }
}
