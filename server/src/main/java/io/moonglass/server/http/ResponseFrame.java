package io.moonglass.server.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.Usage;
import io.moonglass.runtime.wire.UsageRecord;
import io.moonglass.server.observe.Outcome;
import io.moonglass.server.responses.OutputItem;
import java.util.List;

/// What a response object tells whatever was answered: its id, and its request's settings. Nothing of it changes.
///
/// @param key       random; ids of the response and its items are made of it
/// @param createdAt in seconds since 1970
/// @param settings  fields that tell what was asked for
record ResponseFrame(String key, long createdAt, ObjectNode settings) {

    static ResponseFrame of(ObjectNode settings) {
        return new ResponseFrame(RequestId.random(), System.currentTimeMillis() / 1000, settings);
    }

    String id() {
        return "resp_" + key;
    }

    ObjectNode inProgress() {
        return body("in_progress", List.of());
    }

    /// @param whole no limit has cut the answer
    ObjectNode ended(boolean whole, List<OutputItem> output, Usage usage, PromptSize prompt) {
        ObjectNode body = body(whole ? "completed" : "incomplete", output);
        if (whole) {
            body.put("completed_at", System.currentTimeMillis() / 1000);
        } else {
            body.putObject("incomplete_details").put("reason", "max_output_tokens");
        }
        body.set("usage", usage(usage));
        if (!prompt.pictures().isEmpty()) {
            body.putPOJO("images", UsageRecord.images(prompt));
        }
        if (!prompt.videos().isEmpty()) {
            body.putPOJO("videos", UsageRecord.videos(prompt));
        }
        return body;
    }

    ObjectNode failed(HttpFault fault, List<OutputItem> output) {
        if (fault.outcome() == Outcome.CANCELLED) {
            return cancelled(output);
        }
        ObjectNode body = body("failed", output);
        body.putObject("error").put("code", codeOf(fault)).put("message", fault.getMessage());
        return body;
    }

    ObjectNode cancelled(List<OutputItem> output) {
        return body("cancelled", output);
    }

    private ObjectNode body(String status, List<OutputItem> output) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("id", id())
                .put("object", "response")
                .put("created_at", createdAt)
                .put("status", status)
                .putNull("completed_at")
                .putNull("error")
                .putNull("incomplete_details");
        body.setAll(settings);
        body.putPOJO("output", output);
        return body.putNull("usage");
    }

    /// The codes that clients know are few.
    private static String codeOf(HttpFault fault) {
        return fault.status() == 429 ? "rate_limit_exceeded" : "server_error";
    }

    private static ObjectNode usage(Usage usage) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("input_tokens", usage.promptTokens());
        body.putObject("input_tokens_details")
                .put("cached_tokens", usage.cachedTokens())
                .put("cache_write_tokens", 0)
                .put("image_tokens", usage.imageTokens())
                .put("video_tokens", usage.videoTokens());
        body.put("output_tokens", usage.completionTokens());
        body.putObject("output_tokens_details").put("reasoning_tokens", usage.reasoningTokens());
        return body.put("total_tokens", usage.totalTokens());
    }
}
