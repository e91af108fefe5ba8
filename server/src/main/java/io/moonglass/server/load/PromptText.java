package io.moonglass.server.load;

import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.fault.ConfigException;
import java.util.List;
import java.util.random.RandomGenerator;

/// What a message says.
sealed interface PromptText {

    /// The text, new for every generator.
    String text(RandomGenerator random);

    static PromptText from(ConfigSection section) {
        KnownKeys.check(section, "text", "tokens");
        if (section.has("text") == section.has("tokens")) {
            throw new ConfigException(
                    "%s: want either a text or a number of tokens".formatted(section.where()));
        }
        return section.has("text")
                ? new Written(section.string("text"))
                : new Filler(section.positiveInt("tokens"));
    }

    /// The same words always.
    record Written(String text) implements PromptText {

        @Override
        public String text(RandomGenerator random) {
            return text;
        }
    }

    /// Random words, each of which is one token for the demo model's tokenizer and, being short and common, for
    /// those of large models.
    record Filler(int numTokens) implements PromptText {

        private static final List<String> WORDS =
                List.of(
                        "the",
                        "shape",
                        "is",
                        "a",
                        "in",
                        "many",
                        "you",
                        "see",
                        "of",
                        "image",
                        "are",
                        "there",
                        "cross",
                        "star",
                        "this",
                        "square",
                        "on",
                        "circle",
                        "or",
                        "know",
                        "color",
                        "it",
                        "does",
                        "yellow",
                        "green",
                        "and",
                        "red",
                        "blue",
                        "orange",
                        "brown",
                        "one",
                        "to",
                        "black",
                        "object",
                        "have",
                        "right",
                        "show",
                        "left",
                        "white",
                        "can",
                        "grey",
                        "background",
                        "here",
                        "what",
                        "call",
                        "big",
                        "second",
                        "first",
                        "same",
                        "changed",
                        "pictures",
                        "which",
                        "shown",
                        "any",
                        "both",
                        "more",
                        "answer",
                        "number",
                        "direct",
                        "happens",
                        "than",
                        "two",
                        "changes",
                        "else",
                        "nothing",
                        "all",
                        "figure",
                        "stars",
                        "larger",
                        "far",
                        "way",
                        "how",
                        "position",
                        "moves",
                        "tools",
                        "line",
                        "has",
                        "figures",
                        "part",
                        "top",
                        "things",
                        "short",
                        "name",
                        "look",
                        "at",
                        "from",
                        "with",
                        "below",
                        "moving",
                        "bottom",
                        "up",
                        "text",
                        "scene",
                        "describe",
                        "was");

        @Override
        public String text(RandomGenerator random) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < numTokens; i++) {
                text.append(i == 0 ? "" : " ").append(WORDS.get(random.nextInt(WORDS.size())));
            }
            return text.toString();
        }
    }
}
