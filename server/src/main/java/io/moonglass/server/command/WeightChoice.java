package io.moonglass.server.command;

import io.moonglass.loader.pack.WeightFormat;

/// What a model is computed from.
sealed interface WeightChoice {

    /// The numbers that lie in its folder.
    record Stored() implements WeightChoice {}

    /// Numbers that are packed first.
    record Packed(WeightFormat format) implements WeightChoice {}
}
