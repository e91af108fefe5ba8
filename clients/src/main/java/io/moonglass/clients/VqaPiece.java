package io.moonglass.clients;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// One piece of a streamed answer of `POST /v1/vqa`. The last one has the usage, and no text.
///
/// @param delta        more of the answer; null in other pieces
/// @param reasoning    more of what a thinking model writes before it; null in other pieces
/// @param finishReason null but in the last piece, as all that follows
@JsonNaming(SnakeCaseStrategy.class)
public record VqaPiece(
        String delta,
        String reasoning,
        String finishReason,
        String model,
        Usage usage,
        List<SeenImage> images,
        List<SeenVideo> videos) {

    /// The piece of the answer's text, empty if there is none.
    public String text() {
        return delta == null ? "" : delta;
    }
}
