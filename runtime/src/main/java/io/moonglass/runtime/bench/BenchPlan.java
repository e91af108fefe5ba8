package io.moonglass.runtime.bench;

import java.util.List;
import java.util.Set;

/// What is measured.
///
/// @param parts   the kinds of measurement
/// @param prompts lengths of prompts, in tokens
/// @param depths  tokens in the cache before a token is generated
/// @param sizes   sides of pictures, in pixels
/// @param streams sequences that generate together
public record BenchPlan(
        Set<Part> parts,
        List<Integer> prompts,
        List<Integer> depths,
        List<Integer> sizes,
        List<Integer> streams) {

    /// A kind of measurement.
    public enum Part {
        PROMPT,
        DECODE,
        PICTURE,
        LOAD
    }
}
