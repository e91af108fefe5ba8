package io.moonglass.runtime.media;

import io.moonglass.runtime.RequestTimeline;
import java.util.Optional;

/// One picture of a request on its way to rows. Guarded by the queue's lock.
final class PictureTicket {

    /// Where a picture can be.
    sealed interface Stage {
        /// Nobody has touched it.
        record Waiting() implements Stage {}

        /// Its pixels are decoded.
        record Decoding() implements Stage {}

        /// It is encoded, or waits for it.
        record Encoding(PictureJob job) implements Stage {}

        /// Encoded.
        record Done(ImageRows rows) implements Stage {}
    }

    private final PictureRequest request;
    private final ImageInput image;
    private Stage stage = new Stage.Waiting();
    private Optional<RequestTimeline.Work> encoding = Optional.empty();

    PictureTicket(PictureRequest request, ImageInput image) {
        this.request = request;
        this.image = image;
    }

    PictureRequest request() {
        return request;
    }

    ImageInput image() {
        return image;
    }

    Stage stage() {
        return stage;
    }

    /// Its picture goes through the encoder from now on, until it reaches another stage or its request is given up.
    void beginEncoding() {
        encoding = Optional.of(request.beginEncoding());
    }

    void endEncoding() {
        encoding.ifPresent(RequestTimeline.Work::close);
    }

    void reach(Stage next) {
        endEncoding();
        stage = next;
    }
}
