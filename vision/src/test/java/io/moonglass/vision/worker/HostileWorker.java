package io.moonglass.vision.worker;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.video.VideoCodec;
import io.moonglass.vision.video.VideoInfo;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;

/// A program that speaks the protocol of [WorkerMain] and does what the name of the file it is asked about says.
public final class HostileWorker {

    static final int WIDTH = 8;
    static final int HEIGHT = 4;

    private final DataOutputStream out =
            new DataOutputStream(
                    new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
    private final AnswerWriter answers = new AnswerWriter(out);

    public static void main(String[] arguments) throws Exception {
        new HostileWorker().run();
    }

    private void run() throws Exception {
        DataInputStream in = new DataInputStream(new FileInputStream(FileDescriptor.in));
        answers.hello(EnumSet.noneOf(ProcessLimit.class));
        for (; ; ) {
            answers.ready();
            Command command = Command.readFrom(in);
            if (isAbout(command, "deaf") && command instanceof Command.OpenVideo) {
                answerWithoutReading(command);
            }
            answer(command);
            if (isAbout(command, "ahead") && command instanceof Command.VideoFrame) {
                Thread.sleep(20); // the next frame is asked for before this one is ready
            }
        }
    }

    private static boolean isAbout(Command command, String name) {
        return command.file().filter(file -> file.path().endsWith(name)).isPresent();
    }

    /// As fast as the server may ask.
    private void answerWithoutReading(Command command) throws Exception {
        for (; ; ) {
            answer(command);
            answers.ready();
            answers.ready(); // that it was closed
            Thread.sleep(1);
        }
    }

    private void answer(Command command) throws Exception {
        if (command instanceof Command.Close) {
            return;
        }
        Path path = command.file().orElseThrow().path();
        switch (path.getFileName().toString()) {
            case "dies" -> Runtime.getRuntime().halt(134);
            case "dies-once" -> {
                if (Files.deleteIfExists(path)) {
                    Runtime.getRuntime().halt(134);
                }
            }
            case "hangs" -> Thread.sleep(1_000_000);
            case "out-of-memory" -> Runtime.getRuntime().halt(3);
            case "noise" -> {
                byte[] noise = new byte[10_000];
                new Random(5).nextBytes(noise);
                out.write(noise);
                out.flush();
                Thread.sleep(1_000_000);
            }
            case "endless" -> {
                for (; ; ) {
                    out.writeByte(AnswerWriter.ANSWER);
                }
            }
            case "drips" -> {
                if (command instanceof Command.VideoFrame) {
                    out.writeByte(AnswerWriter.ANSWER);
                    out.writeInt(WIDTH);
                    out.writeInt(HEIGHT);
                    out.writeByte(Picture.Mode.RGB.ordinal());
                    for (; ; ) {
                        out.writeByte(0);
                        out.flush();
                        Thread.sleep(50);
                    }
                }
            }
            case "large-video" -> {
                writeVideo(1 << 30, 1 << 30, 10, 0);
                return;
            }
            case "endless-video" -> {
                writeVideo(WIDTH, HEIGHT, Double.POSITIVE_INFINITY, 0);
                return;
            }
            case "unknown-codec" -> {
                writeVideo(WIDTH, HEIGHT, 10, 200);
                return;
            }
            case "long-fault" -> {
                out.writeByte(AnswerWriter.FAULT);
                out.writeByte(0);
                out.writeInt(Integer.MAX_VALUE);
                out.flush();
                return;
            }
            case "fault-of-lines" -> {
                answers.fault(InvalidRequestException.invalidValue(null, "one\r\ntwo"));
                return;
            }
            case "other-size" -> {
                if (command instanceof Command.VideoFrame) {
                    answers.picture(picture(WIDTH + 1, (byte) 0));
                    return;
                }
            }
            case "many-pages" -> {
                answers.numPages(Integer.MAX_VALUE);
                return;
            }
            case "no-pages" -> {
                answers.numPages(0);
                return;
            }
            default -> {}
        }
        switch (command) {
            case Command.OpenVideo _ ->
                    answers.video(new VideoInfo(WIDTH, HEIGHT, 10, 5, VideoCodec.VP9));
            case Command.VideoFrame(_, double seconds, _) ->
                    answers.picture(picture(WIDTH, (byte) seconds));
            case Command.OpenDocument _ -> answers.numPages(3);
            case Command.PageSizes _, Command.Page _, Command.DecodePicture _, Command.Close _ ->
                    throw new IOException("not part of the tests: " + command);
        }
    }

    private void writeVideo(int width, int height, double seconds, int codec) throws IOException {
        out.writeByte(AnswerWriter.ANSWER);
        out.writeInt(width);
        out.writeInt(height);
        out.writeDouble(seconds);
        out.writeDouble(5);
        out.writeByte(codec);
        out.flush();
    }

    private static Picture picture(int width, byte value) {
        byte[] pixels = new byte[width * HEIGHT * 3];
        Arrays.fill(pixels, value);
        return new Picture(width, HEIGHT, Picture.Mode.RGB, pixels);
    }

    /// A program that is called like a JVM for [WorkerMain] and runs this class instead.
    static Path program(Path folder) throws IOException {
        Path script = folder.resolve("hostile.sh");
        Files.writeString(
                script,
                """
                #!/bin/sh
                for argument; do
                  shift
                  [ "$argument" = "%s" ] && argument="%s"
                  set -- "$@" "$argument"
                done
                exec "%s/bin/java" "$@"
                """
                        .formatted(
                                WorkerMain.class.getName(),
                                HostileWorker.class.getName(),
                                System.getProperty("java.home")),
                StandardCharsets.UTF_8);
        script.toFile().setExecutable(true);
        return script;
    }
}
