package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GbnfTest {

    private static final String ARITHMETIC =
            """
            # Sums of products.
            root  ::= (expr "=" ws term "\\n")+
            expr  ::= term ([-+*/] term)*
            term  ::= ident | num | "(" ws (
                        expr  # and back
                      ) ")" ws
            ident ::= [a-z] [a-z0-9_]* ws
            num   ::= [0-9]+ ws
            ws    ::= [ \\t\\n]*
            """;

    private static Grammar gbnf(String grammar) {
        return Grammar.gbnf(grammar, "grammar", GrammarLimits.standard());
    }

    @Test
    void recursive_rules_nest() {
        Grammar grammar = gbnf(ARITHMETIC);
        assertTrue(Answers.meets(grammar, "((a+1)*(b2 -3))= x\n"));
        assertFalse(Answers.meets(grammar, "((a+1)*(b2 -3)= x\n"));
        assertFalse(Answers.canBegin(grammar, "(a))"));
    }

    @Test
    void literals_classes_counts_and_escapes_mean_what_they_mean_in_llama_cpp() {
        Grammar grammar =
                gbnf(
                        "root ::= \"\\x41\\u00e9\\U0001F600\\\"\" [^\\x00-\\x7F]{1,2} . opt? | \n  \"z\"{2}\nopt ::= \"]\" | [\\]\\-a]{2,}");
        assertTrue(Answers.meets(grammar, "Aé😀\"中\n"));
        assertTrue(Answers.meets(grammar, "Aé😀\"中中x]"));
        assertTrue(Answers.meets(grammar, "Aé😀\"中x]-a"));
        assertFalse(Answers.meets(grammar, "Aé😀\"ax"));
        assertTrue(Answers.meets(grammar, "zz"));
        assertFalse(Answers.meets(grammar, "zzz"));
    }

    @Test
    void an_ambiguous_grammar_takes_no_longer_for_it() {
        Grammar grammar =
                gbnf(
                        "root ::= s\ns ::= \"(\" s \")\" | \"(\" s \"]\" | \"a\" s | \"a\" | \"a\" s s");
        assertTrue(Answers.meets(grammar, "(".repeat(100) + "a".repeat(100) + ")]".repeat(50)));
        assertFalse(Answers.canBegin(grammar, "(".repeat(20) + "a" + ")".repeat(21)));
    }

    @Test
    void nesting_ends_before_its_limit_and_can_always_be_closed() {
        Grammar grammar = gbnf("root ::= \"[\" root? \"]\"");
        String deep = "[".repeat(255);
        assertTrue(Answers.canBegin(grammar, deep));
        assertFalse(Answers.canBegin(grammar, "[".repeat(1000)));
        State state = Answers.after(grammar, new byte[0]);
        int depth = 0;
        for (State next; !(next = grammar.automaton().nextByte(state, '[')).isDead(); depth++) {
            state = next;
        }
        for (; depth > 0; depth--) {
            state = grammar.automaton().nextByte(state, ']');
        }
        assertTrue(state.isFinished());
    }

    @Test
    void a_list_that_ends_with_itself_has_no_depth() {
        Grammar grammar = gbnf("root ::= item | item \",\" root\nitem ::= [a-z]+");
        assertTrue(Answers.meets(grammar, "ab,".repeat(2000) + "c"));
    }

    @Test
    void every_draw_meets_its_grammar() {
        Grammar grammar = gbnf(ARITHMETIC);
        Random random = new Random(3);
        for (int i = 0; i < 50; i++) {
            assertTrue(Answers.meets(grammar, Answers.draw(grammar, random, 40)));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "root ::= a~line 1: there is no rule \"a\"",
                "x ::= \"a\"~no rule root",
                "root ::= root \"a\" | \"b\"~begins with itself",
                "root ::= x? root \"a\" | \"b\"$x ::= \"c\"~begins with itself",
                "root ::= \"a\"$root ::= \"b\"~line 2: rule \"root\" stands in line 1 already",
                "root ::= \"a~line 1: a literal that is not closed",
                "root ::= [a~line 1: a class that is not closed",
                "root ::= (\"a\"~line 1: the group that line 1 opens is not closed",
                "root ::= \"a\"{1000000}~more than 16,384 times",
                "root ::= \"a\"**~nothing to repeat",
                "root = \"a\"~want ::=",
                "root ::= \"\\q\"~no such escape",
                "root ::= \"a\" root~always holds another one of itself",
                "root ::= <think>~tokens are not supported",
                "root ::= \"\\uD800\"~half of a surrogate pair"
            })
    void what_is_wrong_is_refused_by_line_and_rule(String grammar, String message) {
        InvalidRequestException refused =
                assertThrows(InvalidRequestException.class, () -> gbnf(grammar.replace('$', '\n')));
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
        assertEquals("grammar", refused.param());
    }
}
