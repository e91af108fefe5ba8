package io.moonglass.runtime.grammar;

import io.moonglass.engine.TokenMask;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;

/// Answers by the test model's tokenizer, held to grammars.
final class Answers {

    static final Tokenizer TOKENIZER = Tokenizer.read(TestModels.tinyRandom());
    static final int VOCAB_SIZE = TOKENIZER.vocabularySize() - 2;
    static final int STOP = TOKENIZER.specialId("[EOS]").orElseThrow();
    static final TokenMasks MASKS = new TokenMasks(TOKENIZER, VOCAB_SIZE, Set.of(STOP));

    private Answers() {}

    /// Whether a text is a whole sentence.
    static boolean meets(Grammar grammar, String text) {
        return meets(grammar, text.getBytes(StandardCharsets.UTF_8));
    }

    static boolean meets(Grammar grammar, byte[] text) {
        return after(grammar, text).accepting;
    }

    /// Whether a sentence may begin so.
    static boolean canBegin(Grammar grammar, String text) {
        return !after(grammar, text.getBytes(StandardCharsets.UTF_8)).isDead();
    }

    static State after(Grammar grammar, byte[] text) {
        State state = grammar.automaton().start();
        for (byte value : text) {
            state = grammar.automaton().nextByte(state, value & 0xff);
        }
        return state;
    }

    /// A sentence of tokens that are drawn from the masks; after some, the next way to an end is taken.
    static byte[] draw(Grammar grammar, Random random, int maxTokens) {
        GrammarMask mask = (GrammarMask) MASKS.begin(grammar);
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = 0; i < maxTokens && !mask.isFinished(); i++) {
            int token = any(mask, random);
            mask.accept(token);
            if (token != STOP) {
                text.writeBytes(TOKENIZER.tokenBytes(token));
            }
        }
        if (!mask.isFinished()) {
            text.writeBytes(shortestEnd(grammar.automaton(), mask.state()));
        }
        return text.toByteArray();
    }

    static int any(TokenMask mask, Random random) {
        List<Integer> tokens = tokens(mask.allowed());
        return tokens.get(random.nextInt(tokens.size()));
    }

    static List<Integer> tokens(long[] mask) {
        List<Integer> tokens = new ArrayList<>();
        for (int id = 0; id < VOCAB_SIZE; id++) {
            if ((mask[id / 64] >> (id % 64) & 1) == 1) {
                tokens.add(id);
            }
        }
        return tokens;
    }

    /// A way from a state to a sentence's end, one of the shallowest stacks' first.
    static byte[] shortestEnd(Automaton automaton, State from) {
        record Way(State state, Way before, int value, int length) {

            int cost() {
                int depth = state.nodes.length == 0 ? 0 : Integer.MAX_VALUE;
                for (StackNode node : state.nodes) {
                    depth = Math.min(depth, node.depth);
                }
                return 8 * depth + length;
            }
        }
        PriorityQueue<Way> waiting = new PriorityQueue<>(Comparator.comparingInt(Way::cost));
        Set<State> seen = new HashSet<>();
        waiting.add(new Way(from, null, 0, 0));
        while (!waiting.isEmpty()) {
            Way way = waiting.remove();
            if (way.state.accepting) {
                Deque<Integer> values = new ArrayDeque<>();
                for (Way at = way; at.before != null; at = at.before) {
                    values.push(at.value);
                }
                byte[] bytes = new byte[values.size()];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) (int) values.pop();
                }
                return bytes;
            }
            if (seen.add(way.state)) {
                for (int c = 0; c < automaton.numClasses(); c++) {
                    State next = automaton.next(way.state, c);
                    if (!next.isDead()) {
                        waiting.add(
                                new Way(next, way, automaton.representative(c), way.length + 1));
                    }
                }
            }
        }
        throw new AssertionError("a dead end");
    }
}
