package io.moonglass.runtime.inprocess;

import java.nio.file.Path;

/// The model that the repository ships, which was taught shapes.
public final class DemoModel {

    public static final Path FOLDER = Path.of(System.getProperty("moonglass.demo-model"));
    public static final Path PICTURES = FOLDER.resolveSibling("evaluation").resolve("images");

    private DemoModel() {}

    /// With as many threads as a small machine has.
    public static InProcessBuilder builder() {
        return InProcessModel.builder(FOLDER).threads(2);
    }
}
