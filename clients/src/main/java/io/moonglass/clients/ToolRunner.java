package io.moonglass.clients;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// Asks a model, calls the tools that it wants called, and tells it what came of them, until it answers.
record ToolRunner(MoonglassClient client, List<? extends Tool<?>> tools, int maxRounds) {

    /// @throws ToolRoundsExceededException if it calls tools in more rounds than it was given
    ToolAnswer run(ChatCompletionRequest request) {
        List<ChatMessage> said = new ArrayList<>();
        ChatCompletionRequest next = request.toBuilder().tools(tools).build();
        for (int round = 0; round <= maxRounds; round++) {
            ChatCompletion completion = client.chat(next);
            ChatCompletion.Answer answer = completion.choices().get(0).message();
            said.add(ChatMessage.assistant(answer));
            if (answer.toolCalls() == null || answer.toolCalls().isEmpty()) {
                return new ToolAnswer(completion, said);
            }
            if (round < maxRounds) {
                answer.toolCalls().forEach(call -> said.add(result(call)));
            }
            next = following(request, said);
        }
        throw new ToolRoundsExceededException(
                Fault.local(
                        "the model called tools in more than %d rounds; allow more, or fewer tools"
                                .formatted(maxRounds)));
    }

    /// A tool that has to be called has been by now; else the model could never answer.
    private ChatCompletionRequest following(ChatCompletionRequest request, List<ChatMessage> said) {
        Object choice = request.fields().get("tool_choice");
        return request.toBuilder()
                .tools(tools)
                .field("tool_choice", "none".equals(choice) ? choice : null)
                .messages(said)
                .build();
    }

    private ChatMessage result(ToolCall call) {
        String name = call.function().name();
        List<ContentPart> parts =
                tools.stream()
                        .filter(tool -> tool.name().equals(name))
                        .findFirst()
                        .map(tool -> result(tool, call.function().arguments()))
                        .orElseGet(() -> List.of(ContentPart.text(unknown(name))));
        return ChatMessage.toolResult(call.id(), parts);
    }

    private String unknown(String name) {
        return "Error: there is no tool %s; there are %s"
                .formatted(name, tools.stream().map(Tool::name).collect(Collectors.joining(", ")));
    }

    private static <A> List<ContentPart> result(Tool<A> tool, String arguments) {
        A read;
        try {
            read = tool.arguments().read(arguments);
        } catch (JsonProcessingException e) {
            return List.of(ContentPart.text("Error: " + e.getOriginalMessage()));
        }
        return parts(tool.function().call(read));
    }

    private static List<ContentPart> parts(Object result) {
        if (result instanceof ContentPart part) {
            return List.of(part);
        }
        if (result instanceof List<?> list
                && !list.isEmpty()
                && list.stream().allMatch(ContentPart.class::isInstance)) {
            return list.stream().map(ContentPart.class::cast).toList();
        }
        return List.of(
                ContentPart.text(
                        result instanceof String text
                                ? text
                                : Json.MAPPER.valueToTree(result).toString()));
    }
}
