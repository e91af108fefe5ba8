package io.moonglass.vision.worker;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.document.PageSize;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.video.VideoInfo;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/// What a process answers. Each command has one answer, or none if it is [Command.Close], and then "ready" once the
/// next may come.
final class AnswerWriter {

    static final int HELLO = 0x4d6f_6f6e;
    static final int READY = 'R';
    static final int ANSWER = 'A';
    static final int FAULT = 'F';

    private final DataOutputStream out;

    AnswerWriter(DataOutputStream out) {
        this.out = out;
    }

    /// Comes once, first.
    void hello(Set<ProcessLimit> limits) throws IOException {
        out.writeInt(HELLO);
        int bits = 0;
        for (ProcessLimit limit : limits) {
            bits |= 1 << limit.ordinal();
        }
        out.writeInt(bits);
        out.flush();
    }

    void ready() throws IOException {
        out.writeByte(READY);
        out.flush();
    }

    void fault(InvalidRequestException fault) throws IOException {
        out.writeByte(FAULT);
        out.writeByte(fault.kind().ordinal());
        byte[] message = fault.getMessage().getBytes(StandardCharsets.UTF_8);
        out.writeInt(message.length);
        out.write(message);
        out.flush();
    }

    void video(VideoInfo info) throws IOException {
        out.writeByte(ANSWER);
        out.writeInt(info.width());
        out.writeInt(info.height());
        out.writeDouble(info.seconds());
        out.writeDouble(info.framesPerSecond());
        out.writeByte(info.codec().ordinal());
        out.flush();
    }

    void picture(Picture picture) throws IOException {
        out.writeByte(ANSWER);
        out.writeInt(picture.width());
        out.writeInt(picture.height());
        out.writeByte(picture.mode().ordinal());
        out.write(picture.pixels());
        out.flush();
    }

    void numPages(int numPages) throws IOException {
        out.writeByte(ANSWER);
        out.writeInt(numPages);
        out.flush();
    }

    void pageSizes(PageSize[] sizes) throws IOException {
        out.writeByte(ANSWER);
        out.writeInt(sizes.length);
        for (PageSize size : sizes) {
            out.writeDouble(size.widthPoints());
            out.writeDouble(size.heightPoints());
        }
        out.flush();
    }
}
