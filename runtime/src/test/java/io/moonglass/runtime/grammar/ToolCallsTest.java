package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.InvalidRequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ToolCallsTest {

    private static final String CALL =
            "<tool_call>{\"name\": \"look\", \"arguments\": {\"at\": \"x\"}}</tool_call>";
    private static final String OTHER =
            "<tool_call>{\"name\": \"wait\", \"arguments\": {}}</tool_call>";

    private static final List<CallableTool> TOOLS =
            List.of(
                    new CallableTool(
                            "look",
                            json(
                                    "{\"properties\": {\"at\": {\"type\": \"string\"}}, \"required\": [\"at\"]}"),
                            "tools[0].function.parameters"),
                    new CallableTool("wait", null, "tools[1].function.parameters"));

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Grammar calls(boolean required, boolean parallel) {
        return Grammar.toolCalls(TOOLS, required, parallel, "tools", GrammarLimits.standard());
    }

    @Test
    void a_required_call_is_one_of_the_tools_with_arguments_that_are_valid() {
        Grammar grammar = calls(true, false);
        assertTrue(Answers.meets(grammar, CALL));
        assertTrue(Answers.meets(grammar, OTHER));
        assertTrue(Answers.meets(grammar, CALL.replace(": ", ":").replace(", ", ",")));
        assertFalse(Answers.meets(grammar, CALL.replace("look", "jump")));
        assertFalse(Answers.meets(grammar, CALL.replace("\"x\"", "1")));
        assertFalse(Answers.canBegin(grammar, "Hello"));
        assertFalse(Answers.canBegin(grammar, CALL + "\n"));
        assertTrue(Answers.after(grammar, CALL.getBytes()).isFinished());
    }

    @Test
    void parallel_calls_are_lines() {
        Grammar grammar = calls(true, true);
        assertTrue(Answers.meets(grammar, CALL + "\n" + OTHER));
        assertFalse(Answers.meets(grammar, CALL + "\n"));
        assertFalse(Answers.meets(grammar, CALL + OTHER));
        assertFalse(Answers.canBegin(grammar, (CALL + "\n").repeat(64)));
    }

    @Test
    void free_text_may_be_anything_that_does_not_begin_with_a_call() {
        Grammar grammar = calls(false, true);
        for (String text :
                List.of(
                        "",
                        "Hello <tool_call>",
                        "<",
                        "<tool_cal",
                        "<tool_calls>",
                        "\n😀\u0000",
                        CALL)) {
            assertTrue(Answers.meets(grammar, text), text);
        }
        assertFalse(Answers.canBegin(grammar, "<tool_call>x"));
        assertFalse(Answers.meets(grammar, "<tool_call>"));
    }

    @Test
    void every_draw_is_a_call() {
        Random random = new Random(11);
        Grammar grammar = calls(true, true);
        for (int i = 0; i < 30; i++) {
            assertTrue(Answers.meets(grammar, Answers.draw(grammar, random, 60)));
        }
    }

    @Test
    void a_wrong_schema_is_refused_where_it_stands() {
        CallableTool tool =
                new CallableTool(
                        "f", json("{\"type\": \"array\"}"), "tools[0].function.parameters");
        InvalidRequestException refused =
                assertThrows(
                        InvalidRequestException.class,
                        () ->
                                Grammar.toolCalls(
                                        List.of(tool),
                                        true,
                                        false,
                                        "tools",
                                        GrammarLimits.standard()));
        assertEquals("tools[0].function.parameters", refused.param());
    }
}
