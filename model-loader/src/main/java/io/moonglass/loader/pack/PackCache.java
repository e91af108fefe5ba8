package io.moonglass.loader.pack;

import static java.lang.System.Logger.Level.INFO;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.tensor.ThreadTeam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A folder of packed models, made from checkpoints when they are first wanted. An entry is named after
/// its model, its format and a key of its source, so a checkpoint that has changed is packed anew.
/// Entries are never changed; whoever wants the room may delete any.
public final class PackCache {

    private static final System.Logger LOG = System.getLogger(PackCache.class.getName());

    /// The lock on a file keeps other processes out, not other threads of this one.
    private static final Object ONE_AT_A_TIME = new Object();

    private final Path directory;

    /// @param directory made when it is first needed
    public PackCache(Path directory) {
        this.directory = directory;
    }

    /// The packed form of a model; packs it unless that was done before. Processes that want the
    /// same one pack it once: the others wait.
    ///
    /// @param model as it was released
    /// @return the packed folder
    /// @throws ConfigException if a file cannot be used or the disk has no room
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged
    public Path packed(
            ModelFiles model, WeightFormat format, int numThreads, PackProgress progress) {
        try (WeightSource source = ModelFiles.open(model, numThreads)) {
            return packed(source, model, format, numThreads, progress);
        }
    }

    /// The same of a model whose files are open.
    ///
    /// @param source can write as many panels at once as there are threads
    Path packed(
            WeightSource source,
            ModelFiles model,
            WeightFormat format,
            int numThreads,
            PackProgress progress) {
        try {
            source.notes().forEach(note -> LOG.log(INFO, note));
            PackLayout layout = source.layout(WeightFormats.of(format));
            String name =
                    "%s-%s-%s"
                            .formatted(
                                    model.name().replace("/", "--"),
                                    format.spelling(),
                                    SourceKey.of(source, layout));
            Path entry = directory.resolve(name);
            if (Files.isDirectory(entry)) { // complete, also where nobody may write
                return found(model.path(), format, entry);
            }
            Files.createDirectories(directory);
            synchronized (ONE_AT_A_TIME) {
                try (FileChannel channel = lockFile(name);
                        FileLock _ = lock(channel, entry)) {
                    if (Files.isDirectory(entry)) {
                        return found(model.path(), format, entry);
                    }
                    LOG.log(
                            INFO,
                            "packing {0} as {1} into {2}; the next start finds it there",
                            model.path(),
                            format.spelling(),
                            entry);
                    try (ThreadTeam team = new ThreadTeam(numThreads)) {
                        new Packer(source, WeightFormats.of(format), team, progress).pack(entry);
                    }
                    source.report().lines().forEach(line -> LOG.log(INFO, "packed {0}", line));
                    return entry;
                }
            }
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "the cache of packed models, %s: cannot be used: %s; name another folder with --cache, or start with --weights stored"
                            .formatted(directory, e.getMessage()),
                    e);
        }
    }

    private static Path found(Path model, WeightFormat format, Path entry) {
        LOG.log(INFO, "{0} as {1}: packed before, in {2}", model, format.spelling(), entry);
        return entry;
    }

    /// Stays when it is unlocked: to delete it would take it from under one who waits for it.
    private FileChannel lockFile(String name) throws IOException {
        return FileChannel.open(
                directory.resolve("." + name + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
    }

    private static FileLock lock(FileChannel channel, Path entry) throws IOException {
        FileLock free = channel.tryLock();
        if (free != null) {
            return free;
        }
        LOG.log(INFO, "another process packs {0}; waiting for it", entry);
        return channel.lock();
    }
}
