package io.moonglass.loader.template;

import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.tokenizer.TextSegment;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// Conversations to token ids: the checkpoint's chat template, its tokenizer, and one placeholder
/// token per row of every picture's embedding.
///
/// Special tokens come from the template alone. What a caller wrote is text, even if it spells
/// `<|im_end|>` or `<|media_pad|>`, so nobody can end a turn or add a picture by typing. Otherwise the
/// ids are those of the rendered text as a whole: ordinary text of the template merges with the user
/// text next to it, as it does in the released code. The one liberty a template must not take is to
/// wrap user text in the ends of a special token's name (`'<|' + content + '|>'`).
///
/// Safe to use from any thread.
public final class PromptRenderer {

    private final ChatTemplate template;
    private final Tokenizer tokenizer;
    private final int mediaPlaceholderTokenId;
    private final int numEmbeddings;

    /// @throws ModelFormatException if template, tokenizer and config.json do not belong together
    public PromptRenderer(ChatTemplate template, Tokenizer tokenizer, ModelConfig config) {
        this.template = template;
        this.tokenizer = tokenizer;
        this.mediaPlaceholderTokenId = config.mediaPlaceholderTokenId();
        this.numEmbeddings = config.text().vocabSize();
        if (tokenizer.numBaseTokens() > numEmbeddings) {
            throw new ModelFormatException(
                    "tiktoken.model: %d tokens, but text_config.vocab_size of config.json is %d; take both from one release"
                            .formatted(tokenizer.numBaseTokens(), numEmbeddings));
        }
        if (config.vision().isPresent() && !tokenizer.isSpecial(mediaPlaceholderTokenId)) {
            throw new ModelFormatException(
                    "config.json: media_placeholder_token_id is %d; want the id of a special token, %d to %d"
                            .formatted(
                                    mediaPlaceholderTokenId,
                                    tokenizer.numBaseTokens(),
                                    tokenizer.vocabularySize() - 1));
        }
    }

    /// Reads template and tokenizer of a checkpoint folder.
    ///
    /// @throws ModelFormatException if a file is missing, damaged or of another release
    /// @throws io.moonglass.loader.fault.ConfigException if tokenizer_config.json cannot be used
    public static PromptRenderer read(Path directory, ModelConfig config) {
        TokenizerConfig tokenizerConfig = TokenizerConfig.read(directory);
        return new PromptRenderer(
                ChatTemplate.read(directory, tokenizerConfig),
                Tokenizer.read(directory, tokenizerConfig),
                config);
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /// Renders and encodes a conversation.
    ///
    /// @param addGenerationPrompt    end with the opening of the assistant's turn
    /// @param tokensPerImage         of every picture of the messages, in order of appearance
    /// @throws InvalidRequestException  if the template refuses the messages or does not take its pictures
    /// @throws ModelFormatException     if the template fails
    /// @throws IllegalArgumentException if the number of pictures is not that of `tokensPerImage`
    public RenderedPrompt render(
            List<TemplateMessage> messages, boolean addGenerationPrompt, int[] tokensPerImage) {
        int numImages = messages.stream().mapToInt(TemplateMessage::numImages).sum();
        if (numImages != tokensPerImage.length
                || Arrays.stream(tokensPerImage).anyMatch(tokens -> tokens < 1)) {
            throw new IllegalArgumentException(
                    "%d images in the messages, tokens per image %s; want a count above 0 for each"
                            .formatted(numImages, Arrays.toString(tokensPerImage)));
        }
        HiddenMarks marks =
                HiddenMarks.forTexts(tokenizer.specialNames(), ChatTemplate.texts(messages));
        String rendered = template.render(messages, addGenerationPrompt, marks::hide);
        List<TextSegment> segments = tokenizer.segments(rendered);
        checkPlaceholders(segments, numImages);
        return assemble(segments, marks, tokensPerImage);
    }

    private RenderedPrompt assemble(
            List<TextSegment> segments, HiddenMarks marks, int[] tokensPerImage) {
        StringBuilder text = new StringBuilder();
        StringBuilder expanded = new StringBuilder();
        IntStream.Builder ids = IntStream.builder();
        int image = 0;
        for (TextSegment segment : segments) {
            if (segment.specialId().isEmpty()) {
                String ordinary = marks.reveal(segment.text());
                text.append(ordinary);
                expanded.append(ordinary);
                Arrays.stream(tokenizer.encodeOrdinary(ordinary)).forEach(ids);
                continue;
            }
            int id = segment.specialId().getAsInt();
            int copies = id == mediaPlaceholderTokenId ? tokensPerImage[image++] : 1;
            text.append(segment.text());
            expanded.repeat(segment.text(), copies);
            IntStream.range(0, copies).forEach(copy -> ids.add(id));
        }
        return new RenderedPrompt(text.toString(), expanded.toString(), ids.build().toArray());
    }

    private void checkPlaceholders(List<TextSegment> segments, int numImages) {
        int numPlaceholders = 0;
        for (TextSegment segment : segments) {
            int id = segment.specialId().orElse(0);
            if (id >= numEmbeddings) {
                throw new ModelFormatException(
                        "%s: writes %s, token %d, but the embedding table has %d rows; take all files from one release"
                                .formatted(template.name(), segment.text(), id, numEmbeddings));
            }
            if (segment.specialId().isPresent() && id == mediaPlaceholderTokenId) {
                numPlaceholders++;
            }
        }
        if (numPlaceholders != numImages) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                    "messages",
                    "the messages hold %d images, and the model's chat template makes room for %d of them; put images only where the model takes them"
                            .formatted(numImages, numPlaceholders));
        }
    }
}
