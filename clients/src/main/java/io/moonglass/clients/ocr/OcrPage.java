package io.moonglass.clients.ocr;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.clients.ErrorBody;
import io.moonglass.clients.Usage;

/// What was read of one page.
///
/// @param page         its number, from 1
/// @param text         in the wanted format; null if the page could not be read
/// @param finishReason `stop`, or `length` if the text was cut at the token limit; null if it could not be read
/// @param dimensions   null if the page could not be opened
/// @param tiles        how many pieces the page was read in
/// @param usage        null if the page could not be read
/// @param error        why the page could not be read; null if it was
@JsonNaming(SnakeCaseStrategy.class)
public record OcrPage(
        int page,
        @JsonAlias("markdown") String text,
        String finishReason,
        Dimensions dimensions,
        int tiles,
        Usage usage,
        ErrorBody.Detail error) {

    /// @param width  pixels as drawn
    /// @param height the same
    /// @param dpi    null for pictures
    public record Dimensions(int width, int height, Double dpi) {}
}
