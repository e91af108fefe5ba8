package io.moonglass.runtime;

/// Who speaks in a message.
public enum Role {
    SYSTEM("system"),
    USER("user"),
    ASSISTANT("assistant"),
    /// Whose turn is what a tool gave back; templates see a user's.
    TOOL("user");

    private final String templateName;

    Role(String templateName) {
        this.templateName = templateName;
    }

    /// The role as chat templates and requests spell it.
    public String templateName() {
        return templateName;
    }
}
