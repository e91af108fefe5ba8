package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.Scoring;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.ToolUse;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Reads the body of `POST /v1/chat/completions`. Unknown fields are accepted, since clients send
/// many that change nothing here; a field that would change the answer but is not built is refused.
public final class ChatCallReader {

    public static final int MAX_ANSWERS = 16;

    private static final int MAX_MODALITIES = 16;

    /// What other servers take and would change the answer.
    private static final List<String> NOT_BUILT =
            List.of(
                    "chat_template",
                    "continue_final_message",
                    "documents",
                    "echo",
                    "include_stop_str_in_output",
                    "truncate_prompt_tokens",
                    "use_beam_search");

    /// Likeliest tokens that are told with each.
    public static final int MAX_TOP_LOGPROBS = 20;

    private ChatCallReader() {}

    /// @param model  the one that is asked
    /// @param tenant whose request it is, as [io.moonglass.engine.RequestScope] has it
    /// @param files  what the caller has uploaded, where the body refers to it
    /// @throws InvalidRequestException that names the field at fault
    public static ChatCall read(
            JsonNode body, ChatModel model, String tenant, UploadedFiles files) {
        RequestFields fields = RequestFields.of("", body);
        refuseWhatIsNotBuilt(fields);
        ChatRequest request =
                new ChatRequest(
                        conversation(fields, files),
                        options(fields, model),
                        SamplingReader.scope(fields, tenant));
        return new ChatCall(
                request,
                fields.integer("n", 1, MAX_ANSWERS).orElse(1),
                SamplingReader.timeout(fields),
                fields.bool("stream", false),
                told(fields));
    }

    /// The messages, and the tools beside them.
    public static Prompt.Conversation conversation(RequestFields fields, UploadedFiles files) {
        ToolUse tools = ToolsReader.read(fields);
        MediaReaders media = MediaReaders.of(fields, files);
        return new Prompt.Conversation(new MessagesReader(media).read(fields), tools);
    }

    private static AnswerOptions options(RequestFields fields, ChatModel model) {
        return SamplingReader.answer(fields, model, "stop")
                .format(FormatReader.read(fields))
                .maxTokens(SamplingReader.maxTokens(fields))
                .reasoningTokens(ReasoningReader.budget(fields))
                .scoring(scoring(fields))
                .build();
    }

    /// What the reply tells besides the answer.
    private static ChatCompletionWriter.Told told(RequestFields fields) {
        RequestFields stream = fields.object("stream_options").orElse(RequestFields.NONE);
        return new ChatCompletionWriter.Told(
                stream.bool("include_usage", false),
                stream.bool("continuous_usage_stats", false),
                stream.bool("include_progress", false),
                stream.bool("include_timings", false),
                fields.bool("return_token_ids", false),
                fields.bool("logprobs", false),
                fields.bool("include_reasoning", true),
                fields.has("functions") && !fields.has("tools"));
    }

    private static Scoring scoring(RequestFields fields) {
        boolean wanted = fields.bool("logprobs", false);
        OptionalInt top = fields.integer("top_logprobs", 0, MAX_TOP_LOGPROBS);
        if (top.orElse(0) > 0 && !wanted) {
            throw fields.wrong("top_logprobs", "logprobs to be true beside it");
        }
        return new Scoring(
                wanted ? OptionalInt.of(top.orElse(0)) : OptionalInt.empty(),
                fields.integer("prompt_logprobs", 0, MAX_TOP_LOGPROBS),
                false);
    }

    private static void refuseWhatIsNotBuilt(RequestFields fields) {
        SamplingReader.refuse(fields, "not built; leave it out", NOT_BUILT);
        if (fields.has("modalities")
                && !Set.of("text").containsAll(fields.strings("modalities", MAX_MODALITIES))) {
            throw unsupported(fields, "modalities", "answers are text; want [\"text\"]");
        }
        if (fields.has("audio")) {
            throw unsupported(fields, "audio", "answers are text; leave it out");
        }
        if (fields.has("web_search_options")) {
            throw unsupported(fields, "web_search_options", "nothing is searched; leave it out");
        }
    }

    /// The fault that a field asks for what there is not.
    public static InvalidRequestException unsupported(
            RequestFields fields, String key, String why) {
        return new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                fields.pathOf(key),
                "%s: %s".formatted(fields.pathOf(key), why));
    }
}
