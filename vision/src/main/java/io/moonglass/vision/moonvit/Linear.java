package io.moonglass.vision.moonvit;

import io.moonglass.tensor.Weight;

/// `y = x Wᵀ + b`.
///
/// @param weight `[out, in]`
/// @param bias   `[out]`
record Linear(Weight weight, float[] bias) {}
