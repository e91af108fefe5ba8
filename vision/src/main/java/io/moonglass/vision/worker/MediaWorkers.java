package io.moonglass.vision.worker;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.vision.document.DocumentLimits;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.image.PictureStyle;
import io.moonglass.vision.video.VideoInfo;
import io.moonglass.vision.video.VideoLimits;
import io.moonglass.vision.worker.WorkerPool.Outcome;
import io.moonglass.vision.worker.WorkerProcess.Ending;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/// Processes that decode what strangers sent, so that a decoder that crashes, hangs, or is taken over harms one
/// request. Started when they are needed, each with bounds on memory and time and without network, ended when they
/// are not.
///
/// A process is lent for one command and never between two, so requests cannot wait for each other for ever. Each
/// keeps a few files open, and whoever has one open is preferred for it; any other can open it and go on. Safe to use
/// from any thread.
public final class MediaWorkers implements AutoCloseable {

    /// Reads a command's answer.
    interface Answer<T> {
        T read(AnswerReader in) throws IOException;
    }

    private static final System.Logger LOG = System.getLogger(MediaWorkers.class.getName());

    private final WorkerOptions options;
    private final WorkerPool pool;

    /// Whether the log says which limits this system lacks, which it does once.
    private final AtomicBoolean toldOfMissing = new AtomicBoolean();

    public MediaWorkers(WorkerOptions options) {
        this.options = options;
        this.pool = new WorkerPool(options);
    }

    /// Reads a video's headers and its first frame.
    ///
    /// @param file      stays there, and as it is, until the video is closed
    /// @param abandoned whether nobody wants the video any more; asked often and from several threads, for all its frames
    /// @throws InvalidRequestException if it is no video, over a limit, or not decoded in time
    /// @throws CancellationException   if nobody waits for it, or the thread is interrupted
    public WorkerVideo openVideo(Path file, VideoLimits limits, BooleanSupplier abandoned) {
        Command.VideoSource source = new Command.VideoSource(absolute(file), limits);
        VideoInfo info = perform(new Command.OpenVideo(source), abandoned, in -> in.video(limits));
        return new WorkerVideo(this, source, info, abandoned);
    }

    /// Reads a document's structure.
    ///
    /// @param file      stays there, and as it is, until the document is closed
    /// @param abandoned whether nobody wants the document any more; asked often and from several threads
    /// @throws InvalidRequestException if it is no document, over a limit, or not read in time
    /// @throws CancellationException   if nobody waits for it, or the thread is interrupted
    public WorkerDocument openDocument(
            Path file, DocumentLimits limits, BooleanSupplier abandoned) {
        Command.DocumentSource source = new Command.DocumentSource(absolute(file), limits);
        int numPages =
                perform(new Command.OpenDocument(source), abandoned, in -> in.numPages(limits));
        return new WorkerDocument(this, source, numPages, abandoned);
    }

    /// Decodes a picture as [EncodedPicture#decode] does, but not in this process.
    ///
    /// @throws InvalidRequestException if it is no picture, over a limit, or not decoded in time
    /// @throws CancellationException   if nobody waits for it, or the thread is interrupted
    public Picture decode(
            byte[] bytes, ImageLimits limits, PictureStyle style, BooleanSupplier abandoned) {
        EncodedPicture encoded = EncodedPicture.of(bytes, limits, style);
        return perform(
                new Command.DecodePicture(bytes, limits, style),
                abandoned,
                in -> in.picture(encoded.width(), encoded.height()));
    }

