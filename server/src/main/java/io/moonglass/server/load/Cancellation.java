package io.moonglass.server.load;

import java.util.random.RandomGenerator;

/// When a client closes its connection before the answer is complete. Half of the time it is while the client waits for
/// the first text, and half of the time amid the text.
sealed interface Cancellation {

    /// After this share of the time that the first text of the scenario usually takes.
    record BeforeText(double share) implements Cancellation {}

    /// After so many pieces of text; an answer that has fewer is read to its end.
    record AmidText(int numPieces) implements Cancellation {}

    /// @param maxTokens the most tokens of the answer
    static Cancellation draw(RandomGenerator random, int maxTokens) {
        boolean beforeText = random.nextBoolean();
        double share = random.nextDouble();
        return beforeText ? new BeforeText(share) : new AmidText(1 + (int) (share * maxTokens));
    }
}
