package io.moonglass.loader.template;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// One message for a chat template. Adjacent texts are joined, so that no token boundary depends on
/// how a caller happened to cut its text.
///
/// @param role a plain word such as `user`: templates write it where special tokens count
public record TemplateMessage(String role, List<TemplatePart> content) {

    private static final Pattern ROLE = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    /// @throws InvalidRequestException if the role is no plain word
    public TemplateMessage {
        if (!ROLE.matcher(role).matches()) {
            throw InvalidRequestException.invalidValue(
                    "messages",
                    "a message has a role that is no plain word; want one such as user or assistant");
        }
        content = joined(content);
    }

    public static TemplateMessage text(String role, String text) {
        return new TemplateMessage(role, List.of(new TemplatePart.Text(text)));
    }

    /// How many pictures the message holds.
    public int numImages() {
        return (int) content.stream().filter(TemplatePart.Image.class::isInstance).count();
    }

    private static List<TemplatePart> joined(List<TemplatePart> parts) {
        List<TemplatePart> joined = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        boolean textIsOpen = false;
        for (TemplatePart part : parts) {
            switch (part) {
                case TemplatePart.Text(String more) -> {
                    text.append(more);
                    textIsOpen = true;
                }
                case TemplatePart.Image image -> {
                    if (textIsOpen) {
                        joined.add(new TemplatePart.Text(text.toString()));
                        text.setLength(0);
                        textIsOpen = false;
                    }
                    joined.add(image);
                }
            }
        }
        if (textIsOpen) {
            joined.add(new TemplatePart.Text(text.toString()));
        }
        return List.copyOf(joined);
    }
}
