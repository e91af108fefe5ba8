package io.moonglass.runtime.inprocess;

import io.moonglass.runtime.ChatModelOptions;
import java.nio.file.Path;

/// The model that the repository ships, which was taught shapes.
public final class DemoModel {

    public static final Path FOLDER = Path.of(System.getProperty("moonglass.demo-model"));
    public static final Path PICTURES = FOLDER.resolveSibling("evaluation").resolve("images");

    /// As many threads as a small machine has.
    public static final ChatModelOptions OPTIONS = ChatModelOptions.DEFAULT.withNumThreads(2);

    private DemoModel() {}
}
