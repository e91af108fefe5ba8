package io.moonglass.loader.template;

import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The checkpoint's own chat template, in Jinja: messages to text.
///
/// A template is code that came with the weights. It runs in a sandbox (no Java object is reachable,
/// no file, no other template), under limits of time, text and collections, and every error it makes
/// is an error here. What users wrote is never interpreted. Safe to use from any thread.
public final class ChatTemplate {

    /// Characters of all messages together. A context of 131,072 tokens holds far less text.
    public static final int MAX_TEXT = 8 << 20;

    private static final String FILE = "chat_template.jinja";
    private static final int MAX_SOURCE = 1 << 20;
    private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

    private final String name;
    private final String source;
    private final Map<String, Object> tokenNames = new HashMap<>();
    private final JinjaSandbox sandbox;

    private ChatTemplate(String name, String source, TokenizerConfig config) {
        if (source.length() > MAX_SOURCE) {
            throw new ModelFormatException(
                    "%s: %,d characters; want a chat template of at most %,d"
                            .formatted(name, source.length(), MAX_SOURCE));
        }
        this.name = name;
        this.source = TemplateSource.normalized(name, source);
        this.sandbox = new JinjaSandbox(name, TIME_LIMIT);
        config.bosToken().ifPresent(token -> tokenNames.put("bos_token", token));
        config.eosToken().ifPresent(token -> tokenNames.put("eos_token", token));
        config.padToken().ifPresent(token -> tokenNames.put("pad_token", token));
        config.unkToken().ifPresent(token -> tokenNames.put("unk_token", token));
    }

    /// Reads chat_template.jinja of a checkpoint folder or, where there is none, takes the template of
    /// tokenizer_config.json.
    ///
    /// @throws ModelFormatException if there is no template, or it cannot render a greeting
    public static ChatTemplate read(Path directory, TokenizerConfig config) {
        Path file = directory.resolve(FILE);
        if (Files.exists(file)) {
            return of(FILE, readText(file), config);
        }
        String source =
                config.chatTemplate()
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        "%s: no such file, and tokenizer_config.json has no chat_template; take one from the model's release"
                                                .formatted(FILE)));
        return of("chat_template of tokenizer_config.json", source, config);
    }

    /// @param name where the source comes from, for messages
    /// @throws ModelFormatException if it cannot render a greeting
    public static ChatTemplate of(String name, String source, TokenizerConfig config) {
        ChatTemplate template = new ChatTemplate(name, source, config);
        template.renderGreeting();
        return template;
    }

    String name() {
        return name;
    }

    /// The template's text for these messages, one placeholder per picture.
    ///
    /// @param addGenerationPrompt end with the opening of the assistant's turn
    /// @throws InvalidRequestException if the template refuses the messages, or they are too long
    /// @throws ModelFormatException    if the template fails or breaks a limit
    public String render(List<TemplateMessage> messages, boolean addGenerationPrompt) {
        return render(messages, addGenerationPrompt, UnaryOperator.identity());
    }

    /// The same, with every text of the messages changed first.
    String render(
            List<TemplateMessage> messages,
            boolean addGenerationPrompt,
            UnaryOperator<String> textChange) {
        long length = texts(messages).stream().mapToLong(String::length).sum();
        if (length > MAX_TEXT) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.CONTEXT_LENGTH_EXCEEDED,
                    "messages",
                    "the messages hold %,d characters, the limit is %,d; send less text"
                            .formatted(length, MAX_TEXT));
        }
        List<Object> turns = new ArrayList<>();
        for (TemplateMessage message : messages) {
            turns.add(dict("role", message.role(), "content", content(message, textChange)));
        }
        Map<String, Object> variables = new HashMap<>(tokenNames);
        variables.put("messages", turns);
        variables.put("add_generation_prompt", addGenerationPrompt);
        return sandbox.render(source, variables);
    }

    /// All texts of these messages.
    static List<String> texts(List<TemplateMessage> messages) {
        List<String> texts = new ArrayList<>();
        for (TemplateMessage message : messages) {
            for (TemplatePart part : message.content()) {
                if (part instanceof TemplatePart.Text(String text)) {
                    texts.add(text);
                }
            }
        }
        return texts;
    }

    /// Content that is one text is a string to the template, as in most requests; else it is a list.
    private static Object content(TemplateMessage message, UnaryOperator<String> textChange) {
        if (message.content().isEmpty()) {
            return "";
        }
        if (message.content().size() == 1
                && message.content().getFirst() instanceof TemplatePart.Text(String text)) {
            return textChange.apply(text);
        }
        List<Object> parts = new ArrayList<>();
        for (TemplatePart part : message.content()) {
            parts.add(
                    switch (part) {
                        case TemplatePart.Text(String text) ->
                                dict("type", "text", "text", textChange.apply(text));
                        case TemplatePart.Image() -> Map.of("type", "image");
                    });
        }
        return parts;
    }

    /// A dict of two keys in this order, which shows where a template prints it.
    private static Map<String, Object> dict(
            String firstKey, Object first, String secondKey, Object second) {
        Map<String, Object> dict = new LinkedHashMap<>();
        dict.put(firstKey, first);
        dict.put(secondKey, second);
        return dict;
    }

    /// Finds a template that cannot work when the model is loaded rather than at the first request.
    private void renderGreeting() {
        try {
            render(List.of(TemplateMessage.text("user", "Hello")), true);
        } catch (InvalidRequestException refusal) {
            throw new ModelFormatException(
                    "%s: refuses a plain greeting of the user: %s"
                            .formatted(name, refusal.getMessage()),
                    refusal);
        }
    }

    private static String readText(Path file) {
        try {
            if (Files.size(file) > 4L * MAX_SOURCE) {
                throw new ModelFormatException(
                        "%s: %,d bytes; want a chat template of at most %,d characters"
                                .formatted(FILE, Files.size(file), MAX_SOURCE));
            }
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new ModelFormatException("%s: no UTF-8; download it again".formatted(FILE), e);
        } catch (IOException e) {
            throw new ModelFormatException(
                    "%s: cannot be read: %s".formatted(FILE, e.getMessage()), e);
        }
    }
}
