package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.Scoring;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.wire.ChatCallReader;
import io.moonglass.runtime.wire.FormatReader;
import io.moonglass.runtime.wire.PromptReader;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import java.util.List;
import java.util.OptionalInt;

/// Reads the body of `POST /v1/completions`: prompts as they are, without a chat template.
final class CompletionReader implements Dialect {

    /// Answers to all prompts of one request.
    private static final int MAX_ANSWERS = ChatCallReader.MAX_ANSWERS;

    /// What holds where the request says nothing, as in OpenAI's dialect.
    private static final int DEFAULT_TOKENS = 16;

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles files) {
        RequestFields fields = RequestFields.of("", body);
        refuseWhatIsNotBuilt(fields);
        List<Prompt> prompts = PromptReader.prompts(fields);
        int numAnswers = fields.integer("n", 1, MAX_ANSWERS).orElse(1);
        refuseTooMany(fields, prompts.size(), numAnswers);
        boolean echo = fields.bool("echo", false);
        OptionalInt logprobs = fields.integer("logprobs", 0, ChatCallReader.MAX_TOP_LOGPROBS);
        OptionalInt promptLogprobs =
                fields.integer("prompt_logprobs", 0, ChatCallReader.MAX_TOP_LOGPROBS);
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
        RequestScope scope = SamplingReader.scope(fields, caller.tenant());
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
            throw ChatCallReader.unsupported(
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