    private static Path absolute(Path file) {
        Path absolute = file.toAbsolutePath();
        int length = absolute.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > Command.MOST_PATH_BYTES) {
            throw new IllegalArgumentException("a path of %d bytes".formatted(length));
        }
        return absolute;
    }

    public WorkerStatistics statistics() {
        return pool.statistics();
    }

    /// The ids of the processes that run, for those who watch what they take.
    public List<Long> processIds() {
        return pool.processIds();
    }

    /// Has what a process has open closed, without waiting for that.
    void close(Command.Source source) {
        pool.close(source);
    }

    /// Has a command done: a second time by a new process if the first one ends by itself, which need not be the
    /// file's fault.
    <T> T perform(Command command, BooleanSupplier abandoned, Answer<T> answer) {
        for (boolean again = false; ; again = true) {
            WorkerProcess worker;
            try {
                worker = pool.lend(command, abandoned, again);
            } catch (IOException e) {
                throw notStarted(e);
            }
            long begun = System.nanoTime();
            Outcome outcome = Outcome.UNANSWERED;
            try {
                greet(worker);
                worker.send(command);
                if (worker.owesReady) {
                    worker.in().ready();
                }
                T read = answer.read(worker.in());
                outcome = Outcome.ANSWERED;
                return read;
            } catch (InvalidRequestException fault) {
                outcome = Outcome.FAULT;
                throw fault;
            } catch (UntrustedAnswerException nonsense) {
                pool.end(worker, Ending.NONSENSE);
                LOG.log(
                        System.Logger.Level.WARNING,
                        "media worker {0} answered nonsense and was ended: {1}",
                        Long.toString(worker.processId()),
                        nonsense.getMessage());
                throw worker.greeted ? endedUnexpectedly(command) : notStarted(nonsense);
            } catch (IOException gone) {
                tell(worker, command, again, gone);
            } finally {
                pool.giveBack(worker, command, begun, outcome);
            }
        }
    }

    /// Waits for a new process to have limited itself.
    private void greet(WorkerProcess worker) throws IOException {
        if (worker.greeted) {
            return;
        }
        Set<ProcessLimit> missing = EnumSet.allOf(ProcessLimit.class);
        missing.removeAll(worker.in().hello());
        worker.in().ready();
        if (!missing.isEmpty() && toldOfMissing.compareAndSet(false, true)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "this system has no limits of {0} for media workers: one that is taken over can do more",
                    missing);
        }
        pool.greeted(worker);
    }

    /// Throws what is to be told of a process that is gone, unless its command shall be done again.
    private void tell(WorkerProcess worker, Command command, boolean again, IOException gone) {
        boolean memory = worker.ranOutOfMemory();
        switch (pool.endingOf(worker)) {
            case TIME -> throw worker.greeted ? tooSlow(command) : notStarted(gone);
            case ABANDONED, NOT_NEEDED ->
                    throw new CancellationException("nobody waits for the media any more");
            case NONSENSE -> throw endedUnexpectedly(command);
            case NONE -> {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "media worker {0} ended in the middle of a command",
                        Long.toString(worker.processId()));
                if (memory) {
                    throw tooMuchMemory(command);
                }
                if (again) {
                    throw worker.greeted ? endedUnexpectedly(command) : notStarted(gone);
                }
            }
        }
    }

    private InvalidRequestException tooSlow(Command command) {
        return new InvalidRequestException(
                Kind.INVALID_MEDIA,
                null,
                "the %s could not be decoded within %d s; send a smaller or simpler one"
                        .formatted(what(command), options.deadline().toSeconds()));
    }

    private InvalidRequestException tooMuchMemory(Command command) {
        return new InvalidRequestException(
                Kind.MEDIA_TOO_LARGE,
                null,
                "the %s needs more than %,d MB to decode; send a smaller one"
                        .formatted(what(command), options.memoryBytes() >> 20));
    }

    private IllegalStateException notStarted(IOException cause) {
        return new IllegalStateException(
                "a process to decode media in could not be started with %s; want the java of a JDK %d, memory for it, and a folder where it can unpack native libraries"
                        .formatted(options.java(), Runtime.version().feature()),
                cause);
    }

    private static InvalidRequestException endedUnexpectedly(Command command) {
        return new InvalidRequestException(
                Kind.INVALID_MEDIA,
                null,
                "the decoder ended unexpectedly on this %s; save or convert it again"
                        .formatted(what(command)));
    }

    private static String what(Command command) {
        return switch (command) {
            case Command.OpenVideo _, Command.VideoFrame _ -> "video";
            case Command.OpenDocument _, Command.PageSizes _, Command.Page _ -> "document";
            case Command.DecodePicture _ -> "image";
            case Command.Close _ -> "file";
        };
    }

    /// Ends all processes; commands that are being done fail.
    @Override
    public void close() {
        pool.close();
    }
}
