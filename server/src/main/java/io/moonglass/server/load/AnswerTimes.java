package io.moonglass.server.load;

import java.util.List;

/// When an answer came, in seconds.
///
/// @param firstText     from the sending of the request to the first piece of text (or to the end of an answer without any)
/// @param betweenPieces from each piece of text to the next; a piece may hold several tokens
/// @param whole         from the sending to the end of the stream
record AnswerTimes(double firstText, List<Double> betweenPieces, double whole) {

    AnswerTimes {
        betweenPieces = List.copyOf(betweenPieces);
    }
}
