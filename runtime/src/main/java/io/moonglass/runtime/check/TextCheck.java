package io.moonglass.runtime.check;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.loader.template.RenderedPrompt;
import io.moonglass.loader.template.TemplateMessage;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Compares tokenizer and chat template with recorded texts.
final class TextCheck {

    private final CheckReport report;
    private final PromptRenderer prompts;

    TextCheck(CheckReport report, PromptRenderer prompts) {
        this.report = report;
        this.prompts = prompts;
    }

    /// tokenizer_vectors.json.
    void tokenizerVectors(JsonNode vectors) {
        Tokenizer tokenizer = prompts.tokenizer();
        for (JsonNode vector : vectors) {
            String text = vector.get("text").asText();
            report.integers(
                    "tokenizer/ids",
                    GoldenFolder.integers(vector.get("ids")),
                    longs(tokenizer.encode(text)));
            report.integers(
                    "tokenizer/ids_no_special",
                    GoldenFolder.integers(vector.get("ids_no_special")),
                    longs(tokenizer.encodeOrdinary(text)));
            List<String> pieces = new ArrayList<>();
            vector.get("pieces_no_special").forEach(piece -> pieces.add(piece.asText()));
            report.equal("tokenizer/pieces_no_special", pieces, tokenizer.pieces(text));
        }
    }

    /// chat_renderings.json. A picture there has one token.
    void chatRenderings(JsonNode renderings) {
        for (JsonNode rendering : renderings) {
            List<TemplateMessage> messages = GoldenFolder.messages(rendering.get("messages"));
            int[] tokensPerImage =
                    new int[messages.stream().mapToInt(TemplateMessage::numImages).sum()];
            Arrays.fill(tokensPerImage, 1);
            RenderedPrompt prompt;
            try {
                prompt =
                        prompts.render(
                                messages,
                                rendering.get("add_generation_prompt").asBoolean(),
                                tokensPerImage);
            } catch (InvalidRequestException e) {
                report.impossible("chat/text", e.getMessage());
                continue;
            }
            report.equal("chat/text", rendering.get("text").asText(), prompt.text());
            report.integers(
                    "chat/ids",
                    GoldenFolder.integers(rendering.get("ids")),
                    longs(prompt.tokenIds()));
        }
    }

    static long[] longs(int[] values) {
        return Arrays.stream(values).asLongStream().toArray();
    }
}
