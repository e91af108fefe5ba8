package io.moonglass.loader.config;

import java.nio.file.Path;

/// What a model is called where nobody has given it a name.
public final class ModelName {

    private ModelName() {}

    /// The folder's name; a Hugging Face cache names the model two folders above its snapshot.
    public static String of(Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        Path parent = absolute.getParent();
        if (parent != null
                && parent.endsWith("snapshots")
                && parent.getParent() != null
                && parent.getParent().getFileName().toString().startsWith("models--")) {
            return parent.getParent()
                    .getFileName()
                    .toString()
                    .substring("models--".length())
                    .replace("--", "/");
        }
        Path name = absolute.getFileName();
        return name == null ? absolute.toString() : name.toString(); // a root has none
    }
}
