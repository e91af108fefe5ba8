package io.moonglass.runtime.media;

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

    void reach(Stage next) {
        stage = next;
    }
}
