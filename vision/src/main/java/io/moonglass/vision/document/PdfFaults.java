package io.moonglass.vision.document;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.io.IOException;

/// What callers are told of a PDF: our words, never those of the library, which may hold anything of the file.
final class PdfFaults {

    private PdfFaults() {}

    /// Work that calls the library.
    interface Reading<T> {
        T read() throws IOException;
    }

    /// Whatever the library throws at a file that was made to break it becomes the file's fault: it recurses, allocates
    /// and casts as the file says. In a process of its own a lack of memory ends the process instead.
    ///
    /// @param fault what a caller is told
    static <T> T guarded(String fault, Reading<T> reading) {
        try {
            return reading.read();
        } catch (InvalidRequestException e) {
            throw e;
        } catch (IOException
                | RuntimeException
                | StackOverflowError
                | OutOfMemoryError
                | LinkageError e) {
            InvalidRequestException refused = damaged(fault);
            refused.initCause(e);
            throw refused;
        }
    }

    /// How pages are called: from 1, as readers count.
    static String page(int index) {
        return "PDF, page " + (index + 1L);
    }

    static InvalidRequestException damaged(String message) {
        return new InvalidRequestException(Kind.INVALID_MEDIA, null, message);
    }

    static InvalidRequestException tooLarge(String message) {
        return new InvalidRequestException(Kind.MEDIA_TOO_LARGE, null, message);
    }
}
