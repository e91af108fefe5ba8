package io.moonglass.server.hub;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/// Fetches a checkpoint from a hub: the small files first, then the weights that they name, several at a time. What a run
/// leaves unfinished the next takes up. Two runs for the same place do not mix.
public final class HubPull {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);

    private final HubSettings settings;
    private final HubRepository repository;
    private final PullTarget target;
    private final int numParallel;
    private final HubRetries retries;
    private final Duration patience;
    private final AtomicLong numBytes = new AtomicLong();
    private int numFiles;

    private HubPull(
            HubSettings settings,
            HubRepository repository,
            PullTarget target,
            int numParallel,
            HubRetries retries,
            Duration patience) {
        this.settings = settings;
        this.repository = repository;
        this.target = target;
        this.numParallel = numParallel;
        this.retries = retries;
        this.patience = patience;
    }

    /// Into the Hugging Face cache.
    ///
    /// @param cache see [HubCacheDirectory]
    public static HubPull intoCache(
            HubSettings settings, HubRepository repository, Path cache, int numParallel) {
        return new HubPull(
                settings,
                repository,
                new CacheTarget(cache, repository),
                numParallel,
                HubRetries.DEFAULT,
                PATIENCE);
    }

    /// Into a folder of its own.
    ///
    /// @throws ConfigException if something is there already
    public static HubPull into(
            Path folder, HubSettings settings, HubRepository repository, int numParallel) {
        return new HubPull(
                settings,
                repository,
                new FolderTarget(folder),
                numParallel,
                HubRetries.DEFAULT,
                PATIENCE);
    }

    /// The same with other waits.
    ///
    /// @param most how long nothing may come of an answer
    HubPull with(HubRetries other, Duration most) {
        return new HubPull(settings, repository, target, numParallel, other, most);
    }

    /// @throws ConfigException if there is no such checkpoint, no access, no room, or another run is at it
    /// @throws HubException    if the hub does not answer, or with what it must not
    public PulledModel run(PullProgress progress) throws InterruptedException {
        try (HubConnection connection = new HubConnection(settings, patience)) {
            HubClient hub = new HubClient(connection, retries, repository);
            String commit = hub.commit();
            NeededFiles needed = new NeededFiles(repository, hub.files(commit));
            Files.createDirectories(target.work());
            try (FileChannel _ = lock()) {
                List<HubFile> files = fetch(hub, commit, needed, progress);
                Path directory = target.finish(commit, files);
                return new PulledModel(
                        repository.id(),
                        commit,
                        directory.toAbsolutePath(),
                        files.size(),
                        sum(files));
            }
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be written to".formatted(target.work()), e);
        }
    }

    private List<HubFile> fetch(
            HubClient hub, String commit, NeededFiles needed, PullProgress progress)
            throws IOException, InterruptedException {
        List<HubFile> small = needed.small();
        checkRoom(small);
        // of these alone nobody can say yet how much there will be
        fetch(hub, commit, small, new Counted((_, _, _, _, _) -> {}, small.size(), sum(small)));
        Optional<Path> index = needed.index().map(target::stored);
        List<HubFile> all = Stream.concat(small.stream(), needed.weights(index).stream()).toList();
        checkRoom(all);
        numFiles = 0;
        numBytes.set(0);
        fetch(hub, commit, all, new Counted(progress, all.size(), sum(all)));
        return all;
    }

    private record Counted(PullProgress progress, int numFiles, long numBytes) {}

    private void fetch(HubClient hub, String commit, List<HubFile> files, Counted counted)
            throws InterruptedException {
        List<HubFile> missing = new ArrayList<>();
        Set<Path> places = new HashSet<>();
        for (HubFile file : files) {
            boolean isSecond = !places.add(target.stored(file)); // of the same bytes
            if (isSecond || isStored(file)) {
                numFiles++;
                numBytes.addAndGet(file.size());
            } else {
                missing.add(file);
            }
        }
        long before = numBytes.get() + missing.stream().mapToLong(this::numStarted).sum();
        ExecutorService threads = Executors.newFixedThreadPool(numParallel);
        try {
            CompletionService<Void> downloads = new ExecutorCompletionService<>(threads);
            for (HubFile file : missing) {
                downloads.submit(
                        new HubDownload(hub, commit, file, target, patience, numBytes::addAndGet));
            }
            for (int left = missing.size(); left > 0; ) {
                Future<Void> ended =
                        downloads.poll(BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
                if (ended != null) {
                    ended.get();
                    numFiles++;
                    left--;
                }
                counted.progress.at(
                        numFiles,
                        counted.numFiles,
                        numBytes.get(),
                        counted.numBytes,
                        numBytes.get() - before);
            }
        } catch (ExecutionException e) {
            throw unwrapped(e);
        } finally {
            threads.shutdownNow();
            threads.close();
        }
    }

    private static RuntimeException unwrapped(ExecutionException fault) {
        if (fault.getCause() instanceof RuntimeException cause) {
            return cause;
        }
        throw new IllegalStateException("a download failed", fault.getCause());
    }

    /// It was checked when it got this name, and by Hugging Face's programs likewise.
    private boolean isStored(HubFile file) {
        return size(target.stored(file)) == file.size();
    }

    private long numStarted(HubFile file) {
        return Math.max(0, size(target.partial(file)));
    }

    /// -1 for no file.
    private static long size(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.size(file) : -1;
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read".formatted(file), e);
        }
    }

    private void checkRoom(List<HubFile> files) throws IOException {
        long wanted =
                files.stream()
                        .filter(file -> !isStored(file))
                        .mapToLong(file -> Math.max(0, file.size() - numStarted(file)))
                        .sum();
        long room = Files.getFileStore(target.work()).getUsableSpace();
        if (wanted > room) {
            throw new ConfigException(
                    "%s: %.1f GB are to be fetched, and the disk has room for %.1f; make room, or choose another with --out"
                            .formatted(target.work(), wanted / 1e9, room / 1e9));
        }
    }

    private FileChannel lock() throws IOException {
        FileChannel channel =
                FileChannel.open(
                        target.work().resolve(".moonglass-lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw taken(e);
        }
        channel.close();
        throw taken(null);
    }

    private ConfigException taken(Exception cause) {
        return new ConfigException(
                "%s: another pull of %s writes there; wait for it"
                        .formatted(target.work(), repository.id()),
                cause);
    }

    private static long sum(List<HubFile> files) {
        return files.stream().mapToLong(HubFile::size).sum();
    }
}
