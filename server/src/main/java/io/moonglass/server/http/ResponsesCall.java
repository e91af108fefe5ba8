package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.engine.Scoring;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.wire.ChatCallReader;
import io.moonglass.runtime.wire.FormatReader;
import io.moonglass.runtime.wire.MediaReaders;
import io.moonglass.runtime.wire.ReasoningReader;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import io.moonglass.runtime.wire.WellFormed;
import io.moonglass.server.responses.ResponseOutput.ReasoningPlace;
import io.moonglass.server.responses.StoredResponse;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.BooleanSupplier;

/// One call of `POST /v1/responses`. Unknown fields are accepted; what would change the answer and is not built is
/// refused. To close it ends what others can know of it while it runs.
final class ResponsesCall implements Dialect, AutoCloseable {

    private static final int MAX_ITEMS = 4_096;
    private static final int MAX_INCLUDES = 64;
    private static final String LOGPROBS = "message.output_text.logprobs";

    private static final Set<String> TRUNCATIONS = Set.of("disabled", "auto");
    private static final Set<String> SUMMARIES = Set.of("auto", "concise", "detailed");

    private final KeptResponses kept;
    private final RunningResponses running;
    private final RunningRequests.Key request;
    private RunningResponses.Running begun;

    /// @param request under which its exchange runs
    ResponsesCall(KeptResponses kept, RunningResponses running, RunningRequests.Key request) {
        this.kept = kept;
        this.running = running;
        this.request = request;
    }

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles files) {
        RequestFields fields = RequestFields.of("", body);
        refuseWhatIsNotBuilt(fields);
        ToolUse tools = ResponseToolsReader.read(fields);
        ArrayNode items = items(fields);
        AnswerOptions answer = answer(fields, model);
        ChatRequest chat =
                new ChatRequest(
                        prompt(fields, items, tools, answer, model, files),
                        answer,
                        SamplingReader.scope(fields, caller.tenant()));
        boolean store = fields.bool("store", true) && kept.areKept();
        ResponseFrame frame =
                ResponseFrame.of(ResponseSettings.of(fields, answer, tools, model.name(), store));
        begun = new RunningResponses.Running(frame, request);
        running.begin(begun);
        return new Question(
                new Call(chat, 1, SamplingReader.timeout(fields), fields.bool("stream", false)),
                new ResponseReply(
                        frame,
                        reasoningPlace(fields),
                        response -> store ? keep(frame, response, items) : response));
    }

    @Override
    public void close() {
        if (begun != null) {
            running.end(begun);
        }
    }

    /// What the prompt of such a call amounts to.
    PromptSize measure(
            JsonNode body, ChatModel model, RequestFiles files, BooleanSupplier abandoned) {
        RequestFields fields = RequestFields.of("", body);
        refuseWhatIsNotBuilt(fields);
        ToolUse tools = ResponseToolsReader.read(fields);
        AnswerOptions answer = answer(fields, model);
        return model.measure(
                prompt(fields, items(fields), tools, answer, model, files),
                answer.format(),
                abandoned);
    }

    private Prompt.Conversation prompt(
            RequestFields fields,
            ArrayNode items,
            ToolUse tools,
            AnswerOptions answer,
            ChatModel model,
            RequestFiles files) {
        List<Message> turns = turns(fields, items, files);
        String truncation = fields.string("truncation").orElse("disabled");
        if (!TRUNCATIONS.contains(truncation)) {
            throw fields.wrong("truncation", "disabled or auto");
        }
        if (truncation.equals("auto")) {
            int forAnswer = answer.maxTokens().orElse(model.contextLength() / 8);
            turns =
                    TurnsThatFit.of(
                            turns,
                            some ->
                                    model.measure(
                                                                    new Prompt.Conversation(
                                                                            some, tools),
                                                                    answer.format())
                                                            .tokens()
                                                    + (long) forAnswer
                                            <= model.contextLength());
        }
        return new Prompt.Conversation(turns, tools);
    }

    /// Instructions, what the earlier responses had and answered, and the new items.
    private List<Message> turns(RequestFields fields, ArrayNode items, RequestFiles files) {
        ResponseItemsReader reader =
                new ResponseItemsReader(kept::item, MediaReaders.of(fields, files));
        fields.string("instructions").ifPresent(text -> reader.say(Role.SYSTEM, text));
        if (fields.has("previous_response_id")) {
            String place = fields.pathOf("previous_response_id");
            for (StoredResponse earlier : kept.upTo(fields, "previous_response_id")) {
                earlier.input().forEach(item -> reader.read(RequestFields.of(place, item)));
                earlier.response()
                        .path("output")
                        .forEach(item -> reader.read(RequestFields.of(place, item)));
            }
        }
        for (int i = 0; i < items.size(); i++) {
            reader.read(RequestFields.of("input[%d]".formatted(i), items.get(i)));
        }
        if (reader.isEmpty()) {
            throw fields.wrong("input", "a string or a list of at least one item");
        }
        return reader.messages();
    }

    /// The request's own items; a plain string is one message.
    private static ArrayNode items(RequestFields fields) {
        JsonNode input = fields.value("input");
        ArrayNode items = JsonNodeFactory.instance.arrayNode();
        if (input.isTextual()) {
            items.addObject()
                    .put("type", "message")
                    .put("role", "user")
                    .put("content", WellFormed.text(input.textValue()));
        } else if (fields.has("input") && !(input.isArray() && input.isEmpty())) {
            fields.objects("input", MAX_ITEMS);
            items.addAll((ArrayNode) input);
        }
        return items;
    }

    private ObjectNode keep(ResponseFrame frame, ObjectNode response, ArrayNode items) {
        ArrayNode input = StoredInput.of(items, frame.key());
        return response.put("store", kept.put(new StoredResponse(response, input)));
    }

    private static AnswerOptions answer(RequestFields fields, ChatModel model) {
        RequestFields text = fields.object("text").orElse(RequestFields.NONE);
        return SamplingReader.answer(fields, model, "stop")
                .format(FormatReader.read(fields, text.object("format")))
                .maxTokens(SamplingReader.maxTokens(fields))
                .reasoningTokens(ReasoningReader.budget(fields))
                .scoring(new Scoring(logprobs(fields), OptionalInt.empty(), false))
                .build();
    }

    private static ReasoningPlace reasoningPlace(RequestFields fields) {
        Optional<RequestFields> reasoning = fields.object("reasoning");
        Optional<String> summary = reasoning.flatMap(some -> some.string("summary"));
        if (summary.isPresent() && !SUMMARIES.contains(summary.get())) {
            throw reasoning.get().wrong("summary", "auto, concise or detailed");
        }
        return summary.isPresent() ? ReasoningPlace.SUMMARY : ReasoningPlace.CONTENT;
    }

    /// How many of the likeliest tokens to tell beside each of the answer's; empty if none is to be scored.
    private static OptionalInt logprobs(RequestFields fields) {
        OptionalInt top = fields.integer("top_logprobs", 0, ChatCallReader.MAX_TOP_LOGPROBS);
        boolean included =
                fields.has("include") && fields.strings("include", MAX_INCLUDES).contains(LOGPROBS);
        return included || top.orElse(0) > 0 ? OptionalInt.of(top.orElse(0)) : OptionalInt.empty();
    }

    private static void refuseWhatIsNotBuilt(RequestFields fields) {
        SamplingReader.refuse(
                fields,
                "this route has no place for it; leave it out, or ask /v1/chat/completions",
                List.of("n", "prompt_logprobs"));
        if (fields.bool("background", false)) {
            throw ChatCallReader.unsupported(
                    fields,
                    "background",
                    "answers in the background are not supported; stream the answer instead");
        }
        for (String key : List.of("conversation", "prompt", "context_management", "moderation")) {
            JsonNode value = fields.value(key);
            if (fields.has(key) && !(value.isArray() && value.isEmpty())) {
                throw ChatCallReader.unsupported(
                        fields,
                        key,
                        "not supported here; send the conversation as input, or go on from a previous_response_id");
            }
        }
    }
}
