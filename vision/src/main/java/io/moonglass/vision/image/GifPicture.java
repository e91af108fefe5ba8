package io.moonglass.vision.image;

import java.util.Arrays;

/// The first frame of a GIF. Upstream shows the palette's colours, transparent or not, and gives what a small
/// frame leaves free the transparent colour if there is one, else colour 0; in the upright style both are white.
///
/// Decoded here and not by OpenCV, whose decoder rebuilds its table at every clear code, so that a
/// hostile file of nothing else could hold a thread for many minutes.
record GifPicture(int width, int height, GifFrame frame, PictureStyle style)
        implements EncodedPicture {

    static GifPicture read(ByteView view, ImageLimits limits, PictureStyle style) {
        GifReader reader = new GifReader(view, limits);
        GifFrame first = reader.next().orElseThrow(() -> view.invalid("holds no pixels"));
        return new GifPicture(reader.width(), reader.height(), first, style);
    }

    @Override
    public Picture decode() {
        FrameCanvas canvas = new FrameCanvas(width, height);
        switch (style) {
            case UPRIGHT -> frame.drawOn(canvas);
            case UPSTREAM -> {
                int fillIndex = Math.max(frame.transparentIndex(), 0);
                if (!frame.area().covers(width, height)) {
                    canvas.fill(
                            Arrays.copyOfRange(frame.colours(), 3 * fillIndex, 3 * fillIndex + 3));
                }
                frame.draw(canvas, -1);
            }
        }
        Picture picture = canvas.lastPicture();
        // greys in order make every index its own grey level: upstream takes that for a grey
        // picture
        boolean blends =
                style == PictureStyle.UPRIGHT || Arrays.equals(frame.colours(), GifFrame.greys());
        Picture.Mode mode = blends ? Picture.Mode.RGB : Picture.Mode.INDEXED;
        return new Picture(width, height, mode, picture.pixels());
    }
}
