package io.moonglass.runtime.prompt;

import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.media.ImageInput;
import io.moonglass.runtime.media.TakenMedia;
import io.moonglass.runtime.media.TakenPart;
import java.util.List;
import java.util.Optional;

/// A prompt as token ids, and the pictures that some of them stand for. Nothing is decoded yet. To be closed when the
/// pictures are encoded, or given up.
///
/// @param tokenIds `[numTokens]`, a placeholder for every row of every picture
/// @param media    in the prompt's order
public record ComposedPrompt(int[] tokenIds, TakenMedia media) implements AutoCloseable {

    /// A prompt of text alone.
    static ComposedPrompt ofText(int[] tokenIds) {
        return new ComposedPrompt(tokenIds, TakenMedia.NONE);
    }

    public int numTokens() {
        return tokenIds.length;
    }

    /// All pictures, pages and frames.
    public List<ImageInput> images() {
        return media.images();
    }

    /// Pixels of all pictures, as fitted.
    public long fittedPixels() {
        return images().stream().mapToLong(ImageInput::fittedPixels).sum();
    }

    public PromptSize size() {
        return new PromptSize(
                tokenIds.length,
                numTokens(false),
                numTokens(true),
                media.parts().stream()
                        .filter(part -> part.video().isEmpty())
                        .flatMap(part -> part.images().stream())
                        .map(ComposedPrompt::picture)
                        .toList(),
                media.parts().stream().map(TakenPart::video).flatMap(Optional::stream).toList());
    }

    private int numTokens(boolean ofVideos) {
        return media.parts().stream()
                .filter(part -> part.video().isPresent() == ofVideos)
                .mapToInt(TakenPart::numTokens)
                .sum();
    }

    private static PromptSize.Picture picture(ImageInput image) {
        return new PromptSize.Picture(
                image.size().shrunkWidth(), image.size().shrunkHeight(), image.numTokens());
    }

    @Override
    public void close() {
        media.close();
    }
}
