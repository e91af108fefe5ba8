package io.moonglass.runtime.grammar;

/// A grammar as positions and edges: a recursive transition network over bytes, without positions from which
/// no sentence can be completed. Read by [Closure] alone. Immutable by convention: its arrays are shared.
///
/// Of position `p`, edges over bytes are `byteStarts[p]` to `byteStarts[p + 1]`, and so on.
///
/// Source: Woods 1970, "Transition Network Grammars for Natural Language Analysis".
///
/// @param byteLows     lowest byte of an edge
/// @param byteHighs    highest one, inclusive
/// @param callReturns  where a caller goes on
/// @param isFinal      whether a rule may end here
/// @param isTail       whether a rule can only end here
/// @param depthNeeded  by position: how many rules inside each other it takes at least to get to its rule's end
/// @param acceptPosition where a whole answer ends
/// @param entries      by rule: where it begins
/// @param isNullable   by rule: whether it may be the empty text
/// @param ranks        by rule: a rule that can begin with another has a lower rank than that one
/// @param byteClasses  by byte: bytes of one class are read by the same edges everywhere
/// @param representatives by class: one of its bytes
record Program(
        int[] byteStarts,
        int[] byteLows,
        int[] byteHighs,
        int[] byteTargets,
        int[] epsilonStarts,
        int[] epsilonTargets,
        int[] callStarts,
        int[] callRules,
        int[] callReturns,
        boolean[] isFinal,
        boolean[] isTail,
        int[] depthNeeded,
        int acceptPosition,
        int[] entries,
        boolean[] isNullable,
        int[] ranks,
        int[] byteClasses,
        int[] representatives) {

    int numClasses() {
        return representatives.length;
    }

    int numPositions() {
        return isFinal.length;
    }
}
