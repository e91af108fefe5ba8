package io.moonglass.loader.pack;

/// What a model is computed from.
public sealed interface WeightChoice {

    /// What suits the model's size and the machine's memory: the stored numbers up to 1 GiB of weights, above it 8 bits, or 4
    /// where 8 would take more than half of the memory.
    record Suitable() implements WeightChoice {}

    /// The numbers that lie in its folder.
    record Stored() implements WeightChoice {}

    /// Numbers that are packed first.
    record Packed(WeightFormat format) implements WeightChoice {}
}
