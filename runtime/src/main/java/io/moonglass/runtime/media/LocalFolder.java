package io.moonglass.runtime.media;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The folder of this machine whose files requests may name, by `file:` addresses.
final class LocalFolder {

    private final Path root;

    /// @throws ConfigException if it is gone
    LocalFolder(Path folder) {
        try {
            this.root = folder.toRealPath();
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: the folder for media cannot be read; make it, or name another"
                            .formatted(folder));
        }
    }

    /// The file behind all symbolic links, if it lies in the folder. What lies elsewhere is told like what is not
    /// there, so that nobody learns what this machine has.
    ///
    /// @param url a `file:` address
    Path find(String url) {
        try {
            URI address = new URI(url);
            boolean isPlain =
                    (address.getAuthority() == null || address.getAuthority().isEmpty())
                            && address.getRawQuery() == null
                            && address.getRawFragment() == null;
            Path file = isPlain ? Path.of(address).toRealPath() : root;
            if (file.startsWith(root) && Files.isRegularFile(file) && Files.isReadable(file)) {
                return file;
            }
        } catch (URISyntaxException
                | IllegalArgumentException
                | FileSystemNotFoundException
                | IOException e) {
            throw notThere();
        }
        throw notThere();
    }

    private static InvalidRequestException notThere() {
        return InvalidRequestException.invalidValue(
                null, "there is no such file in the folder that media may be read from");
    }
}
