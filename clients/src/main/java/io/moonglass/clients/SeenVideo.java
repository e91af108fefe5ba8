package io.moonglass.clients;

import java.util.List;

/// A video as the model saw it.
///
/// @param width   pixels of each frame after it was shrunk
/// @param height  the same
/// @param tokens  of the prompt that stand for all frames
/// @param seconds when each frame is on screen, from the video's beginning
public record SeenVideo(int width, int height, int tokens, List<Double> seconds) {

    public SeenVideo {
        seconds = List.copyOf(seconds);
    }
}
