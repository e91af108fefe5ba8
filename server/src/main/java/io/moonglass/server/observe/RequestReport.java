package io.moonglass.server.observe;

import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// What is told of one request when it has ended, in the log and in its trace. Filled by the request's own thread alone.
public final class RequestReport {

    private final String requestId;
    private final String method;
    private final String path;
    private final RequestTimeline timeline;
    private final Optional<Transcript> transcript;
    private Optional<String> route = Optional.empty();
    private Optional<String> keyName = Optional.empty();
    private Optional<Question> question = Optional.empty();
    private Optional<String> responseId = Optional.empty();
    private int numPictures;
    private int numImageTokens;
    private int numReasoningTokens;
    private OptionalInt status = OptionalInt.empty();
    private Optional<String> errorCode = Optional.empty();
    private Outcome outcome = Outcome.CLIENT_GONE;

    /// What a model was asked.
    ///
    /// @param answer     how it is to answer
    /// @param numAnswers to each prompt
    /// @param stream     whether they are told piece by piece
    public record Question(AnswerOptions answer, int numAnswers, boolean stream) {}

    /// @param path       as it was asked for, without a query
    /// @param keepsTexts whether what is asked and answered is for the log
    public RequestReport(
            String requestId,
            String method,
            String path,
            RequestTimeline timeline,
            boolean keepsTexts) {
        this.requestId = requestId;
        this.method = method;
        this.path = path;
        this.timeline = timeline;
        this.transcript = keepsTexts ? Optional.of(new Transcript()) : Optional.empty();
    }

    /// Which route it takes.
    ///
    /// @param pattern as the API's description has it
    public void takes(String pattern) {
        route = Optional.of(pattern);
    }

    /// Whose it is.
    ///
    /// @param name of a key; empty where none is wanted
    public void comesFrom(String name) {
        keyName = name.isEmpty() ? Optional.empty() : Optional.of(name);
    }

    /// It was understood.
    ///
    /// @param prompts none where a model is asked the same of everything, as of pages
    public void asks(Question asked, List<Prompt> prompts) {
        question = Optional.of(asked);
        transcript.ifPresent(texts -> prompts.forEach(texts::ask));
    }

    /// Its answer has an id.
    public void respondsAs(String id) {
        responseId = Optional.of(id);
    }

    /// Something has happened to one of its answers.
    ///
    /// @param answer from 0
    public void happened(int answer, GenerationEvent event) {
        switch (event) {
            case GenerationEvent.PromptMeasured(PromptSize size) -> {
                numPictures += size.pictures().size();
                numPictures +=
                        size.videos().stream().mapToInt(video -> video.seconds().size()).sum();
                numImageTokens += size.imageTokens() + size.videoTokens();
            }
            case GenerationEvent.Finished end ->
                    numReasoningTokens += end.usage().reasoningTokens();
            case GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    GenerationEvent.TextDelta _,
                    GenerationEvent.ReasoningDelta _,
                    GenerationEvent.ToolCallBegun _,
                    GenerationEvent.ToolArgumentsDelta _,
                    GenerationEvent.Failed _ -> {}
        }
        transcript.ifPresent(texts -> texts.answer(answer, event));
    }

    /// The head of its answer was sent.
    public void sent(int code) {
        status = OptionalInt.of(code);
    }

    /// It has ended.
    ///
    /// @param code of the fault that its caller was told; empty if there was none
    public void ended(Outcome became, Optional<String> code) {
        outcome = became;
        errorCode = code;
    }

    public String requestId() {
        return requestId;
    }

    public String method() {
        return method;
    }

    public String path() {
        return path;
    }

    /// When it was in which stage, its model and its tokens.
    public RequestTimeline timeline() {
        return timeline;
    }

    /// The pattern of its route; empty if there is nothing at its path.
    public Optional<String> route() {
        return route;
    }

    public Optional<String> keyName() {
        return keyName;
    }

    /// Empty if it was refused before it was understood, or asks no model.
    public Optional<Question> question() {
        return question;
    }

    public Optional<String> responseId() {
        return responseId;
    }

    /// Pictures, pages and frames that it showed the model.
    public int numPictures() {
        return numPictures;
    }

    /// Tokens that stood for them.
    public int numImageTokens() {
        return numImageTokens;
    }

    /// Of its answers that have ended.
    public int numReasoningTokens() {
        return numReasoningTokens;
    }

    /// Empty if its client left before it was told anything.
    public OptionalInt status() {
        return status;
    }

    public Optional<String> errorCode() {
        return errorCode;
    }

    public Outcome outcome() {
        return outcome;
    }

    /// What was asked and answered, where that is for the log.
    public Optional<Transcript> transcript() {
        return transcript;
    }
}
