package io.moonglass.server.load;

import io.moonglass.loader.config.ConfigSection;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// One kind of conversation.
///
/// @param weight      how often it comes, beside the other weights of the mix
/// @param numTurns    questions of a conversation
/// @param system      a system message, the same in every conversation
/// @param prompts     the text of each turn; the last one serves for all further turns
/// @param maxTokens   the most tokens of an answer
/// @param ignoreEos   every answer has `maxTokens` tokens
/// @param temperature 0 for the most likely answer
/// @param think       what passes between an answer and the client's next request
/// @param cancelShare the share of requests, 0 to 1, whose client closes the connection at a random stage
/// @param priority    sent as it is; empty for none
/// @param cacheSalt   sent as it is; empty for none
public record Scenario(
        String name,
        double weight,
        int numTurns,
        Optional<PromptText> system,
        List<PromptText> prompts,
        List<PictureSet> pictures,
        int maxTokens,
        boolean ignoreEos,
        double temperature,
        ThinkTime think,
        double cancelShare,
        OptionalInt priority,
        Optional<String> cacheSalt) {

    private static final int DEFAULT_MAX_TOKENS = 128;

    public Scenario {
        prompts = List.copyOf(prompts);
        pictures = List.copyOf(pictures);
    }

    /// @param folder where the files of pictures are looked for
    static Scenario from(ConfigSection section, Path folder) {
        KnownKeys.check(
                section,
                "name",
                "weight",
                "turns",
                "system",
                "prompts",
                "pictures",
                "max_tokens",
                "ignore_eos",
                "temperature",
                "think",
                "cancel",
                "priority",
                "cache_salt");
        List<PromptText> prompts =
                section.sections("prompts").stream().map(PromptText::from).toList();
        if (prompts.isEmpty()) {
            throw section.wrong("prompts", "a list of at least one text");
        }
        double cancelShare = section.nonNegativeNumber("cancel", 0);
        if (cancelShare > 1) {
            throw section.wrong("cancel", "a number from 0 to 1");
        }
        return new Scenario(
                section.string("name"),
                section.positiveNumber("weight", 1),
                section.positiveInt("turns", 1),
                section.optionalSection("system").map(PromptText::from),
                prompts,
                section.sections("pictures").stream()
                        .map(set -> PictureSet.from(set, folder))
                        .toList(),
                section.positiveInt("max_tokens", DEFAULT_MAX_TOKENS),
                section.bool("ignore_eos", false),
                section.nonNegativeNumber("temperature", 0),
                section.optionalSection("think").map(ThinkTime::from).orElse(ThinkTime.NONE),
                cancelShare,
                section.has("priority") ? OptionalInt.of(priority(section)) : OptionalInt.empty(),
                section.has("cache_salt")
                        ? Optional.of(section.string("cache_salt"))
                        : Optional.empty());
    }

    /// The text of a turn, counted from 0.
    PromptText prompt(int turn) {
        return prompts.get(Math.min(turn, prompts.size() - 1));
    }

    private static int priority(ConfigSection section) {
        List<Integer> numbers =
                section.isList("priority") ? List.of() : section.intOrInts("priority");
        if (numbers.size() != 1) {
            throw section.wrong("priority", "an integer");
        }
        return numbers.getFirst();
    }
}
