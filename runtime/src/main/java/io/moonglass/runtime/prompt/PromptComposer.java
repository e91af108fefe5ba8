package io.moonglass.runtime.prompt;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.loader.template.TemplateMessage;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.media.ImageInput;
import io.moonglass.runtime.media.MediaIntake;
import io.moonglass.runtime.media.PlacedMedia;
import io.moonglass.runtime.media.TakenMedia;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Makes token ids of prompts: the containers of pictures are read for their sizes, the chat template is
/// rendered, the text is encoded. Safe to use from any thread.
public final class PromptComposer {

    private final PromptRenderer renderer;
    private final Optional<MediaIntake> media;
    private final String modelName;
    private final int numEmbeddings;
    private final int imageTokenId;

    /// @param media         reads pictures; empty for a model without eyes
    /// @param numEmbeddings ids from there on do not exist
    /// @param imageTokenId  stands for rows of pictures
    public PromptComposer(
            PromptRenderer renderer,
            Optional<MediaIntake> media,
            String modelName,
            int numEmbeddings,
            int imageTokenId) {
        this.renderer = renderer;
        this.media = media;
        this.modelName = modelName;
        this.numEmbeddings = numEmbeddings;
        this.imageTokenId = imageTokenId;
    }

    public Tokenizer tokenizer() {
        return renderer.tokenizer();
    }

    /// @param format    what the answer must look like; conversations tell the model of it
    /// @param timeline  told what is fetched
    /// @param abandoned asked now and then: whether nobody waits any more
    /// @return the caller's to close
    /// @throws InvalidRequestException if the prompt is none that this model can be given
    public ComposedPrompt compose(
            Prompt prompt,
            AnswerFormat format,
            RequestTimeline timeline,
            BooleanSupplier abandoned) {
        return switch (prompt) {
            case Prompt.Conversation conversation ->
                    compose(conversation, format, timeline, abandoned);
            case Prompt.Text(String text) ->
                    ComposedPrompt.ofText(notEmpty(renderer.tokenizer().encodeOrdinary(text)));
            case Prompt.Tokens(int[] ids) -> ComposedPrompt.ofText(checked(ids));
        };
    }

    private ComposedPrompt compose(
            Prompt.Conversation conversation,
            AnswerFormat format,
            RequestTimeline timeline,
            BooleanSupplier abandoned) {
        TakenMedia taken = take(placed(conversation.messages()), timeline, abandoned);
        boolean isComposed = false;
        try {
            int[] tokensPerImage =
                    taken.images().stream().mapToInt(ImageInput::numTokens).toArray();
            List<TemplateMessage> turns = ConversationText.of(conversation, format, taken.parts());
            int[] tokenIds = renderer.render(turns, true, tokensPerImage).tokenIds();
            isComposed = true;
            return new ComposedPrompt(tokenIds, taken);
        } finally {
            if (!isComposed) {
                taken.close();
            }
        }
    }

    /// Fetches media and reads their containers and sizes.
    ///
    /// @return the caller's to close
    public TakenMedia take(
            List<PlacedMedia> media, RequestTimeline timeline, BooleanSupplier abandoned) {
        if (media.isEmpty()) {
            return TakenMedia.NONE;
        }
        String where = media.getFirst().where();
        return intake(where).take(media, timeline, abandoned);
    }

    /// @param where the request wants something of pictures
    public MediaIntake intake(String where) {
        return media.orElseThrow(() ->
                new InvalidRequestException(
                        InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                        where,
                        "%s: the model %s reads text only; send no pictures"
                                .formatted(where, modelName)));
    }

    private static List<PlacedMedia> placed(List<Message> messages) {
        List<PlacedMedia> media = new ArrayList<>();
        for (int m = 0; m < messages.size(); m++) {
            List<ContentPart> parts = messages.get(m).content();
            for (int p = 0; p < parts.size(); p++) {
                if (parts.get(p) instanceof ContentPart.Media part) {
                    media.add(new PlacedMedia(part, where(part, m, p)));
                }
            }
        }
        return media;
    }

    private static String where(ContentPart.Media part, int message, int index) {
        String field =
                switch (part) {
                    case ContentPart.Picture _ -> "image_url.url";
                    case ContentPart.Video _, ContentPart.Frames _ -> "video_url.url";
                    case ContentPart.File _ -> "file";
                };
        return part.param().isEmpty()
                ? "messages[%d].content[%d].%s".formatted(message, index, field)
                : part.param();
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
