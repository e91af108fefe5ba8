package io.moonglass.server.storage;

import io.moonglass.loader.digest.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// A folder with one for each tenant, which nobody else on this machine can read.
///
/// @param root may be missing until the first tenant's folder is made
public record TenantFolders(Path root) {

    private static final System.Logger LOG = System.getLogger(TenantFolders.class.getName());

    /// Whether a folder, which may be missing yet, can be written to.
    public static boolean canWrite(Path directory) {
        Path nearest = directory.toAbsolutePath();
        while (!Files.exists(nearest)) {
            nearest = nearest.getParent();
        }
        return Files.isDirectory(nearest) && Files.isWritable(nearest);
    }

    /// @throws IOException if there can be no folders
    public void refuseUnlessWritable() throws IOException {
        if (!canWrite(root)) {
            throw new AccessDeniedException(root.toString());
        }
    }

    /// Those that there are.
    public List<Path> all() throws IOException {
        if (!Files.exists(root)) {
            return List.of();
        }
        try (Stream<Path> folders = Files.list(root)) {
            return folders.filter(Files::isDirectory).toList();
        }
    }

    /// A tenant's, which may not be there. A tenant's name may be anything; that of its folder may not.
    public Path of(String tenant) {
        byte[] hash = Sha256.start().digest(tenant.getBytes(StandardCharsets.UTF_8));
        return root.resolve(HexFormat.of().formatHex(hash));
    }

    /// Makes a tenant's folder if there is none: what callers send is nobody else's on this machine.
    public static void make(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            return;
        }
        if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(
                    folder,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(folder);
        }
    }

    /// Deletes a file if it is there; a disk that refuses is only logged.
    public static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot delete " + file, e);
        }
    }
}
