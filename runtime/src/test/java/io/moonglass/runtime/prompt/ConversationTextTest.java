package io.moonglass.runtime.prompt;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.template.TemplateMessage;
import io.moonglass.loader.template.TemplatePart;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.media.ImageInput;
import io.moonglass.runtime.media.TakenPart;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.Picture;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ConversationTextTest {

    private static final AnswerFormat FREE = new AnswerFormat.FreeText();
    private static final Message QUESTION = Message.text(Role.USER, "Wake me in 3 minutes.");
    private static final String OFFER =
            "You can call tools. To call one, answer with exactly one line per call:\n"
                    + "<tool_call>{\"name\": NAME, \"arguments\": {...}}</tool_call>\n"
                    + "Tools:\n"
                    + "{\"name\":\"set_timer\",\"description\":\"Starts a timer\",\"parameters\":{\"type\":\"object\",\"properties\":{\"minutes\":{\"type\":\"integer\"}},\"required\":[\"minutes\"]}}\n"
                    + "{\"name\":\"get_time\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}";

    @Test
    void tools_are_offered_in_a_system_turn_word_for_word() {
        List<TemplateMessage> turns = turns(tools(new ToolUse.Choice.Auto()), FREE, QUESTION);

        assertEquals(List.of("system: " + OFFER, "user: Wake me in 3 minutes."), told(turns));
    }

    @Test
    void the_callers_own_system_text_comes_first() {
        List<TemplateMessage> turns =
                turns(
                        tools(new ToolUse.Choice.Auto()),
                        FREE,
                        Message.text(Role.SYSTEM, "Be brief."),
                        QUESTION);

        assertEquals("system: Be brief.\n\n" + OFFER, told(turns).getFirst());
        assertEquals(2, turns.size());
    }

    @Test
    void tools_that_may_not_be_called_are_not_shown() {
        List<TemplateMessage> turns = turns(tools(new ToolUse.Choice.Never()), FREE, QUESTION);

        assertEquals(List.of("user: Wake me in 3 minutes."), told(turns));
    }

    @Test
    void calls_and_results_are_lines_and_turns() {
        Message call =
                new Message(
                        Role.ASSISTANT,
                        List.of(),
                        List.of(
                                new ToolCall("a", "set_timer", "{\"minutes\":3,\"x\":[1,2]}"),
                                new ToolCall("b", "get_time", "{}")),
                        Optional.empty());
        Message result =
                Message.toolResult(
                        "set_timer",
                        List.of(new ContentPart.Text("see"), ContentPart.Picture.at("data:,")));

        List<String> told = told(turns(ToolUse.NONE, FREE, QUESTION, call, result));

        assertEquals(
                "assistant: <tool_call>{\"name\": \"set_timer\", \"arguments\": {\"minutes\": 3, \"x\": [1, 2]}}</tool_call>\n"
                        + "<tool_call>{\"name\": \"get_time\", \"arguments\": {}}</tool_call>",
                told.get(1));
        assertEquals(
                "user: <tool_result name=\"set_timer\">\nsee[picture]\n</tool_result>",
                told.get(2));
    }

    @Test
    void what_was_said_before_a_call_stands_on_a_line_of_its_own_and_thoughts_are_dropped() {
        Message call =
                new Message(
                        Role.ASSISTANT,
                        List.of(new ContentPart.Text("◁think▷hm◁/think▷I will.")),
                        List.of(new ToolCall("a", "get_time", "{}")),
                        Optional.empty());

        assertEquals(
                "assistant: I will.\n<tool_call>{\"name\": \"get_time\", \"arguments\": {}}</tool_call>",
                told(turns(ToolUse.NONE, FREE, call)).getFirst());
    }

    @Test
    void a_call_without_words_is_read_again_as_it_was_written() {
        for (String nothing : List.of("", "◁think▷hm◁/think▷")) {
            Message call =
                    new Message(
                            Role.ASSISTANT,
                            List.of(new ContentPart.Text(nothing)),
                            List.of(new ToolCall("a", "get_time", "{}")),
                            Optional.empty());

            assertEquals(
                    "assistant: <tool_call>{\"name\": \"get_time\", \"arguments\": {}}</tool_call>",
                    told(turns(ToolUse.NONE, FREE, call)).getFirst());
        }
    }

    @Test
    void formats_are_told_word_for_word() throws Exception {
        JsonNode schema = new ObjectMapper().readTree("{\"type\": \"object\"}");

        assertEquals(
                "system: Answer with one JSON object and nothing else.",
                told(turns(ToolUse.NONE, new AnswerFormat.JsonObject(), QUESTION)).getFirst());
        assertEquals(
                "system: Answer with one JSON object and nothing else. Schema: {\"type\":\"object\"}",
                told(turns(ToolUse.NONE, new AnswerFormat.JsonSchema(schema, ""), QUESTION))
                        .getFirst());
    }

    @Test
    void an_answer_that_must_be_a_call_has_no_other_format() {
        ToolUse required = tools(new ToolUse.Choice.Required(List.of("get_time")));

        List<TemplateMessage> turns = turns(required, new AnswerFormat.JsonObject(), QUESTION);

        assertEquals("system: " + OFFER, told(turns).getFirst());
    }

    private static ToolUse tools(ToolUse.Choice choice) {
        return new ToolUse(
                List.of(
                        new Tool(
                                "set_timer",
                                Optional.of("Starts a timer"),
                                Optional.of(schema()),
                                false,
                                ""),
                        new Tool("get_time", Optional.empty(), Optional.empty(), false, "")),
                choice,
                true);
    }

    private static JsonNode schema() {
        try {
            return new ObjectMapper()
                    .readTree(
                            "{\"type\":\"object\",\"properties\":{\"minutes\":{\"type\":\"integer\"}},\"required\":[\"minutes\"]}");
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<TemplateMessage> turns(
            ToolUse tools, AnswerFormat format, Message... messages) {
        return ConversationText.of(
                new Prompt.Conversation(List.of(messages), tools), format, taken(messages));
    }

    /// A picture that nobody looks at.
    private record StillToDecode(int width, int height) implements EncodedPicture {

        @Override
        public Picture decode() {
            throw new AssertionError("a prompt's text needs no pixels");
        }
    }

    /// Every picture is shown as itself.
    private static List<TakenPart> taken(Message... messages) {
        EncodedPicture unread = new StillToDecode(28, 28);
        ImageInput image =
                new ImageInput(
                        "here",
                        unread,
                        new DigestBuilder().build(),
                        new FittedSize(28, 28, 28, 28, 2, 2));
        TakenPart picture = new TakenPart(List.of(image), List.of(), Optional.empty());
        return Stream.of(messages)
                .flatMap(message -> message.content().stream())
                .filter(ContentPart.Media.class::isInstance)
                .map(_ -> picture)
                .toList();
    }

    private static List<String> told(List<TemplateMessage> turns) {
        return turns.stream()
                .map(turn -> {
                    StringBuilder text = new StringBuilder(turn.role() + ": ");
                    for (TemplatePart part : turn.content()) {
                        switch (part) {
                            case TemplatePart.Text(String more) -> text.append(more);
                            case TemplatePart.Image() -> text.append("[picture]");
                        }
                    }
                    return text.toString();
                })
                .toList();
    }
}
