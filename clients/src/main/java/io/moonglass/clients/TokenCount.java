package io.moonglass.clients;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// What a request would cost, without asking the model.
///
/// @param promptTokens exactly the `usage.prompt_tokens` that the request would have
/// @param imageTokens  of these, what stands for pictures
/// @param videoTokens  of these, what stands for frames of videos
/// @param maxModelLen  most tokens that prompt and answer may have together
/// @param images       the pictures as the model would see them; null if there are none
/// @param videos       the videos as the model would see them; null if there are none
@JsonNaming(SnakeCaseStrategy.class)
public record TokenCount(
        int promptTokens,
        int imageTokens,
        int videoTokens,
        int maxModelLen,
        List<SeenImage> images,
        List<SeenVideo> videos) {}
