package io.moonglass.runtime.grammar;

import java.math.BigDecimal;

/// Which numbers are meant.
///
/// @param multipleOf null for no condition; else its digits without the point are a small number
record NumberRange(
        BigDecimal low,
        boolean lowExcluded,
        BigDecimal high,
        boolean highExcluded,
        BigDecimal multipleOf,
        boolean isInteger) {}
