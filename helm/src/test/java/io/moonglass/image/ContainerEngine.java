package io.moonglass.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// podman with a storage of its own, which also runs where this process is in a container itself.
final class ContainerEngine {

    private ContainerEngine() {}

    /// The settings of the storage in which images are built and run.
    static Path storage() throws IOException {
        Path folder = BuiltImage.folder();
        boolean isOverlay = Files.getFileStore(folder).type().startsWith("overlay");
        return Files.writeString(
                folder.resolve("storage.conf"),
                """
                [storage]
                driver = "%2$s"
                runroot = "%1$s/run"
                graphroot = "%1$s/storage"
                """
                        .formatted(folder, isOverlay ? "vfs" : "overlay"));
    }

    /// A user who may not raise limits can start containers under low ones only; without systemd, cgroups are files.
    private static Path engine() throws IOException {
        return Files.writeString(
                BuiltImage.folder().resolve("containers.conf"),
                """
                [containers]
                default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
                [engine]
                cgroup_manager = "cgroupfs"
                events_logger = "file"
                runtime = "crun"
                """);
    }

    /// crun refuses a machine that has both versions of cgroups, so the second one is hidden from it and from nobody else.
    static Program podman(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "unshare",
                                "-m",
                                "sh",
                                "-c",
                                "! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified; exec podman \"$@\"",
                                "podman"));
        command.addAll(List.of(arguments));
        Path log = Files.createTempFile(BuiltImage.folder(), "podman", ".log");
        try {
            return Program.run(
                    log,
                    Map.of(
                            "CONTAINERS_STORAGE_CONF",
                            storage().toString(),
                            "CONTAINERS_CONF",
                            engine().toString()),
                    command);
        } finally {
            Files.delete(log);
        }
    }
}
