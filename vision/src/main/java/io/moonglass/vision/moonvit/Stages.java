package io.moonglass.vision.moonvit;

import io.moonglass.tensor.FloatMatrix;

/// Sees what is computed on the way, under the names of recorded outputs.
@FunctionalInterface
interface Stages {

    Stages UNSEEN = (_, _) -> {};

    /// @param values as they are now; they change afterwards
    void at(String name, FloatMatrix values);
}
