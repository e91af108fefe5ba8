package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// An answer of `POST /v1/vqa`.
///
/// @param reasoning    what a thinking model wrote before the answer; null if nothing
/// @param finishReason `stop` or `length`
/// @param images       the pictures as the model saw them; null if there are none
/// @param videos       the videos as the model saw them; null if there are none
@JsonNaming(SnakeCaseStrategy.class)
public record VqaAnswer(
        String answer,
        @JsonInclude(JsonInclude.Include.NON_NULL) String reasoning,
        String finishReason,
        String model,
        Usage usage,
        @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenImage> images,
        @JsonInclude(JsonInclude.Include.NON_NULL) List<SeenVideo> videos) {}
