package io.moonglass.loader.template;

/// One part of a message's content, as a chat template sees it.
public sealed interface TemplatePart {

    /// What somebody wrote. It is only ever text: see [PromptRenderer].
    record Text(String text) implements TemplatePart {}

    /// A picture; the template writes its placeholder.
    record Image() implements TemplatePart {}
}
