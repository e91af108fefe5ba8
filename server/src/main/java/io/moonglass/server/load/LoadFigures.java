package io.moonglass.server.load;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.Map;

/// What was measured of a scenario, or of all of them. Percentiles are null where nothing was measured; tokens and times are
/// those of answered requests.
///
/// @param requests                that were answered, failed or were cancelled
/// @param errors                  that failed, those that were turned away too often included
/// @param cancelled               whose client closed the connection, as the mix asks for
/// @param rejected                sendings that got 429; their requests were sent again
/// @param unfinished              requests that the end of the run cut off
/// @param cachedShare             cached tokens of each prompt token, 0 to 1
/// @param ttftSeconds             from the sending to the first piece of text
/// @param firstTurnTtftSeconds    of these, those of questions without a history
/// @param laterTurnTtftSeconds    of these, those of all other questions
/// @param interTokenSeconds       from a piece of text to the next of the same answer; a piece may hold several tokens
/// @param secondsPerOutputToken   of each answer: from the first piece of text to the end, by its tokens after the first
/// @param endToEndSeconds         from the sending to the end of the answer
/// @param errorKinds              by status and code
@JsonNaming(SnakeCaseStrategy.class)
public record LoadFigures(
        long requests,
        long answered,
        long errors,
        long cancelled,
        long rejected,
        long unfinished,
        long promptTokens,
        long imageTokens,
        long cachedTokens,
        double cachedShare,
        long outputTokens,
        double promptTokensPerSecond,
        double outputTokensPerSecond,
        Percentiles ttftSeconds,
        Percentiles firstTurnTtftSeconds,
        Percentiles laterTurnTtftSeconds,
        Percentiles interTokenSeconds,
        Percentiles secondsPerOutputToken,
        Percentiles endToEndSeconds,
        Map<String, ErrorCount> errorKinds) {}
