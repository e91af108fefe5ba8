package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenMasksTest {

    private static final GrammarLimits LIMITS = GrammarLimits.standard();
    private static final GrammarLimits ENDLESS =
            new GrammarLimits(1, 1, 1, 1, 1, 1, 1, Duration.ofDays(1));

    private static List<Grammar> grammars() throws Exception {
        return List.of(
                Grammar.jsonObject(LIMITS),
                Grammar.jsonSchema(
                        new ObjectMapper()
                                .readTree(
                                        "{\"properties\":{\"text\":{\"type\":\"string\",\"maxLength\":40},\"n\":{\"type\":\"number\"}},\"additionalProperties\":{\"type\":\"string\"}}"),
                        "s",
                        LIMITS),
                Grammar.regex(".{0,30}|[^<]*<b>", "r", LIMITS),
                Grammar.regex("(?:[a-z]+ ?){1,9}", "r", LIMITS),
                Grammar.gbnf(
                        "root ::= [^\"]* \"\\\"\" root2\nroot2 ::= \"(\" root2 \")\" | .",
                        "g",
                        LIMITS),
                Grammar.toolCalls(
                        List.of(new CallableTool("f", null, "t")), false, true, "t", LIMITS));
    }

    @Test
    void a_token_is_allowed_exactly_if_its_bytes_go_on_in_the_grammar() throws Exception {
        Random random = new Random(1);
        for (Grammar grammar : grammars()) {
            GrammarMask mask = (GrammarMask) Answers.MASKS.begin(grammar);
            for (int step = 0; step < 60 && !mask.isFinished(); step++) {
                Set<Integer> allowed = Set.copyOf(Answers.tokens(mask.allowed()));
                for (int id = 0; id < Answers.VOCAB_SIZE; id++) {
                    boolean goesOn =
                            id == Answers.STOP
                                    ? mask.state().accepting
                                    : !Answers.TOKENIZER.isSpecial(id)
                                            && goesOn(
                                                    grammar,
                                                    mask.state(),
                                                    Answers.TOKENIZER.tokenBytes(id));
                    assertEquals(goesOn, allowed.contains(id), "token " + id);
                }
                mask.accept(Answers.any(mask, random));
            }
        }
    }

    private static boolean goesOn(Grammar grammar, State state, byte[] bytes) {
        State at = state;
        for (byte value : bytes) {
            at = grammar.automaton().nextByte(at, value & 0xff);
        }
        return !at.isDead();
    }

    @Test
    void a_token_is_allowed_exactly_if_some_text_of_a_choice_begins_so() {
        List<String> texts = List.of("red", "reddish", "rouge", "été", "étude", "中国", "中", "a b");
        Grammar grammar = Grammar.choice(texts, "choice", LIMITS);
        Random random = new Random(2);
        for (int i = 0; i < 40; i++) {
            GrammarMask mask = (GrammarMask) Answers.MASKS.begin(grammar);
            String soFar = "";
            while (!mask.isFinished()) {
                Set<Integer> allowed = Set.copyOf(Answers.tokens(mask.allowed()));
                for (int id = 0; id < Answers.TOKENIZER.numBaseTokens(); id++) {
                    String longer = soFar + latin(Answers.TOKENIZER.tokenBytes(id));
                    boolean begins =
                            texts.stream().anyMatch(text -> latin(text).startsWith(longer));
                    assertEquals(begins, allowed.contains(id), longer);
                }
                String whole = soFar;
                assertEquals(
                        texts.stream().anyMatch(text -> latin(text).equals(whole)),
                        allowed.contains(Answers.STOP));
                int token = Answers.any(mask, random);
                mask.accept(token);
                soFar += token == Answers.STOP ? "" : latin(Answers.TOKENIZER.tokenBytes(token));
            }
        }
    }

    /// Bytes as characters.
    private static String latin(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String latin(String text) {
        return latin(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void every_draw_is_utf_8() throws Exception {
        Random random = new Random(4);
        Grammar grammar = Grammar.regex("[^a]{0,60}", "r", LIMITS);
        for (int i = 0; i < 50; i++) {
            byte[] answer = Answers.draw(grammar, random, 30);
            assertArrayEquals(
                    answer,
                    new String(answer, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8));
        }
    }

    @Test
    void the_mask_of_a_state_is_found_once() {
        Grammar grammar = Grammar.regex("a*", "r", LIMITS);
        long[] first = Answers.MASKS.begin(grammar).allowed();
        assertSame(first, Answers.MASKS.begin(grammar).allowed());
    }

    @Test
    void a_mask_does_not_keep_the_states_of_a_grammar_that_nobody_uses() throws Exception {
        WeakReference<StateTable> states = statesBehindAMask();
        for (int i = 0; i < 100 && states.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertNull(states.get());
    }

    private static WeakReference<StateTable> statesBehindAMask() {
        GrammarMask mask =
                (GrammarMask) Answers.MASKS.begin(Grammar.regex("[a-y]{1,99}z", "r", LIMITS));
        assertTrue(mask.allowed().length > 0);
        return new WeakReference<>(mask.state().table);
    }

    @Test
    void equal_grammars_are_compiled_once() {
        GrammarCache cache = new GrammarCache(LIMITS);
        BooleanSupplier never = () -> false;
        Grammar regex = cache.regex("a+", "x", never);
        assertSame(regex, cache.regex("a+", "y", never));
        assertFalse(regex == cache.choice(List.of("a+"), "x", never));
        assertFalse(
                cache.choice(List.of("1", "2"), "x", never)
                        == cache.choice(List.of("11:2"), "x", never));
    }

    @Test
    void a_grammar_that_nobody_waits_for_any_more_is_given_up() {
        AtomicInteger numAsked = new AtomicInteger();
        Supplier<Grammar> endless =
                () -> {
                    Compilation compilation = new Compilation("x", ENDLESS);
                    while (true) {
                        compilation.checkTime();
                    }
                };
        assertTimeoutPreemptively(
                Duration.ofSeconds(60),
                () -> {
                    // more of them than there are threads
                    for (int i = 0; i < 8; i++) {
                        assertThrows(
                                CancellationException.class,
                                () ->
                                        CompilationThreads.run(
                                                endless,
                                                () -> numAsked.incrementAndGet() % 3 == 0));
                    }
                    new GrammarCache(LIMITS).regex("a+", "x", () -> false);
                });
    }

    @Test
    void a_token_that_is_not_allowed_is_told_from_one_that_is() {
        var mask = Answers.MASKS.begin(Grammar.regex("a", "r", LIMITS));
        int wrong = Answers.TOKENIZER.encodeOrdinary("b")[0];
        assertThrows(IllegalArgumentException.class, () -> mask.accept(wrong));
    }

    @Test
    void a_vocabulary_without_all_bytes_is_refused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new TokenMasks(Answers.TOKENIZER, 100, Set.of()));
    }

    @Test
    void threads_find_the_same_masks() throws Exception {
        List<Grammar> shared = grammars();
        List<Grammar> own = grammars();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<List<byte[]>>> tasks = new ArrayList<>();
            IntStream.range(0, 8).forEach(_ -> tasks.add(() -> draws(shared)));
            List<byte[]> expected = draws(own);
            for (Future<List<byte[]>> future : threads.invokeAll(tasks)) {
                for (int i = 0; i < expected.size(); i++) {
                    assertArrayEquals(expected.get(i), future.get().get(i));
                }
            }
        }
    }

    private static List<byte[]> draws(List<Grammar> grammars) {
        Random random = new Random(9);
        return grammars.stream().map(grammar -> Answers.draw(grammar, random, 40)).toList();
    }

    @Test
    void an_answer_goes_on_when_its_grammar_begins_a_new_table_of_states() {
        Rules rules =
                GbnfParser.parse(new Compilation("g", LIMITS), "root ::= \"(\" root \")\" | \"c\"");
        Automaton automaton = new Automaton(ProgramBuilder.build(rules), 256, 1000);
        GrammarMask mask = new GrammarMask(Answers.MASKS, automaton, automaton.start());
        Set<StateTable> tables = new HashSet<>();
        for (String sign : ("(".repeat(100) + "c" + ")".repeat(100)).split("")) {
            assertFalse(mask.isFinished());
            mask.accept(Answers.TOKENIZER.encodeOrdinary(sign)[0]);
            tables.add(mask.state().table);
        }
        assertTrue(mask.isFinished());
        assertTrue(tables.size() > 10, "tables: " + tables.size());
    }
}
