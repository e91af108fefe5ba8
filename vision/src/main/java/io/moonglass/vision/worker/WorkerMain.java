package io.moonglass.vision.worker;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.document.PageSize;
import io.moonglass.vision.document.PagedDocument;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.ImageDecoder;
import io.moonglass.vision.video.VideoFile;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// The program of a process that decodes: takes commands from its input and answers on its output, one after the
/// other, until its input ends.
public final class WorkerMain {

    private static final int BUFFER_BYTES = 1 << 16;

    /// Without a bound, so that the end of the input is seen whatever waits: the server asks for one thing at a time.
    private final BlockingQueue<Command> commands = new LinkedBlockingQueue<>();

    private final AnswerWriter answers;

    private final OpenFiles files;

    private WorkerMain(AnswerWriter answers, OpenFiles files) {
        this.answers = answers;
        this.files = files;
    }

    /// @param arguments the trade, bytes of memory, threads of a decoder
    public static void main(String[] arguments) throws IOException, InterruptedException {
        WorkerTrade trade = WorkerTrade.valueOf(arguments[0]);
        long memoryBytes = Long.parseLong(arguments[1]);
        DataOutputStream out =
                new DataOutputStream(
                        new BufferedOutputStream(
                                new FileOutputStream(FileDescriptor.out), BUFFER_BYTES));
        System.setOut(System.err); // what a library prints is no answer
        switch (trade) {
            case FILES -> {
                VideoFile.loadNatives();
                VideoFile.limitAllocations(memoryBytes / 2);
            }
            case PICTURES -> ImageDecoder.loadNatives();
        }
        AnswerWriter answers = new AnswerWriter(out);
        WorkerMain worker =
                new WorkerMain(answers, new OpenFiles(memoryBytes, Integer.parseInt(arguments[2])));
        Thread reader = new Thread(worker::readCommands, "commands");
        reader.setDaemon(true);
        reader.start();
        answers.hello(ProcessLimit.applyAll(memoryBytes));
        worker.run();
    }

    /// Ends the process with its input, also in the middle of a command: whoever asked is gone.
    private void readCommands() {
        try (DataInputStream in =
                new DataInputStream(
                        new BufferedInputStream(
                                new FileInputStream(FileDescriptor.in), BUFFER_BYTES))) {
            for (; ; ) {
                commands.put(Command.readFrom(in));
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            Runtime.getRuntime().halt(0);
        }
    }

    private void run() throws IOException, InterruptedException {
        for (; ; ) {
            answers.ready();
            Command command = commands.take();
            try {
                answer(command);
            } catch (InvalidRequestException fault) {
                answers.fault(fault);
            } catch (RuntimeException | StackOverflowError e) {
                // a library's own fault on a file that it was not ready for
                answers.fault(
                        new InvalidRequestException(
                                InvalidRequestException.Kind.INVALID_MEDIA,
                                null,
                                "the file cannot be decoded; save or convert it again"));
            }
            if (command instanceof Command.VideoFrame frame) {
                decodeAhead(frame);
            }
        }
    }

    private void answer(Command command) throws IOException {
        switch (command) {
            case Command.OpenVideo(Command.VideoSource source) -> {
                files.close(source); // it may be another file of the same name by now
                answers.video(files.video(source).info());
            }
            case Command.VideoFrame(Command.VideoSource source, double seconds, _) ->
                    answers.picture(files.frame(source, seconds));
            case Command.OpenDocument(Command.DocumentSource source) -> {
                files.close(source);
                answers.numPages(files.document(source).numPages());
            }
            case Command.PageSizes(Command.DocumentSource source, int firstPage, int count) -> {
                PagedDocument document = files.document(source);
                PageSize[] sizes = new PageSize[count];
                for (int i = 0; i < count; i++) {
                    sizes[i] = document.pageSize(firstPage + i);
                }
                answers.pageSizes(sizes);
            }
            case Command.Page page ->
                    answers.picture(
                            files.document(page.source())
                                    .render(
                                            page.page(),
                                            page.width(),
                                            page.height(),
                                            page.region()));
            case Command.DecodePicture picture ->
                    answers.picture(
                            EncodedPicture.of(picture.bytes(), picture.limits(), picture.style())
                                    .decode());
            case Command.Close(Command.Source source) -> {
                files.close(source);
                System.gc(); // a process that rests should be small
            }
        }
    }

    private void decodeAhead(Command.VideoFrame frame) {
        if (Double.isNaN(frame.ahead())) {
            return;
        }
        try {
            files.decodeAhead(frame.source(), frame.ahead());
        } catch (RuntimeException e) {
            return; // told if the frame is asked for
        }
    }
}
