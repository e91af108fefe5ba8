package io.moonglass.runtime.answer;

import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// How the text of an answer is read.
///
/// @param stopTokenIds      tokens that end the answer and are no text of it
/// @param stops             texts that end the answer; they end neither reasoning nor calls of tools
/// @param toolNames         of the tools that may be called; empty where everything is text
/// @param manyCalls         whether an answer goes on after a call
/// @param skipSpecialTokens leave special tokens out of the text
public record AnswerShape(
        Set<Integer> stopTokenIds,
        List<String> stops,
        Set<String> toolNames,
        boolean manyCalls,
        boolean skipSpecialTokens) {

    public static AnswerShape of(AnswerOptions options, ToolUse tools, Set<Integer> stopTokenIds) {
        return new AnswerShape(
                stopTokenIds,
                options.stop(),
                tools.isOffered()
                        ? tools.tools().stream().map(Tool::name).collect(Collectors.toSet())
                        : Set.of(),
                tools.parallel(),
                options.skipSpecialTokens());
    }
}
