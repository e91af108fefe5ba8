package io.moonglass.runtime.prompt;

import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.media.ImageInput;
import java.util.List;

/// A prompt as token ids, and the pictures that some of them stand for. Nothing is decoded yet.
///
/// @param tokenIds `[numTokens]`, a placeholder for every row of every picture
/// @param images   in the prompt's order
public record ComposedPrompt(int[] tokenIds, List<ImageInput> images) {

    public ComposedPrompt {
        images = List.copyOf(images);
    }

    public int numTokens() {
        return tokenIds.length;
    }

    /// Pixels of all pictures, as fitted.
    public long fittedPixels() {
        return images.stream().mapToLong(ImageInput::fittedPixels).sum();
    }

    public PromptSize size() {
        return new PromptSize(
                tokenIds.length,
                images.stream().mapToInt(ImageInput::numTokens).sum(),
                images.stream().map(ComposedPrompt::picture).toList());
    }

    private static PromptSize.Picture picture(ImageInput image) {
        return new PromptSize.Picture(
                image.size().shrunkWidth(), image.size().shrunkHeight(), image.numTokens());
    }
}
