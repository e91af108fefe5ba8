package io.moonglass.runtime.grammar;

import java.time.Duration;

/// How much one grammar may take. What goes beyond is refused as the caller's fault.
///
/// @param maxTextLength  of what the caller sent, in UTF-16 units
/// @param maxNesting     levels of a schema's JSON, or of a pattern's groups
/// @param maxRules       rules of a grammar, those that the compiler adds among them
/// @param maxPositions   places between two bytes in all rules together, about 40 bytes of memory each
/// @param maxChoices     values of an `enum`, texts of a choice, branches of an `anyOf`
/// @param maxRepetitions highest count of a repetition, `minLength` or `minItems`. Upper bounds of a schema
///     beyond it are lowered to it: what is generated is valid all the same
/// @param maxStackDepth  rules inside each other while an answer is generated: about two for a level of JSON
/// @param compileTime    of one grammar
public record GrammarLimits(
        int maxTextLength,
        int maxNesting,
        int maxRules,
        int maxPositions,
        int maxChoices,
        int maxRepetitions,
        int maxStackDepth,
        Duration compileTime) {

    public GrammarLimits {
        int least =
                Math.min(
                        Math.min(
                                Math.min(maxTextLength, maxNesting),
                                Math.min(maxRules, maxPositions)),
                        Math.min(Math.min(maxChoices, maxRepetitions), maxStackDepth));
        if (least < 1 || compileTime.isNegative() || compileTime.isZero()) {
            throw new IllegalArgumentException(
                    "grammar limits: the least is %d, the time %s; want positive ones"
                            .formatted(least, compileTime));
        }
    }

    /// What suits a server that anybody may send grammars to.
    public static GrammarLimits standard() {
        return new GrammarLimits(
                64 << 10, 200, 20_000, 250_000, 10_000, 16_384, 256, Duration.ofSeconds(2));
    }
}
