package io.moonglass.server.load;

import io.moonglass.clients.ContentPart;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// All that a client will say in one conversation.
///
/// @param scenario its index in the mix
record ConversationPlan(int scenario, Optional<String> system, List<Turn> turns) {

    /// One question.
    ///
    /// @param think        what passes before it, unless it is the client's first
    /// @param seed         for answers that are sampled
    /// @param cancellation empty if the client reads the answer to its end
    record Turn(
            List<ContentPart> pictures,
            String text,
            Duration think,
            long seed,
            Optional<Cancellation> cancellation) {}
}
