package io.moonglass.loader.gguf;

/// The keys of how a model's publisher samples from it, as ggml spells them.
///
/// Source: `gguf-py/gguf/constants.py` of llama.cpp, `Keys.General`.
final class SamplingKeys {

    static final String TEMPERATURE = "general.sampling.temp";
    static final String TOP_P = "general.sampling.top_p";
    static final String TOP_K = "general.sampling.top_k";
    static final String PENALTY = "general.sampling.penalty_repeat";

    /// How many tokens before it a token is held against: -1 for all, 0 for no penalty.
    static final String PENALTY_REACH = "general.sampling.penalty_last_n";

    private SamplingKeys() {}
}
