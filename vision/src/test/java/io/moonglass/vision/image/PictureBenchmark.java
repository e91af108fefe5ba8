package io.moonglass.vision.image;

import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.vision.ImagePatches;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// A picture's way from bytes to patches, and its stages, on as many threads as JMH is told to use (`-t`): time for
/// a picture on each of them. The model takes 4096 patches.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
@State(Scope.Benchmark)
public class PictureBenchmark {

    private static final double[] HALF = {0.5, 0.5, 0.5};

    /// What is sent.
    public enum Sent {
        PHOTOGRAPH {
            @Override
            byte[] bytes() {
                return Photographs.jpeg(Photographs.Subject.LANDSCAPE, 4000, 3000, 90);
            }
        },
        PAGE {
            @Override
            byte[] bytes() {
                return Photographs.png(1275, 1650);
            }
        };

        abstract byte[] bytes();
    }

    @Param({"PHOTOGRAPH", "PAGE"})
    public Sent sent;

    @Param({"EXACT", "REDUCED"})
    public JpegDecoding decoding;

    private final ImagePreprocessor preprocessor =
            new ImagePreprocessor(new PreprocessorConfig(14, 4096, true, HALF, HALF, 2));
    private byte[] bytes;
    private FittedSize size;
    private Picture decoded;
    private RgbImage fitted;

    @Setup
    public void prepare() {
        bytes = sent.bytes();
        EncodedPicture encoded = read();
        size = preprocessor.fittedSize(encoded.width(), encoded.height());
        decoded = decode();
        fitted = fit();
    }

    @Benchmark
    public EncodedPicture read() {
        return EncodedPicture.of(bytes, ImageLimits.DEFAULT, PictureStyle.UPRIGHT);
    }

    @Benchmark
    public Picture decode() {
        return read().decode(decoding, size.shrunkWidth(), size.shrunkHeight());
    }

    @Benchmark
    public RgbImage fit() {
        return ImagePreprocessor.fit(decoded, size);
    }

    @Benchmark
    public ImagePatches patchify() {
        return preprocessor.patchify(fitted);
    }

    @Benchmark
    public ImagePatches all() {
        return preprocessor.preprocess(decode(), size);
    }
}
