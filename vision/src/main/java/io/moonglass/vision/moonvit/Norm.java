package io.moonglass.vision.moonvit;

/// Gain and shift of a layer normalisation.
///
/// @param weight `[size]`
/// @param bias   `[size]`
record Norm(float[] weight, float[] bias) {}
