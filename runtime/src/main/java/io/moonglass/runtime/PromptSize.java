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

    /// A picture as the model sees it.
    ///
    /// @param width  pixels after fitting, without padding
    /// @param height the same
    public record Picture(int width, int height, int tokens) {}
}
