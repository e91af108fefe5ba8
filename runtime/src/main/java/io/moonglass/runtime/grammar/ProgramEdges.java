package io.moonglass.runtime.grammar;

/// Positions and edges of all rules as [ProgramBuilder] makes them.
final class ProgramEdges {

    int numPositions;

    /// Labels are `low << 8 | high`.
    final EdgeList byteEdges = new EdgeList();

    /// Steps that read nothing.
    final EdgeList epsilons = new EdgeList();

    /// Labels are the rules called, ends the positions to come back to.
    final EdgeList calls = new EdgeList();

    /// Where a whole answer ends: a position of no rule.
    int acceptPosition;

    /// By rule: where it begins.
    final IntList entries = new IntList();

    /// By rule: where it ends.
    final IntList finals = new IntList();
}
