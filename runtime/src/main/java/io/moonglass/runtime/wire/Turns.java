package io.moonglass.runtime.wire;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolCall;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The turns of a conversation as a request brings them. Some dialects tell of a tool's result by the id of its call
/// alone; so the names of the tools that were called are kept.
public final class Turns {

    private final List<Message> turns = new ArrayList<>();
    private final Map<String, String> toolNames = new HashMap<>();

    public void say(Role role, List<ContentPart> content) {
        turns.add(new Message(role, content));
    }

    /// A call of the assistant's, in the turn that it has begun or in one of its own.
    public void call(ToolCall call) {
        toolNames.put(call.id(), call.name());
        boolean goesOn = !turns.isEmpty() && turns.getLast().role() == Role.ASSISTANT;
        Message turn =
                goesOn ? turns.removeLast() : new Message(Role.ASSISTANT, List.<ContentPart>of());
        List<ToolCall> calls = new ArrayList<>(turn.toolCalls());
        calls.add(call);
        turns.add(new Message(Role.ASSISTANT, turn.content(), calls, Optional.empty()));
    }

    /// @param holder has the id of the call that this is the result of
    /// @throws InvalidRequestException if there was no such call
    public void toolResult(RequestFields holder, String idKey, List<ContentPart> content) {
        String tool = toolNames.get(holder.requiredString(idKey));
        if (tool == null) {
            throw holder.wrong(idKey, "the id of a call in an earlier turn");
        }
        toolResult(tool, content);
    }

    /// The same of a tool that is named.
    public void toolResult(String tool, List<ContentPart> content) {
        turns.add(Message.toolResult(tool, content));
    }

    public List<Message> messages() {
        return List.copyOf(turns);
    }

    public boolean isEmpty() {
        return turns.isEmpty();
    }
}
