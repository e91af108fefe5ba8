package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What a mask costs on a vocabulary of 163,840 tokens. A step of the full model takes 45 ms.
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
public class GrammarBenchmark {

    private static final String SCHEMA =
            """
            {"type": "object", "additionalProperties": false, "required": ["title", "count", "items"], "properties": {
              "title": {"type": "string"}, "summary": {"type": "string", "maxLength": 2000},
              "count": {"type": "integer", "minimum": 0, "maximum": 100000},
              "items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
             "$defs": {"item": {"type": "object", "additionalProperties": false, "required": ["name", "parts"], "properties": {
              "name": {"enum": ["red", "green", "blue"]}, "parts": {"type": "array", "items": {"$ref": "#/$defs/item"}}}}}}
            """;

    /// Where in an answer the mask is asked for.
    public enum Place {
        STRING("{\"title\": \"A red"),
        BOUNDED_STRING("{\"title\": \"A\", \"summary\": \"There is"),
        STRUCTURE("{\"title\": \"A\","),
        NUMBER("{\"title\": \"A\", \"count\": 12"),
        NESTED_ENUM(
                "{\"title\": \"A\", \"count\": 12, \"items\": [{\"name\": \"red\", \"parts\": [{\"name\": \""),
        ANY_OBJECT("{\"a\": [1, {\"b\": \"x"),
        FREE_TEXT("The picture"),
        COUNTED_CLASS("aab"),
        HOSTILE("ab".repeat(150));

        private final String text;

        Place(String text) {
            this.text = text;
        }

        private Rules rules() throws Exception {
            GrammarLimits limits = GrammarLimits.standard();
            Compilation compilation = new Compilation("grammar", limits);
            return switch (this) {
                case STRING, BOUNDED_STRING, STRUCTURE, NUMBER, NESTED_ENUM -> {
                    Rules rules = new Rules(compilation, "schema");
                    SchemaDocument document =
                            new SchemaDocument(
                                    compilation, new ObjectMapper().readTree(SCHEMA), "schema");
                    rules.define(
                            Rules.ROOT,
                            new SchemaCompiler(rules, document, new AnyJson(rules)).compile());
                    yield rules;
                }
                case ANY_OBJECT -> {
                    Rules rules = new Rules(compilation, "schema");
                    rules.define(Rules.ROOT, new AnyJson(rules).object());
                    yield rules;
                }
                case FREE_TEXT ->
                        ToolCallRules.of(
                                compilation,
                                List.of(new CallableTool("look", null, "tools")),
                                false,
                                true);
                case COUNTED_CLASS ->
                        Rules.of(compilation, Regex.whole(compilation, "regex", "[^q]{0,2000}"));
                case HOSTILE ->
                        Rules.of(
                                compilation,
                                Regex.whole(compilation, "regex", "(.|b)*a(.|b){2000}"));
            };
        }
    }

    @Param public Place place;

    private TokenMasks masks;
    private Program program;
    private Automaton known;
    private io.moonglass.runtime.grammar.State knownState;
    private Automaton fresh;
    private io.moonglass.runtime.grammar.State freshState;
    private int tokenId;

    @Setup
    public void prepare() throws Exception {
        Tokenizer tokenizer = LargeVocabulary.tokenizer();
        masks =
                new TokenMasks(
                        tokenizer,
                        LargeVocabulary.VOCAB_SIZE,
                        Set.of(LargeVocabulary.NUM_BASE_TOKENS + 1));
        Rules rules = place.rules();
        program = ProgramBuilder.build(rules);
        known = new Automaton(program, 256);
        knownState = stateOf(known);
        long[] mask = masks.allowed(known, knownState);
        int count = 0;
        for (int id = 0; id < LargeVocabulary.NUM_BASE_TOKENS; id++) {
            if ((mask[id / 64] >> id & 1) == 1) {
                count++;
                tokenId = id;
            }
        }
        System.out.printf("%s: %,d tokens may come%n", place, count);
    }

    /// Both states of a pair are found anew for each measurement of [#firstVisit()].
    @Setup(Level.Invocation)
    public void forget() {
        fresh = new Automaton(program, 256);
        freshState = stateOf(fresh);
    }

    private io.moonglass.runtime.grammar.State stateOf(Automaton automaton) {
        io.moonglass.runtime.grammar.State state = automaton.start();
        for (byte value : place.text.getBytes(StandardCharsets.UTF_8)) {
            state = automaton.nextByte(state, value & 0xff);
        }
        return state;
    }

    /// Nothing is known but the compiled grammar.
    @Benchmark
    public long[] firstVisit() {
        return masks.find(fresh, freshState);
    }

    /// The states around are known, the mask is not.
    @Benchmark
    public long[] newMask() {
        return masks.find(known, knownState);
    }

    /// The mask is known.
    @Benchmark
    public long[] cachedMask() {
        return masks.allowed(known, knownState);
    }

    /// The step that a token takes.
    @Benchmark
    public Object accept() {
        GrammarMask mask = new GrammarMask(masks, known, knownState);
        mask.accept(tokenId);
        return mask;
    }
}
