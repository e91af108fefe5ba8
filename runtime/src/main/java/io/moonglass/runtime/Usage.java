package io.moonglass.runtime;

/// What a request cost, in tokens.
///
/// @param promptTokens     all tokens of the prompt, pictures included
/// @param imageTokens      of these, the ones that stand for pictures
/// @param videoTokens      and the ones that stand for frames of videos
/// @param cachedTokens     of the prompt's, the ones that an earlier prompt had computed
/// @param completionTokens generated tokens, reasoning and the stop token included
/// @param reasoningTokens  of these, the ones inside thinking markers
public record Usage(
        int promptTokens,
        int imageTokens,
        int videoTokens,
        int cachedTokens,
        int completionTokens,
        int reasoningTokens) {

    /// Of nothing.
    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, 0);

    public int totalTokens() {
        return promptTokens + completionTokens;
    }

    /// This and another request's together.
    public Usage plus(Usage other) {
        return new Usage(
                promptTokens + other.promptTokens,
                imageTokens + other.imageTokens,
                videoTokens + other.videoTokens,
                cachedTokens + other.cachedTokens,
                completionTokens + other.completionTokens,
                reasoningTokens + other.reasoningTokens);
    }
}
