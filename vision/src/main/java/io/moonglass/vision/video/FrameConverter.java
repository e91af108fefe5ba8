package io.moonglass.vision.video;

import static org.bytedeco.ffmpeg.global.avutil.AVCOL_RANGE_JPEG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT2020_CL;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT2020_NCL;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT470BG;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_BT709;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_FCC;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_SMPTE170M;
import static org.bytedeco.ffmpeg.global.avutil.AVCOL_SPC_SMPTE240M;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_RGB24;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ411P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ420P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ422P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ440P;
import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_YUVJ444P;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_get_buffer;
import static org.bytedeco.ffmpeg.global.swscale.SWS_ACCURATE_RND;
import static org.bytedeco.ffmpeg.global.swscale.SWS_BICUBIC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_BT2020;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_FCC;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU601;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_ITU709;
import static org.bytedeco.ffmpeg.global.swscale.SWS_CS_SMPTE240M;
import static org.bytedeco.ffmpeg.global.swscale.SWS_FULL_CHR_H_INP;
import static org.bytedeco.ffmpeg.global.swscale.SWS_FULL_CHR_H_INT;
import static org.bytedeco.ffmpeg.global.swscale.sws_freeContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_getCoefficients;
import static org.bytedeco.ffmpeg.global.swscale.sws_getContext;
import static org.bytedeco.ffmpeg.global.swscale.sws_scale;
import static org.bytedeco.ffmpeg.global.swscale.sws_setColorspaceDetails;

import io.moonglass.vision.image.Picture;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.swscale.SwsContext;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;

/// Decoded frames of any size, layout, matrix and depth to RGB of one size, laid as the file says. For one thread.
final class FrameConverter implements AutoCloseable {

    /// From this many rows on, video that does not name its matrix is high definition's BT.709.
    private static final int HIGH_DEFINITION_ROWS = 720;

    private static final int EXACT =
            SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;

    /// What a conversion is prepared for.
    private record Source(int width, int height, int format, int matrix, boolean fullRange) {}

    private final int width;
    private final int height;
    private final Orientation orientation;
    private final AVFrame rgb;
    private Source source;
    private SwsContext scaler;

    /// @param width  before the frame is turned, pixels square
    /// @param height before the frame is turned
    FrameConverter(int width, int height, Orientation orientation) {
        this.width = width;
        this.height = height;
        this.orientation = orientation;
        this.rgb = av_frame_alloc();
        if (rgb == null) {
            throw VideoFaults.tooMuchMemory();
        }
        rgb.format(AV_PIX_FMT_RGB24).width(width).height(height);
        if (av_frame_get_buffer(rgb, 0) < 0) {
            av_frame_free(rgb);
            throw VideoFaults.tooMuchMemory();
        }
    }

    int shownWidth() {
        return orientation.transposed() ? height : width;
    }

    int shownHeight() {
        return orientation.transposed() ? width : height;
    }

    Picture convert(AVFrame frame) {
        prepare(
                new Source(
                        frame.width(),
                        frame.height(),
                        frame.format(),
                        matrix(frame),
                        frame.color_range() == AVCOL_RANGE_JPEG || hasFullRangeName(frame)));
        int rows =
                sws_scale(
                        scaler,
                        frame.data(),
                        frame.linesize(),
                        0,
                        frame.height(),
                        rgb.data(),
                        rgb.linesize());
        if (rows != height) {
            throw VideoFaults.broken("has a frame that cannot be converted");
        }
        byte[] pixels = new byte[Math.toIntExact(3L * width * height)];
        long stride = rgb.linesize(0);
        BytePointer lines = rgb.data(0).capacity(stride * height);
        for (int y = 0; y < height; y++) {
            lines.position(y * stride).get(pixels, y * 3 * width, 3 * width);
        }
        return new Picture(
                shownWidth(),
                shownHeight(),
                Picture.Mode.RGB,
                orientation.apply(pixels, width, height));
    }

    private void prepare(Source wanted) {
        if (wanted.equals(source)) {
            return;
        }
        sws_freeContext(scaler);
        source = null;
        scaler =
                sws_getContext(
                        wanted.width(),
                        wanted.height(),
                        wanted.format(),
                        width,
                        height,
                        AV_PIX_FMT_RGB24,
                        EXACT,
                        null,
                        null,
                        (DoublePointer) null);
        if (scaler == null) {
            throw VideoFaults.broken("has a frame that cannot be converted");
        }
        IntPointer coefficients = sws_getCoefficients(wanted.matrix());
        // refused, without harm, for frames that are RGB already
        sws_setColorspaceDetails(
                scaler,
                coefficients,
                wanted.fullRange() ? 1 : 0,
                coefficients,
                1,
                0,
                1 << 16,
                1 << 16);
        source = wanted;
    }

    private static int matrix(AVFrame frame) {
        int tagged = frame.colorspace();
        if (tagged == AVCOL_SPC_BT709) {
            return SWS_CS_ITU709;
        } else if (tagged == AVCOL_SPC_BT470BG || tagged == AVCOL_SPC_SMPTE170M) {
            return SWS_CS_ITU601;
        } else if (tagged == AVCOL_SPC_FCC) {
            return SWS_CS_FCC;
        } else if (tagged == AVCOL_SPC_SMPTE240M) {
            return SWS_CS_SMPTE240M;
        } else if (tagged == AVCOL_SPC_BT2020_NCL || tagged == AVCOL_SPC_BT2020_CL) {
            return SWS_CS_BT2020;
        }
        return frame.height() >= HIGH_DEFINITION_ROWS && !hasFullRangeName(frame)
                ? SWS_CS_ITU709
                : SWS_CS_ITU601;
    }

    /// Layouts of JPEG, whose range is full by definition.
    private static boolean hasFullRangeName(AVFrame frame) {
        int format = frame.format();
        return format == AV_PIX_FMT_YUVJ420P
                || format == AV_PIX_FMT_YUVJ422P
                || format == AV_PIX_FMT_YUVJ444P
                || format == AV_PIX_FMT_YUVJ440P
                || format == AV_PIX_FMT_YUVJ411P;
    }

    @Override
    public void close() {
        sws_freeContext(scaler);
        scaler = null;
        av_frame_free(rgb);
    }
}
