package io.moonglass.engine;

/// Consecutive tokens of one sequence in a step: rows `[firstRow, firstRow + numTokens)` of the step
/// stand at positions `firstPosition` and on.
///
/// @param form prompt tokens always attend in the expanded form and generated ones always in the
///             absorbed form, in a replay too: so a token's numbers never depend on how steps were cut
record Chunk(BlockTable blocks, int firstRow, int firstPosition, int numTokens, Form form) {

    enum Form {
        /// Latents are expanded to keys and values per head: least arithmetic for many queries.
        EXPANDED,
        /// Queries are taken to the latents: least memory traffic for one query.
        ABSORBED
    }

    /// Tokens the sequence has in the cache after this step.
    int end() {
        return firstPosition + numTokens;
    }
}
