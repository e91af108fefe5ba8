package io.moonglass.server.observe;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.RequestTimeline;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/// What a request's span says of it: numbers and names, and no text that was asked or answered.
///
/// Source: OpenTelemetry's semantic conventions for generative AI, "client inference" (in development), and for HTTP servers.
final class RequestAttributes {

    private static final AttributeKey<List<String>> FINISH_REASONS =
            AttributeKey.stringArrayKey("gen_ai.response.finish_reasons");

    private RequestAttributes() {}

    /// The operation, and the model where that is known.
    static String spanName(RequestReport report) {
        String operation = operation(report);
        return report.timeline().model().map(model -> operation + ' ' + model).orElse(operation);
    }

    private static String operation(RequestReport report) {
        return switch (report.route().orElse("")) {
            case "/v1/completions" -> "text_completion";
            case "/v1/ocr" -> "generate_content";
            default -> "chat";
        };
    }

    static Attributes of(RequestReport report) {
        AttributesBuilder attributes = Attributes.builder();
        attributes.put("gen_ai.operation.name", operation(report));
        attributes.put("gen_ai.provider.name", "moonglass");
        report.question().ifPresent(question -> put(attributes, question));
        report.responseId().ifPresent(id -> attributes.put("gen_ai.response.id", id));
        putTimeline(attributes, report);
        attributes.put("http.request.method", report.method());
        report.route().ifPresent(route -> attributes.put("http.route", route));
        report.status()
                .ifPresent(status -> attributes.put("http.response.status_code", (long) status));
        if (report.outcome() != Outcome.COMPLETED) {
            attributes.put("error.type", errorType(report));
        }
        attributes.put("moonglass.request.id", report.requestId());
        report.keyName().ifPresent(name -> attributes.put("moonglass.key", name));
        attributes.put("moonglass.outcome", report.outcome().label());
        return attributes.build();
    }

    /// The code of the fault that the caller was told, or what became of the request where it was told none.
    static String errorType(RequestReport report) {
        return report.errorCode().orElseGet(report.outcome()::label);
    }

    private static void put(AttributesBuilder attributes, RequestReport.Question question) {
        AnswerOptions answer = question.answer();
        SamplingParameters sampling = answer.sampling();
        attributes.put("gen_ai.request.temperature", sampling.temperature());
        attributes.put("gen_ai.request.top_p", sampling.topP());
        if (sampling.topK() > 0) {
            attributes.put("gen_ai.request.top_k", (long) sampling.topK());
        }
        attributes.put("gen_ai.request.presence_penalty", sampling.presencePenalty());
        attributes.put("gen_ai.request.frequency_penalty", sampling.frequencyPenalty());
        attributes.put("gen_ai.request.seed", sampling.seed());
        answer.maxTokens()
                .ifPresent(most -> attributes.put("gen_ai.request.max_tokens", (long) most));
        if (question.numAnswers() != 1) {
            attributes.put("gen_ai.request.choice.count", (long) question.numAnswers());
        }
        attributes.put("gen_ai.request.stream", question.stream());
        attributes.put("gen_ai.output.type", outputType(answer.format()));
    }

    private static String outputType(AnswerFormat format) {
        return switch (format) {
            case AnswerFormat.JsonObject _, AnswerFormat.JsonSchema _ -> "json";
            case AnswerFormat.FreeText _,
                    AnswerFormat.Regex _,
                    AnswerFormat.Choice _,
                    AnswerFormat.Gbnf _ ->
                    "text";
        };
    }

    private static void putTimeline(AttributesBuilder attributes, RequestReport report) {
        RequestTimeline timeline = report.timeline();
        timeline.model()
                .ifPresent(model -> {
                    attributes.put("gen_ai.request.model", model);
                    attributes.put("gen_ai.response.model", model);
                });
        if (report.question().isEmpty()) {
            return;
        }
        attributes.put("gen_ai.usage.input_tokens", (long) timeline.promptTokens());
        attributes.put("gen_ai.usage.cache_read.input_tokens", (long) timeline.cachedTokens());
        attributes.put("gen_ai.usage.image.input_tokens", (long) report.numImageTokens());
        attributes.put("gen_ai.usage.output_tokens", (long) timeline.generatedTokens());
        attributes.put("gen_ai.usage.reasoning.output_tokens", (long) report.numReasoningTokens());
        attributes.put("moonglass.pictures", (long) report.numPictures());
        timeline.timeToFirstToken()
                .ifPresent(time ->
                        attributes.put(
                                "gen_ai.response.time_to_first_chunk", time.toNanos() / 1e9));
        List<String> reasons =
                timeline.answers().entrySet().stream()
                        .flatMap(ended ->
                                Collections.nCopies(ended.getValue(), label(ended.getKey()))
                                        .stream())
                        .sorted()
                        .toList();
        if (!reasons.isEmpty()) {
            attributes.put(FINISH_REASONS, reasons);
        }
    }

    private static String label(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }
}
