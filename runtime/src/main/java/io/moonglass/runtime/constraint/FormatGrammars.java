package io.moonglass.runtime.constraint;

import io.moonglass.engine.TokenMask;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ToolUse;
import java.util.function.Supplier;

/// Grammars of formats and of calls of tools.
final class FormatGrammars {

    Supplier<TokenMask> of(AnswerFormat format, ToolUse tools) {
        if (format instanceof AnswerFormat.FreeText && !tools.isOffered()) {
            return () -> TokenMask.ALL;
        }
        throw new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_FEATURE, null, "grammars are not there");
    }
}
