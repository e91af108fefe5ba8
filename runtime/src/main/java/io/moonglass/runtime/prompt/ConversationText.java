package io.moonglass.runtime.prompt;

import io.moonglass.loader.template.TemplateMessage;
import io.moonglass.loader.template.TemplatePart;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.answer.Reasoning;
import io.moonglass.runtime.media.TakenPart;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/// A conversation as a chat template takes it: what templates do not know, tools and formats, becomes text of
/// ordinary turns.
final class ConversationText {

    private final Iterator<TakenPart> media;

    private ConversationText(Iterator<TakenPart> media) {
        this.media = media;
    }

    /// @param media what the media of the conversation are shown as, in its order
    static List<TemplateMessage> of(
            Prompt.Conversation conversation, AnswerFormat format, List<TakenPart> media) {
        return new ConversationText(media.iterator()).turns(conversation, format);
    }

    private List<TemplateMessage> turns(Prompt.Conversation conversation, AnswerFormat format) {
        List<TemplateMessage> turns = new ArrayList<>();
        List<String> orders = orders(conversation.tools(), format);
        List<Message> messages = conversation.messages();
        boolean hasSystem = !messages.isEmpty() && messages.getFirst().role() == Role.SYSTEM;
        if (!orders.isEmpty()) {
            List<TemplatePart> system = new ArrayList<>();
            if (hasSystem) {
                system.addAll(parts(messages.getFirst()));
                system.add(new TemplatePart.Text("\n\n"));
            }
            system.add(new TemplatePart.Text(String.join("\n\n", orders)));
            turns.add(new TemplateMessage(Role.SYSTEM.templateName(), system));
        }
        List<Message> rest =
                hasSystem && !orders.isEmpty() ? messages.subList(1, messages.size()) : messages;
        rest.forEach(message ->
                turns.add(new TemplateMessage(message.role().templateName(), parts(message))));
        return turns;
    }

    /// What stands at the end of the first system turn, a paragraph each.
    private static List<String> orders(ToolUse tools, AnswerFormat format) {
        List<String> orders = new ArrayList<>();
        // an answer that must be a call is nothing else
        if (!(tools.choice() instanceof ToolUse.Choice.Required)) {
            ToolText.instruction(format).ifPresent(orders::add);
        }
        if (tools.isOffered()) {
            orders.add(ToolText.offer(tools.tools()));
        }
        return orders;
    }

    private List<TemplatePart> parts(Message message) {
        return switch (message.role()) {
            case SYSTEM, USER -> plain(message);
            case ASSISTANT -> assistant(message);
            case TOOL -> toolResult(message);
        };
    }

    private List<TemplatePart> plain(Message message) {
        return message.content().stream().flatMap(part -> part(part).stream()).toList();
    }

    /// Reasoning is taken out of what the assistant said earlier, though it may span several parts.
    private List<TemplatePart> assistant(Message message) {
        boolean onlyText =
                message.content().stream().allMatch(part -> part instanceof ContentPart.Text);
        List<TemplatePart> parts = new ArrayList<>();
        boolean saysSomething;
        if (onlyText) {
            String text =
                    message.content().stream()
                            .map(part -> ((ContentPart.Text) part).text())
                            .collect(Collectors.joining());
            String said = Reasoning.removedFrom(text);
            saysSomething = !said.isEmpty();
            parts.add(new TemplatePart.Text(said));
        } else {
            parts.addAll(plain(message));
            saysSomething = true;
        }
        for (ToolCall call : message.toolCalls()) {
            String separator = saysSomething ? "\n" : "";
            parts.add(new TemplatePart.Text(separator + ToolText.call(call)));
            saysSomething = true;
        }
        return parts;
    }

    private List<TemplatePart> toolResult(Message message) {
        List<TemplatePart> parts = new ArrayList<>();
        parts.add(new TemplatePart.Text(ToolText.resultOpening(message.tool().orElseThrow())));
        parts.addAll(plain(message));
        parts.add(new TemplatePart.Text(ToolText.RESULT_CLOSING));
        return parts;
    }

    private List<TemplatePart> part(ContentPart part) {
        return switch (part) {
            case ContentPart.Text(String text) -> List.of(new TemplatePart.Text(text));
            case ContentPart.Media _ -> shown(media.next());
        };
    }

    private static List<TemplatePart> shown(TakenPart taken) {
        List<TemplatePart> parts = new ArrayList<>();
        for (int i = 0; i < taken.images().size(); i++) {
            if (!taken.labels().isEmpty()) {
                parts.add(new TemplatePart.Text(taken.labels().get(i)));
            }
            parts.add(new TemplatePart.Image());
        }
        return parts;
    }
}
