package io.moonglass.runtime.prompt;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.media.ImageInput;
import io.moonglass.runtime.media.MediaIntake;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Makes token ids of prompts: the containers of pictures are read for their sizes, the chat template is
/// rendered, the text is encoded. Safe to use from any thread.
public final class PromptComposer {

    private final PromptRenderer renderer;
    private final Optional<MediaIntake> media;
    private final String modelName;
    private final int numEmbeddings;
    private final int maxImages;
    private final int imageTokenId;

    /// @param media         reads pictures; empty for a model without eyes
    /// @param numEmbeddings ids from there on do not exist
    /// @param maxImages     of one prompt
    /// @param imageTokenId  stands for rows of pictures
    public PromptComposer(
            PromptRenderer renderer,
            Optional<MediaIntake> media,
            String modelName,
            int numEmbeddings,
            int maxImages,
            int imageTokenId) {
        this.renderer = renderer;
        this.media = media;
        this.modelName = modelName;
        this.numEmbeddings = numEmbeddings;
        this.maxImages = maxImages;
        this.imageTokenId = imageTokenId;
    }

    public Tokenizer tokenizer() {
        return renderer.tokenizer();
    }

    /// @param format what the answer must look like; conversations tell the model of it
    /// @throws InvalidRequestException if the prompt is none that this model can be given
    public ComposedPrompt compose(Prompt prompt, AnswerFormat format) {
        return switch (prompt) {
            case Prompt.Conversation conversation -> compose(conversation, format);
            case Prompt.Text(String text) ->
                    new ComposedPrompt(
                            notEmpty(renderer.tokenizer().encodeOrdinary(text)), List.of());
            case Prompt.Tokens(int[] ids) -> new ComposedPrompt(checked(ids), List.of());
        };
    }

    private ComposedPrompt compose(Prompt.Conversation conversation, AnswerFormat format) {
        List<ImageInput> images = readImages(conversation.messages());
        int[] tokensPerImage = images.stream().mapToInt(ImageInput::numTokens).toArray();
        return new ComposedPrompt(
                renderer.render(ConversationText.of(conversation, format), true, tokensPerImage)
                        .tokenIds(),
                images);
    }

    /// A picture's container and size.
    ///
    /// @param where of the part in its request, unless it knows that itself
    public ImageInput read(ContentPart.Picture picture, String where) {
        String place = picture.param().isEmpty() ? where : picture.param();
        MediaIntake intake =
                media.orElseThrow(() ->
                        new InvalidRequestException(
                                InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                                place,
                                "%s: the model %s reads text only; send no pictures"
                                        .formatted(place, modelName)));
        return switch (picture) {
            case ContentPart.ImageUrl image -> intake.read(image.url(), image.maxPixels(), place);
            case ContentPart.ImageBytes image ->
                    intake.read(image.bytes(), image.maxPixels(), place);
        };
    }

    private List<ImageInput> readImages(List<Message> messages) {
        refuseTooManyImages(messages);
        List<ImageInput> images = new ArrayList<>();
        for (int m = 0; m < messages.size(); m++) {
            List<ContentPart> parts = messages.get(m).content();
            for (int p = 0; p < parts.size(); p++) {
                if (parts.get(p) instanceof ContentPart.Picture picture) {
                    images.add(
                            read(
                                    picture,
                                    "messages[%d].content[%d].image_url.url".formatted(m, p)));
                }
            }
        }
        return images;
    }

    private void refuseTooManyImages(List<Message> messages) {
        long numImages =
                messages.stream()
                        .flatMap(message -> message.content().stream())
                        .filter(part -> part instanceof ContentPart.Picture)
                        .count();
        if (numImages > maxImages) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    "messages",
                    "the messages hold %d pictures, the limit is %d; send fewer"
                            .formatted(numImages, maxImages));
        }
    }

    private int[] checked(int[] ids) {
        for (int i = 0; i < ids.length; i++) {
            boolean isImage = media.isPresent() && ids[i] == imageTokenId;
            if (ids[i] < 0 || ids[i] >= numEmbeddings || isImage) {
                throw InvalidRequestException.invalidValue(
                        "prompt",
                        "prompt: token %d at position %d; want ids from 0 to %d, and none that stands for pictures"
                                .formatted(ids[i], i, numEmbeddings - 1));
            }
        }
        return notEmpty(ids);
    }

    private static int[] notEmpty(int[] ids) {
        if (ids.length == 0) {
            throw InvalidRequestException.invalidValue(
                    "prompt", "prompt is empty; want at least one token");
        }
        return ids;
    }
}
