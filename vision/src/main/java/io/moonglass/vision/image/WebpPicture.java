package io.moonglass.vision.image;

/// The first frame of an animated WebP, over white.
record WebpPicture(int width, int height, WebpFrame frame) implements EncodedPicture {

    @Override
    public Picture decode() {
        FrameCanvas canvas = new FrameCanvas(width, height);
        frame.drawOn(canvas);
        return canvas.lastPicture();
    }
}
