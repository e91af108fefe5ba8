package io.moonglass.runtime.media;

import io.moonglass.runtime.PromptSize;
import java.util.List;
import java.util.Optional;

/// What one part of a request is shown as: pictures in order, of which nothing is decoded yet.
///
/// @param images of a video its frames, of a document its pages
/// @param labels the text before each image; empty for none
/// @param video  what is told of a video; empty for pictures and pages
public record TakenPart(
        List<ImageInput> images, List<String> labels, Optional<PromptSize.Video> video) {

    public TakenPart {
        images = List.copyOf(images);
        labels = List.copyOf(labels);
        if (!labels.isEmpty() && labels.size() != images.size()) {
            throw new IllegalArgumentException(
                    "%d labels of %d images; want one for each, or none"
                            .formatted(labels.size(), images.size()));
        }
    }

    static TakenPart of(ImageInput image) {
        return new TakenPart(List.of(image), List.of(), Optional.empty());
    }

    /// Rows of all of them together.
    public int numTokens() {
        return images.stream().mapToInt(ImageInput::numTokens).sum();
    }
}
