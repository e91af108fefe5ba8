package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.Scoring;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Prompt;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// Reads the body of `POST /v1/completions`: prompts as they are, without a chat template.
final class CompletionReader implements Dialect {

    /// Answers to all prompts of one request.
    private static final int MAX_ANSWERS = ChatCompletionReader.MAX_ANSWERS;

    /// Token ids in one list.
    static final int MAX_TOKENS = 1 << 20;

    /// What holds where the request says nothing, as in OpenAI's dialect.
    private static final int DEFAULT_TOKENS = 16;

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles files) {
        RequestFields fields = RequestFields.of("", body);
        refuseWhatIsNotBuilt(fields);
        List<Prompt> prompts = prompts(fields);
        int numAnswers = fields.integer("n", 1, MAX_ANSWERS).orElse(1);
        refuseTooMany(fields, prompts.size(), numAnswers);
        boolean echo = fields.bool("echo", false);
        OptionalInt logprobs = fields.integer("logprobs", 0, ChatCompletionReader.MAX_TOP_LOGPROBS);
        OptionalInt promptLogprobs =
                fields.integer("prompt_logprobs", 0, ChatCompletionReader.MAX_TOP_LOGPROBS);
        AnswerOptions options =
                SamplingReader.answer(fields, model, "stop")
                        .format(FormatReader.read(fields))
                        .maxTokens(
                                OptionalInt.of(
                                        fields.integer("max_tokens", 0).orElse(DEFAULT_TOKENS)))
                        .reasoningTokens(OptionalInt.empty())
                        .scoring(
                                new Scoring(
                                        logprobs,
                                        promptLogprobs.isEmpty() && echo
                                                ? logprobs
                                                : promptLogprobs,
                                        false))
                        .build();
        RequestScope scope = SamplingReader.scope(fields, caller);
        RequestFields stream = fields.object("stream_options").orElse(RequestFields.NONE);
        return new Question(
                new Call(
                        prompts.stream()
                                .map(prompt -> new ChatRequest(prompt, options, scope))
                                .toList(),
                        numAnswers,
                        SamplingReader.timeout(fields),
                        fields.bool("stream", false),
                        false),
                new CompletionReply(
                        ReplyHead.of("cmpl-", model.name()),
                        prompts.stream().map(prompt -> echoed(prompt, model, echo)).toList(),
                        numAnswers,
                        new CompletionReply.Told(
                                stream.bool("include_usage", false),
                                echo,
                                logprobs.isPresent(),
                                promptLogprobs.isPresent(),
                                fields.bool("return_token_ids", false))));
    }

    /// A string, a list of them, a list of token ids, or a list of such lists.
    static List<Prompt> prompts(RequestFields fields) {
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
        if (prompt.size() > MAX_ANSWERS) {
            throw fields.wrong("prompt", "at most %d prompts".formatted(MAX_ANSWERS));
        }
        List<Prompt> prompts = new ArrayList<>();
        for (JsonNode one : prompt) {
            prompts.add(prompt(one, fields, "prompt"));
        }
        return prompts;
    }

    /// One prompt: a string, or a list of token ids.
    static Prompt prompt(JsonNode prompt, RequestFields fields, String key) {
        return prompt.isTextual()
                ? new Prompt.Text(WellFormed.text(prompt.textValue()))
                : new Prompt.Tokens(
                        tokens(prompt, fields, key, "a string, a list of strings or of token ids"));
    }

    /// A list of token ids.
    ///
    /// @param key    where the request has it
    /// @param wanted what it is told that has something else there
    static int[] tokens(JsonNode list, RequestFields fields, String key, String wanted) {
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

    /// What the prompt's tokens are, where the answer begins with it.
    private static CompletionReply.Echo echoed(Prompt prompt, ChatModel model, boolean echo) {
        if (!echo) {
            return CompletionReply.Echo.NONE;
        }
        return switch (prompt) {
            case Prompt.Text(String text) ->
                    new CompletionReply.Echo(text, firstToken(model.tokenize(text, false), model));
            case Prompt.Tokens(int[] ids) ->
                    new CompletionReply.Echo(model.detokenize(ids), firstToken(ids, model));
            case Prompt.Conversation _ ->
                    throw new IllegalArgumentException("completions have no conversations");
        };
    }

    private static String firstToken(int[] ids, ChatModel model) {
        return ids.length == 0 ? "" : model.detokenize(new int[] {ids[0]});
    }

    private static void refuseTooMany(RequestFields fields, int numPrompts, int numAnswers) {
        if ((long) numPrompts * numAnswers > MAX_ANSWERS) {
            throw fields.wrong(
                    "n",
                    "at most %d answers to all prompts together, and there are %d prompts"
                            .formatted(MAX_ANSWERS, numPrompts));
        }
    }

    private static void refuseWhatIsNotBuilt(RequestFields fields) {
        SamplingReader.refuse(
                fields,
                "not built; leave it out",
                List.of("include_stop_str_in_output", "truncate_prompt_tokens", "use_beam_search"));
        if (!fields.string("suffix").orElse("").isEmpty()) {
            throw ChatCompletionReader.unsupported(
                    fields, "suffix", "the model only goes on; leave it out");
        }
        int bestOf = fields.integer("best_of", 1).orElse(1);
        if (bestOf > 1 && bestOf != fields.integer("n", 1, MAX_ANSWERS).orElse(1)) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                    "best_of",
                    "best_of: no answers are thrown away; want as many as n");
        }
    }
}
