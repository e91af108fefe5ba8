package io.moonglass.runtime.constraint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.engine.TokenMask;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class AnswerConstraintsTest {

    private static final Tokenizer TOKENIZER = Tokenizer.read(TestModels.tinyRandom());
    private static final int STOP = TOKENIZER.specialId("<|im_end|>").orElseThrow();
    private static final int VOCAB_SIZE = TOKENIZER.vocabularySize();

    @Test
    void an_answer_that_nothing_is_asked_of_has_no_mask() {
        assertSame(TokenMask.ALL, mask(false, answer -> answer));
        assertSame(TokenMask.ALL, mask(true, answer -> answer));
    }

    @Test
    void only_allowed_tokens_come_and_the_end() {
        TokenMask mask = mask(false, answer -> answer.allowedTokenIds(Set.of(5, 70)));

        assertEquals(List.of(5, 70, STOP), allowed(mask));
        mask.accept(70);
        assertEquals(List.of(5, 70, STOP), allowed(mask));
    }

    @Test
    void a_token_that_is_not_there_cannot_be_allowed() {
        InvalidRequestException e =
                assertThrows(
                        InvalidRequestException.class,
                        () -> mask(false, answer -> answer.allowedTokenIds(Set.of(VOCAB_SIZE))));

        assertEquals("allowed_token_ids", e.param());
    }

    @Test
    void a_bad_word_lacks_its_last_token_wherever_it_begins() {
        int[] word = TOKENIZER.encodeOrdinary("zebra");
        assertTrue(word.length > 1, "the test wants a word of several tokens");
        TokenMask mask = mask(false, answer -> answer.badWords(List.of("zebra")));
        int last = word[word.length - 1];

        assertTrue(allows(mask, last));
        mask.accept(word[0]); // a beginning that leads nowhere
        for (int i = 0; i < word.length - 1; i++) {
            mask.accept(word[i]);
        }
        assertFalse(allows(mask, last));
        mask.accept(STOP);
        assertTrue(allows(mask, last));
    }

    @Test
    void where_two_demands_have_nothing_in_common_the_answer_is_over() {
        int a = TOKENIZER.encodeOrdinary("a")[0];
        TokenMask mask =
                new BothMasks(
                        new FixedMask(TokenSet.of(VOCAB_SIZE, Set.of(a))),
                        new BadWordsMask(List.of(new int[] {a, a}), VOCAB_SIZE));

        assertFalse(mask.isFinished());
        mask.accept(a);
        assertTrue(mask.isFinished());
    }

    @Test
    void a_model_thinks_no_longer_than_it_may() {
        TokenMask mask = mask(true, answer -> answer.reasoningTokens(OptionalInt.of(2)));

        assertForced(mask, "◁think▷");
        int[] thought = TOKENIZER.encodeOrdinary("abc");
        assertTrue(allows(mask, thought[0]));
        mask.accept(thought[0]);
        mask.accept(thought[0]);
        assertForced(mask, "◁/think▷");
        assertTrue(allows(mask, STOP), "the answer is free");
    }

    @Test
    void a_model_that_closes_its_thoughts_itself_goes_on_to_the_answer() {
        TokenMask mask = mask(true, answer -> answer.reasoningTokens(OptionalInt.of(100)));
        assertForced(mask, "◁think▷");
        assertFalse(allows(mask, STOP), "no end in the middle of a thought");

        for (int id : TOKENIZER.encodeOrdinary("hm◁/think▷")) {
            assertTrue(allows(mask, id));
            mask.accept(id);
        }

        assertTrue(allows(mask, STOP));
    }

    @Test
    void thinking_that_is_not_wanted_is_closed_at_once() {
        TokenMask mask = mask(true, answer -> answer.reasoningTokens(OptionalInt.of(0)));

        assertForced(mask, "◁think▷", "◁/think▷");
        assertTrue(allows(mask, STOP));
    }

    @Test
    void a_model_that_does_not_think_has_no_budget_for_it() {
        assertSame(TokenMask.ALL, mask(false, answer -> answer.reasoningTokens(OptionalInt.of(0))));
    }

    @Test
    void a_text_that_is_no_conversation_is_gone_on_with_and_not_thought_about() {
        ChatRequest request =
                new ChatRequest(
                        new Prompt.Text("The colour is"),
                        AnswerOptions.of(SamplingParameters.GREEDY)
                                .with(answer ->
                                        answer.format(
                                                new AnswerFormat.Choice(List.of("red"), "choice"))),
                        RequestScope.DEFAULT);
        TokenMask mask =
                new AnswerConstraints(TOKENIZER, VOCAB_SIZE, Set.of(STOP), true)
                        .of(request, () -> false)
                        .get();

        assertTrue(allows(mask, TOKENIZER.encodeOrdinary("r")[0]));
        assertFalse(allows(mask, TOKENIZER.encodeOrdinary("◁")[0]));
    }

    @Test
    void the_same_tools_are_compiled_once_however_many_they_are() {
        ChatRequest request =
                called(40, i -> JsonNodeFactory.instance.objectNode().put("maxLength", i));
        AnswerConstraints constraints =
                new AnswerConstraints(TOKENIZER, VOCAB_SIZE, Set.of(STOP), false);

        long[] first = constraints.of(request, () -> false).get().allowed();

        assertSame(first, constraints.of(request, () -> false).get().allowed());
    }

    /// A request whose answer has to call one of its tools.
    private static ChatRequest called(int numTools, IntFunction<JsonNode> argument) {
        List<Tool> tools = new ArrayList<>();
        for (int i = 0; i < numTools; i++) {
            ObjectNode schema = JsonNodeFactory.instance.objectNode().put("type", "object");
            schema.putObject("properties").set("a", argument.apply(i));
            tools.add(new Tool("t" + i, Optional.empty(), Optional.of(schema), false, "tools"));
        }
        List<String> names = tools.stream().map(Tool::name).toList();
        ToolUse use = new ToolUse(tools, new ToolUse.Choice.Required(names), true);
        return new ChatRequest(
                new Prompt.Conversation(List.of(Message.text(Role.USER, "hi")), use),
                AnswerOptions.of(SamplingParameters.GREEDY),
                RequestScope.DEFAULT);
    }

    /// One such schema takes as long as a grammar may.
    @Test
    void many_tools_with_hard_schemas_do_not_take_their_time_one_after_another() {
        ChatRequest request =
                called(
                        128,
                        i ->
                                JsonNodeFactory.instance
                                        .objectNode()
                                        .put("pattern", "(a|b)*a(a|b){20}%d$".formatted(i))
                                        .put("maxLength", 16_000));
        AnswerConstraints constraints =
                new AnswerConstraints(TOKENIZER, VOCAB_SIZE, Set.of(STOP), false);

        TokenMask mask =
                assertTimeoutPreemptively(
                        Duration.ofSeconds(60), () -> constraints.of(request, () -> false).get());

        assertTrue(allows(mask, TOKENIZER.encodeOrdinary("<")[0]));
    }

    @Test
    void an_answer_that_shall_not_end_ends_only_where_its_format_does() {
        TokenMask mask =
                mask(
                        false,
                        answer ->
                                answer.ignoreEos(true)
                                        .format(new AnswerFormat.Regex("a?[ab]?", "regex")));
        int a = TOKENIZER.encodeOrdinary("a")[0];

        assertTrue(allows(mask, a));
        assertFalse(allows(mask, STOP), "more may come");
        mask.accept(a);
        assertFalse(allows(mask, STOP), "more may come");
        mask.accept(a);
        assertTrue(mask.isFinished());
    }

    private static TokenMask mask(boolean reasons, UnaryOperator<AnswerOptions.Builder> change) {
        return new AnswerConstraints(TOKENIZER, VOCAB_SIZE, Set.of(STOP), reasons)
                .of(
                        ChatRequest.of(
                                        List.of(Message.text(Role.USER, "hi")),
                                        SamplingParameters.GREEDY)
                                .withAnswer(change),
                        () -> false)
                .get();
    }

    /// Nothing but the tokens of these texts, one after another, may come; and they come.
    private static void assertForced(TokenMask mask, String... texts) {
        for (String text : texts) {
            for (int id : TOKENIZER.encodeOrdinary(text)) {
                assertEquals(List.of(id), allowed(mask), text);
                mask.accept(id);
            }
        }
    }

    private static boolean allows(TokenMask mask, int id) {
        long[] allowed = mask.allowed();
        return allowed == null || (allowed[id / 64] >> id % 64 & 1) == 1;
    }

    private static List<Integer> allowed(TokenMask mask) {
        List<Integer> ids = new ArrayList<>();
        for (int id = 0; id < VOCAB_SIZE; id++) {
            if (allows(mask, id)) {
                ids.add(id);
            }
        }
        return ids;
    }
}
