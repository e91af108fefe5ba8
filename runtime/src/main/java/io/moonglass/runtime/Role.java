package io.moonglass.runtime;

/// Who speaks in a message.
public enum Role {
    SYSTEM("system"),
    USER("user"),
    ASSISTANT("assistant");

    private final String templateName;

    Role(String templateName) {
        this.templateName = templateName;
    }

    /// The role as chat templates and requests spell it.
    public String templateName() {
        return templateName;
    }
}
