package io.moonglass.runtime.wire;

import io.moonglass.runtime.GenerationEvent.Finished;

/// Why an answer ended, as OpenAI's dialects tell it.
public final class FinishReasonRecord {

    private FinishReasonRecord() {}

    /// @throws IllegalArgumentException if it was cancelled, which no answer tells
    public static String of(Finished end) {
        return of(end, false, false);
    }

    /// @param calls      whether the answer calls tools
    /// @param asFunction whether the request named them in the older way
    static String of(Finished end, boolean calls, boolean asFunction) {
        return switch (end.reason()) {
            case STOP -> calls ? asFunction ? "function_call" : "tool_calls" : "stop";
            case LENGTH -> "length";
            case CANCELLED -> throw new IllegalArgumentException("a cancelled answer has no end");
        };
    }
}
