package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Answers of a whole model, which knows nothing of JSON, to schemas.
class SchemaAnswersTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final SchemaRegistry VALIDATORS =
            SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private static final int NUM_SCHEMAS = 200;
    private static final int MAX_TOKENS = 2_000;
    private static final int AT_ONCE = 16;

    private record Answer(JsonNode schema, String text, FinishReason end) {}

    @Test
    void a_model_with_random_weights_answers_200_random_schemas_validly_at_temperature_1()
            throws Exception {
        RandomSchemas schemas = new RandomSchemas(20261128);
        int numComplete = 0;
        try (ChatModel model =
                LocalChatModel.load(TestModels.tinyRandom(), ChatModelOptions.DEFAULT)) {
            Queue<CompletableFuture<Answer>> running = new ArrayDeque<>();
            for (int i = 0; i < NUM_SCHEMAS || !running.isEmpty(); i++) {
                if (i < NUM_SCHEMAS) {
                    running.add(ask(model, schemas.next(), i));
                }
                if (running.size() == AT_ONCE || i >= NUM_SCHEMAS) {
                    numComplete += check(running.remove().get(2, TimeUnit.MINUTES)) ? 1 : 0;
                }
            }
        }
        assertTrue(numComplete > NUM_SCHEMAS * 9 / 10, numComplete + " came to their end");
    }

    /// @return whether it came to its end; what was cut is the beginning of a valid answer
    private static boolean check(Answer answer) throws Exception {
        String told = answer.schema() + "\n" + answer.text();
        if (answer.end() == FinishReason.LENGTH) {
            Grammar grammar =
                    Grammar.jsonSchema(answer.schema(), "schema", GrammarLimits.standard());
            String whole = answer.text().replaceAll("\uFFFD+$", ""); // half a character
            assertTrue(Answers.canBegin(grammar, whole), told);
            return false;
        }
        Schema validator = VALIDATORS.getSchema(answer.schema());
        assertEquals(
                List.of(),
                validator.validate(
                        JSON.readTree(answer.text()),
                        context ->
                                context.executionConfig(
                                        config -> config.formatAssertionsEnabled(true))),
                told);
        return true;
    }

    private static CompletableFuture<Answer> ask(ChatModel model, JsonNode schema, long seed) {
        ChatRequest request =
                ChatRequest.of(
                                List.of(Message.text(Role.USER, "hi")),
                                SamplingParameters.GREEDY.withTemperature(1).withSeed(seed))
                        .withMaxTokens(MAX_TOKENS)
                        .withAnswer(answer ->
                                answer.format(new AnswerFormat.JsonSchema(schema, "schema")));
        StringBuilder text = new StringBuilder();
        CompletableFuture<Answer> end = new CompletableFuture<>();
        model.generate(
                request,
                event -> {
                    switch (event) {
                        case GenerationEvent.TextDelta(String more, _) -> text.append(more);
                        case GenerationEvent.Finished finished ->
                                end.complete(
                                        new Answer(schema, text.toString(), finished.reason()));
                        case GenerationEvent.Failed(RuntimeException cause) ->
                                end.completeExceptionally(cause);
                        case GenerationEvent.ReasoningDelta _,
                                GenerationEvent.PromptMeasured _,
                                GenerationEvent.PicturesPrepared _,
                                GenerationEvent.PromptScored _,
                                GenerationEvent.ToolCallBegun _,
                                GenerationEvent.ToolArgumentsDelta _ -> {}
                    }
                });
        return end;
    }
}
