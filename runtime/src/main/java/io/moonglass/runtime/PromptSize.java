package io.moonglass.runtime;

import java.util.List;

/// What a prompt amounts to.
///
/// @param tokens      all of them, pictures included
/// @param imageTokens of these, the ones that stand for pictures and pages
/// @param videoTokens and the ones that stand for frames of videos
/// @param pictures    the pictures and pages, in the prompt's order
/// @param videos      the videos, the same
public record PromptSize(
        int tokens, int imageTokens, int videoTokens, List<Picture> pictures, List<Video> videos) {

    public PromptSize {
        pictures = List.copyOf(pictures);
        videos = List.copyOf(videos);
    }

    /// Of a prompt of text alone.
    public static PromptSize ofText(int tokens) {
        return new PromptSize(tokens, 0, 0, List.of(), List.of());
    }

    /// Several prompts as one.
    public static PromptSize together(List<PromptSize> sizes) {
        return new PromptSize(
                sizes.stream().mapToInt(PromptSize::tokens).sum(),
                sizes.stream().mapToInt(PromptSize::imageTokens).sum(),
                sizes.stream().mapToInt(PromptSize::videoTokens).sum(),
                sizes.stream().flatMap(size -> size.pictures().stream()).toList(),
                sizes.stream().flatMap(size -> size.videos().stream()).toList());
    }

    /// A picture as the model sees it.
    ///
    /// @param width  pixels after fitting, without padding
    /// @param height the same
    public record Picture(int width, int height, int tokens) {}

    /// A video as the model sees it.
    ///
    /// @param width   of each frame, as of a [Picture]
    /// @param tokens  of all frames
    /// @param seconds when each frame is on screen, counted from the video's beginning
    public record Video(int width, int height, int tokens, List<Double> seconds) {

        public Video {
            seconds = List.copyOf(seconds);
        }
    }
}
