package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.Prompt;
import java.util.ArrayList;
import java.util.List;

/// Reads prompts that are no conversations: texts, and token ids.
public final class PromptReader {

    private static final int MAX_PROMPTS = ChatCallReader.MAX_ANSWERS;

    /// Token ids in one list.
    public static final int MAX_TOKENS = 1 << 20;

    private PromptReader() {}

    /// A string, a list of them, a list of token ids, or a list of such lists.
    public static List<Prompt> prompts(RequestFields fields) {
        JsonNode prompt = fields.value("prompt");
        if (prompt.isTextual()) {
            return List.of(new Prompt.Text(WellFormed.text(prompt.textValue())));
        }
        if (!prompt.isArray() || prompt.isEmpty()) {
            throw fields.wrong("prompt", "a string, a list of strings or of token ids");
        }
        if (prompt.get(0).isIntegralNumber()) {
            return List.of(prompt(prompt, fields, "prompt"));
        }
        if (prompt.size() > MAX_PROMPTS) {
            throw fields.wrong("prompt", "at most %d prompts".formatted(MAX_PROMPTS));
        }
        List<Prompt> prompts = new ArrayList<>();
        for (JsonNode one : prompt) {
            prompts.add(prompt(one, fields, "prompt"));
        }
        return prompts;
    }

    /// One prompt: a string, or a list of token ids.
    public static Prompt prompt(JsonNode prompt, RequestFields fields, String key) {
        return prompt.isTextual()
                ? new Prompt.Text(WellFormed.text(prompt.textValue()))
                : new Prompt.Tokens(
                        tokens(prompt, fields, key, "a string, a list of strings or of token ids"));
    }

    /// A list of token ids.
    ///
    /// @param key    where the request has it
    /// @param wanted what it is told that has something else there
    public static int[] tokens(JsonNode list, RequestFields fields, String key, String wanted) {
        boolean isGood = list.isArray() && list.size() <= MAX_TOKENS;
        int[] ids = new int[isGood ? list.size() : 0];
        for (int i = 0; i < ids.length; i++) {
            isGood &= list.get(i).isIntegralNumber() && list.get(i).canConvertToInt();
            ids[i] = list.get(i).intValue();
        }
        if (!isGood) {
            throw fields.wrong(key, wanted);
        }
        return ids;
    }
}
