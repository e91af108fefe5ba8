package io.moonglass.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.tokenizer.Tokenizer;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.ReasoningDelta;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.TokenScore;
import io.moonglass.runtime.Usage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AnswerStreamTest {

    private static final Tokenizer TOKENIZER = Tokenizer.read(TestModels.tinyRandom());
    private static final int STOP_TOKEN = TOKENIZER.specialId("<|im_end|>").orElseThrow();
    private static final int PROMPT_TOKENS = 30;
    private static final int IMAGE_TOKENS = 8;

    private final List<GenerationEvent> events = new ArrayList<>();

    @Test
    void text_comes_in_whole_characters() {
        int[] ids = TOKENIZER.encodeOrdinary("☾ö");
        assertTrue(ids.length > 2, "the test wants characters of several tokens");
        AnswerStream stream = stream(true);

        push(stream, ids);
        stream.finished(FinishReason.LENGTH);

        assertEquals(
                List.of(
                        new TextDelta("☾"),
                        new TextDelta("ö"),
                        finished(FinishReason.LENGTH, ids, 0)),
                events);
    }

    @Test
    void half_a_character_at_the_end_is_replaced() {
        int[] ids = TOKENIZER.encodeOrdinary("☾");
        int[] half = Arrays.copyOf(ids, ids.length - 1);
        AnswerStream stream = stream(true);

        push(stream, half);
        assertEquals(List.of(), events);
        stream.finished(FinishReason.LENGTH);

        assertEquals(
                List.of(new TextDelta("\uFFFD"), finished(FinishReason.LENGTH, half, 0)), events);
    }

    @Test
    void reasoning_comes_before_the_answer_and_is_counted() {
        int[] opening = TOKENIZER.encodeOrdinary("◁think▷");
        int[] thought = TOKENIZER.encodeOrdinary("why");
        int[] closing = TOKENIZER.encodeOrdinary("◁/think▷");
        int[] answer = TOKENIZER.encodeOrdinary("so");
        int[] all = joined(opening, thought, closing, answer);
        AnswerStream stream = stream(true);

        push(stream, all);
        stream.finished(FinishReason.STOP);

        assertEquals("why", text(ReasoningDelta.class));
        assertEquals("so", text(TextDelta.class));
        assertTrue(
                events.indexOf(firstOf(TextDelta.class))
                        > events.lastIndexOf(lastOf(ReasoningDelta.class)));
        // the token that completes the opening marker opens it
        assertEquals(
                finished(FinishReason.STOP, all, 1 + thought.length + closing.length),
                events.getLast());
    }

    @Test
    void a_stop_string_ends_the_generation_and_the_text_before_it() {
        int[] ids = TOKENIZER.encodeOrdinary("one. two");
        AnswerStream stream = stream(true, ".");

        int numAccepted = push(stream, ids);
        stream.finished(FinishReason.LENGTH);

        assertTrue(numAccepted < ids.length);
        assertEquals("one", text(TextDelta.class));
        int[] generated = Arrays.copyOf(ids, numAccepted);
        Finished stopped = finished(FinishReason.STOP, generated, 0);
        assertEquals(
                new Finished(
                        stopped.reason(), stopped.usage(), stopped.tokenIds(), Optional.of(".")),
                events.getLast());
    }

    @Test
    void a_stop_string_inside_the_reasoning_does_not_end_it() {
        int[] ids = TOKENIZER.encodeOrdinary("◁think▷a. b◁/think▷c. d");
        AnswerStream stream = stream(true, ".");

        push(stream, ids);
        stream.finished(FinishReason.STOP);

        assertEquals("a. b", text(ReasoningDelta.class));
        assertEquals("c", text(TextDelta.class));
    }

    @Test
    void text_held_back_for_a_stop_string_comes_with_the_end() {
        int[] ids = TOKENIZER.encodeOrdinary("yes\n");
        AnswerStream stream = stream(true, "\n\n");

        push(stream, ids);
        assertEquals("yes", text(TextDelta.class));
        stream.finished(FinishReason.LENGTH);

        assertEquals("yes\n", text(TextDelta.class));
        assertEquals(finished(FinishReason.LENGTH, ids, 0), events.getLast());
    }

    @Test
    void special_tokens_are_text_only_if_asked_for_and_ids_always() {
        int[] ids = joined(TOKENIZER.encodeOrdinary("hi"), TOKENIZER.encode("[BOS]"));
        AnswerStream without = stream(true);
        push(without, ids);
        without.finished(FinishReason.STOP);
        assertEquals("hi", text(TextDelta.class));
        assertEquals(finished(FinishReason.STOP, ids, 0), events.getLast());

        events.clear();
        AnswerStream with = stream(false);
        push(with, ids);
        with.finished(FinishReason.STOP);
        assertEquals("hi[BOS]", text(TextDelta.class));
        assertEquals(finished(FinishReason.STOP, ids, 0), events.getLast());
    }

    @Test
    void an_answer_without_text_has_an_end_alone() {
        AnswerStream stream = stream(true);

        stream.finished(FinishReason.CANCELLED);

        assertEquals(List.of(finished(FinishReason.CANCELLED, new int[0], 0)), events);
    }

    @Test
    void a_fault_is_told_with_its_cause() {
        IllegalStateException cause = new IllegalStateException("ours");
        AnswerStream stream = stream(true);

        stream.failed(cause);

        assertEquals(1, events.size());
        assertSame(cause, ((Failed) events.getFirst()).cause());
    }

    @Test
    void the_token_that_ends_the_answer_is_counted_but_is_no_text_of_it() {
        int other = TOKENIZER.specialId("[BOS]").orElseThrow();
        int[] ids = {other, STOP_TOKEN};
        AnswerStream stream = stream(false);

        push(stream, ids);
        stream.finished(FinishReason.STOP);

        assertEquals(List.of(new TextDelta("[BOS]"), finished(FinishReason.STOP, ids, 0)), events);
    }

    @Test
    void a_tokens_score_comes_with_its_text_and_those_of_a_stop_string_never() {
        int[] ids = TOKENIZER.encodeOrdinary("☾ one. two");
        AnswerStream stream = stream(true, ". t");

        for (int i = 0; i < ids.length && stream.accept(ids[i], logprobs(ids[i])); i++) {}
        stream.finished(FinishReason.STOP);

        StringBuilder scored = new StringBuilder();
        StringBuilder told = new StringBuilder();
        for (GenerationEvent event : events) {
            if (event instanceof TextDelta(String text, List<TokenScore> scores)) {
                told.append(text);
                int[] scoredIds = scores.stream().mapToInt(TokenScore::tokenId).toArray();
                scored.append(TOKENIZER.decode(scoredIds, true));
                assertTrue(scored.length() >= told.length(), "no text before its scores");
            }
        }
        assertEquals("☾ one", told.toString());
        assertEquals("☾ one", scored.toString());
    }

    @Test
    void all_text_has_scores_whether_or_not_it_looked_like_a_call() {
        String call = "<tool_call>{\"name\": \"look\", \"arguments\": {}}</tool_call>";
        String noCall = "<tool_call>{\"name\": \"fly\"}</tool_call>";
        int[] ids =
                joined(
                        TOKENIZER.encodeOrdinary("so " + noCall + " and"),
                        TOKENIZER.encodeOrdinary(call + "\n"),
                        TOKENIZER.encodeOrdinary(" then"));
        AnswerStream stream =
                stream(new AnswerShape(Set.of(), List.of(), Set.of("look"), true, true));

        for (int id : ids) {
            stream.accept(id, logprobs(id));
        }
        stream.finished(FinishReason.STOP);

        int[] scored =
                events.stream()
                        .filter(event -> event instanceof TextDelta)
                        .flatMap(event -> ((TextDelta) event).scores().stream())
                        .mapToInt(TokenScore::tokenId)
                        .toArray();
        assertEquals("so " + noCall + " and then", TOKENIZER.decode(scored, true));
    }

    @Test
    void an_alternative_is_told_with_its_bytes() {
        int[] ids = TOKENIZER.encodeOrdinary("a");
        AnswerStream stream = stream(true);

        stream.accept(
                ids[0], new TokenLogprobs(-0.5f, 2, new int[] {STOP_TOKEN}, new float[] {-0.25f}));

        TextDelta delta = (TextDelta) events.getFirst();
        TokenScore score = delta.scores().getFirst();
        assertEquals(-0.5f, score.logprob());
        assertEquals(2, score.rank());
        assertArrayEquals("a".getBytes(), score.bytes());
        TokenScore likeliest = score.top().getFirst();
        assertEquals(-0.25f, likeliest.logprob());
        assertArrayEquals("<|im_end|>".getBytes(), likeliest.bytes());
    }

    @Test
    void the_prompts_scores_are_told_once_before_the_answer() {
        AnswerStream stream = stream(true);

        stream.promptScored(1, logprobs(0));
        stream.promptScored(3, logprobs(0));
        stream.promptComputed(0);

        List<Optional<TokenScore>> scores =
                ((GenerationEvent.PromptScored) events.getFirst()).scores();
        assertEquals(
                List.of(false, true, false, true),
                scores.stream().map(Optional::isPresent).toList());
    }

    private static TokenLogprobs logprobs(int tokenId) {
        return new TokenLogprobs(-1, 1, new int[] {tokenId}, new float[] {-1});
    }

    private AnswerStream stream(boolean skipSpecial, String... stops) {
        return stream(
                new AnswerShape(Set.of(STOP_TOKEN), List.of(stops), Set.of(), true, skipSpecial));
    }

    private AnswerStream stream(AnswerShape shape) {
        return new AnswerStream(
                TOKENIZER,
                shape,
                new int[PROMPT_TOKENS],
                new PromptSize(PROMPT_TOKENS, IMAGE_TOKENS, 0, List.of(), List.of()),
                events::add);
    }

    /// As an engine does: until the stream has enough.
    private static int push(AnswerStream stream, int[] ids) {
        for (int i = 0; i < ids.length; i++) {
            if (!stream.accept(ids[i], null)) {
                return i + 1;
            }
        }
        return ids.length;
    }

    private static Finished finished(FinishReason reason, int[] ids, int reasoningTokens) {
        return new Finished(
                reason,
                new Usage(PROMPT_TOKENS, IMAGE_TOKENS, 0, 0, ids.length, reasoningTokens),
                Arrays.stream(ids).boxed().toList());
    }

    private String text(Class<? extends GenerationEvent> kind) {
        return events.stream()
                .filter(kind::isInstance)
                .map(event ->
                        event instanceof TextDelta(String text, _)
                                ? text
                                : ((ReasoningDelta) event).text())
                .collect(Collectors.joining());
    }

    private GenerationEvent firstOf(Class<? extends GenerationEvent> kind) {
        return events.stream().filter(kind::isInstance).findFirst().orElseThrow();
    }

    private GenerationEvent lastOf(Class<? extends GenerationEvent> kind) {
        return events.reversed().stream().filter(kind::isInstance).findFirst().orElseThrow();
    }

    private static int[] joined(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }
}
