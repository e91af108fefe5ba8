package io.moonglass.runtime;

import java.util.List;

/// What a prompt amounts to.
///
/// @param tokens      all of them, pictures included
/// @param imageTokens of these, the ones that stand for pictures
/// @param pictures    the pictures, in the prompt's order
public record PromptSize(int tokens, int imageTokens, List<Picture> pictures) {

    public PromptSize {
        pictures = List.copyOf(pictures);
    }

    /// Several prompts as one.
    public static PromptSize together(List<PromptSize> sizes) {
        return new PromptSize(
                sizes.stream().mapToInt(PromptSize::tokens).sum(),
                sizes.stream().mapToInt(PromptSize::imageTokens).sum(),
                sizes.stream().flatMap(size -> size.pictures().stream()).toList());
    }

    /// A picture as the model sees it.
    ///
    /// @param width  pixels after fitting, without padding
    /// @param height the same
    public record Picture(int width, int height, int tokens) {}
}
