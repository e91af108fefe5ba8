package io.moonglass.runtime.wire;

import io.moonglass.clients.SeenImage;
import io.moonglass.clients.SeenVideo;
import io.moonglass.clients.Usage;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import java.util.List;

/// What requests cost, as OpenAI's dialects tell it.
public final class UsageRecord {

    private UsageRecord() {}

    public static Usage of(io.moonglass.runtime.Usage usage) {
        return new Usage(
                usage.promptTokens(),
                usage.completionTokens(),
                usage.totalTokens(),
                new Usage.PromptTokensDetails(
                        usage.cachedTokens(), usage.imageTokens(), usage.videoTokens()),
                new Usage.CompletionTokensDetails(usage.reasoningTokens()));
    }

    public static Usage ofAll(List<Finished> ends) {
        return of(together(ends));
    }

    /// The prompt is one for all answers. What was found of it in the cache is what the first answer
    /// found, the least: the others may find what the first has just computed.
    public static io.moonglass.runtime.Usage together(List<Finished> ends) {
        return ends.stream()
                .map(Finished::usage)
                .reduce((one, other) ->
                        new io.moonglass.runtime.Usage(
                                one.promptTokens(),
                                one.imageTokens(),
                                one.videoTokens(),
                                Math.min(one.cachedTokens(), other.cachedTokens()),
                                one.completionTokens() + other.completionTokens(),
                                one.reasoningTokens() + other.reasoningTokens()))
                .orElseThrow();
    }

    /// Null where there is no picture.
    public static List<SeenImage> images(PromptSize prompt) {
        return prompt.pictures().isEmpty()
                ? null
                : prompt.pictures().stream()
                        .map(picture ->
                                new SeenImage(picture.width(), picture.height(), picture.tokens()))
                        .toList();
    }

    private static double toMillis(double seconds) {
        return Math.round(seconds * 1_000) / 1_000.0;
    }

    /// Null where there is no video.
    public static List<SeenVideo> videos(PromptSize prompt) {
        return prompt.videos().isEmpty()
                ? null
                : prompt.videos().stream()
                        .map(video ->
                                new SeenVideo(
                                        video.width(),
                                        video.height(),
                                        video.tokens(),
                                        video.seconds().stream()
                                                .map(UsageRecord::toMillis)
                                                .toList()))
                        .toList();
    }
}
