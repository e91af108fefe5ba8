package io.moonglass.runtime;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/// Questions to a model before anybody asks one: until then kernels run interpreted, and a first
/// picture takes seconds instead of a fraction of one.
final class WarmUp {

    private static final System.Logger LOG = System.getLogger(WarmUp.class.getName());
    private static final int MAX_ROUNDS = 20;
    private static final Duration LONG_ENOUGH = Duration.ofSeconds(3);
    private static final int ANSWER_TOKENS = 16;
    private static final int PICTURE_SIDE = 112;
    private static final int BMP_HEADER_BYTES = 54;

    private WarmUp() {}

    /// @param withPicture show it a picture too, unless memory is short already
    static void run(ChatModel model, boolean withPicture) {
        try {
            ask(model, withPicture);
        } catch (OverloadedException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "no picture is shown to the model to warm it up, and the first one will take longer: {0}",
                    e.getMessage());
            ask(model, false);
        }
    }

    private static void ask(ChatModel model, boolean withPicture) {
        ContentPart text = new ContentPart.Text("What is in the picture? ".repeat(8));
        long end = System.nanoTime() + LONG_ENOUGH.toNanos();
        for (int round = 0; round < MAX_ROUNDS && System.nanoTime() < end; round++) {
            List<ContentPart> parts =
                    withPicture
                            ? List.of(ContentPart.Picture.of(greyBitmap(round)), text)
                            : List.of(text);
            answer(
                    model,
                    ChatRequest.of(List.of(new Message(Role.USER, parts)), model.defaultSampling())
                            .withAnswer(answer ->
                                    answer.maxTokens(OptionalInt.of(ANSWER_TOKENS))
                                            .ignoreEos(true)));
        }
    }

    private static void answer(ChatModel model, ChatRequest request) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        model.generate(
                request,
                event -> {
                    switch (event) {
                        case GenerationEvent.TextDelta _,
                                GenerationEvent.ReasoningDelta _,
                                GenerationEvent.PromptMeasured _,
                                GenerationEvent.PicturesPrepared _,
                                GenerationEvent.PromptScored _,
                                GenerationEvent.ToolCallBegun _,
                                GenerationEvent.ToolArgumentsDelta _ -> {}
                        case GenerationEvent.Finished _ -> ended.complete(null);
                        case GenerationEvent.Failed(RuntimeException cause) ->
                                ended.completeExceptionally(cause);
                    }
                });
        ended.join();
    }

    /// An uncompressed 24-bit BMP, the one format that needs no encoder.
    ///
    /// @param round each has another shade, because a picture that comes again is not encoded again
    private static byte[] greyBitmap(int round) {
        int pixelBytes = 3 * PICTURE_SIDE * PICTURE_SIDE;
        ByteBuffer bmp =
                ByteBuffer.allocate(BMP_HEADER_BYTES + pixelBytes).order(ByteOrder.LITTLE_ENDIAN);
        bmp.put((byte) 'B').put((byte) 'M').putInt(bmp.capacity()).putInt(0);
        bmp.putInt(BMP_HEADER_BYTES).putInt(40).putInt(PICTURE_SIDE).putInt(PICTURE_SIDE);
        bmp.putShort((short) 1).putShort((short) 24).putInt(0).putInt(pixelBytes);
        bmp.putInt(0).putInt(0).putInt(0).putInt(0);
        while (bmp.hasRemaining()) {
            bmp.put((byte) (0x80 + round));
        }
        return bmp.array();
    }
}
