package io.moonglass.runtime.wire;

import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.ocr.OcrFormat;
import io.moonglass.runtime.ocr.PageWish;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What a body of `POST /v1/ocr` asks for.
///
/// @param file    a picture or a document
/// @param pages   how its pages are drawn, and which
/// @param answer  how each page, or each tile of one, is answered
/// @param timeout after which reading is given up; empty if the caller did not say
/// @param stream  tell of each page as it is read
public record OcrCall(
        ContentPart.File file,
        PageWish pages,
        OcrFormat format,
        AnswerOptions answer,
        RequestScope scope,
        Optional<Duration> timeout,
        boolean stream) {

    /// The question about one tile.
    ChatRequest question(ContentPart.Picture tile) {
        Message message = new Message(Role.USER, List.of(tile, new ContentPart.Text(words())));
        return new ChatRequest(
                new Prompt.Conversation(List.of(message), ToolUse.NONE), answer, scope);
    }

    /// Models are trained on exactly these words.
    private String words() {
        return switch (format) {
            case TEXT -> "Read all the text in the picture.";
            case MARKDOWN -> "Convert the page to Markdown.";
        };
    }
}
