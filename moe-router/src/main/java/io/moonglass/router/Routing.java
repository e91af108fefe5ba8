package io.moonglass.router;

import io.moonglass.tensor.FloatMatrix;

/// Which experts a step's tokens go to: for every token, `numChosen` experts and their weights, the
/// best first.
///
/// @param numTokens rows of the step
/// @param numChosen experts per token
/// @param experts   `[numTokens * numChosen]` expert numbers
/// @param weights   `[numTokens * numChosen]` what each chosen expert's output is multiplied by
/// @param scores    `[numTokens, numExperts]` sigmoid of the gate, before any bias; lives as long as
///                  the step's workspace frame
public record Routing(
        int numTokens, int numChosen, int[] experts, float[] weights, FloatMatrix scores) {}
