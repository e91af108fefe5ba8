package io.moonglass.vision.onnx;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.RotaryTable;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The recorded pictures have at most 288 patches. Attention in tiles must also be right where there
/// are many tiles, so one block is computed here by its definition, in double precision.
class LargePictureTest {

    private static final int GRID_HEIGHT = 46;
    private static final int GRID_WIDTH = 90; // 4140 patches

    @Test
    void a_block_over_thousands_of_patches_follows_its_definition(@TempDir Path work) {
        try (Checkpoint checkpoint = Checkpoint.open(TestModels.tinyRandom());
                OnnxVisionEncoder encoder = OnnxVisionEncoder.load(checkpoint, work, 2, true);
                Arena arena = Arena.ofConfined()) {
            VisionConfig vision = checkpoint.config().vision().orElseThrow();
            Map<String, FloatMatrix> stages = encoder.encodeWithIntermediates(noise(vision), arena);
            FirstBlock block = new FirstBlock(checkpoint, vision, stages.get("embed"));

            for (int patch : new int[] {0, 1, 2069, 4139}) {
                double[] wanted = block.row(patch);
                for (int i = 0; i < wanted.length; i++) {
                    System.out.println(
                            "ABS "
                                    + Math.abs(wanted[i] - stages.get("block.0").get(patch, i))
                                    + " "
                                    + wanted[i]);
                }
            }
        }
    }

    private static ImagePatches noise(VisionConfig vision) {
        float[] patches = new float[GRID_HEIGHT * GRID_WIDTH * vision.patchLength()];
        Random random = new Random(7);
        for (int i = 0; i < patches.length; i++) {
            patches[i] = random.nextFloat() * 2 - 1;
        }
        return new ImagePatches(patches, GRID_HEIGHT, GRID_WIDTH);
    }

    /// Pre-norm attention and feed-forward, without any blocking or fusing.
    private static final class FirstBlock {

        private static final String STORED = "vision_tower.encoder.blocks.0.";

        private final Checkpoint checkpoint;
        private final VisionConfig vision;
        private final FloatMatrix x;
        private final RotaryTable rotary;
        private final double[][] qkv;

        FirstBlock(Checkpoint checkpoint, VisionConfig vision, FloatMatrix x) {
            this.checkpoint = checkpoint;
            this.vision = vision;
            this.x = x;
            this.rotary = RotaryTable.of(vision, GRID_HEIGHT, GRID_WIDTH);
            this.qkv = new double[x.numRows()][];
            float[] weight = stored("wqkv.weight");
            float[] bias = stored("wqkv.bias");
            for (int patch = 0; patch < qkv.length; patch++) {
                qkv[patch] = linear(norm(input(patch), "norm0"), weight, bias);
                rotate(qkv[patch], patch);
            }
        }

        double[] row(int patch) {
            double[] attended = new double[vision.hiddenSize()];
            for (int head = 0; head < vision.numHeads(); head++) {
                attend(patch, head * vision.headDim(), attended);
            }
            double[] middle = input(patch);
            add(linear(attended, stored("wo.weight"), stored("wo.bias")), middle);
            double[] wide =
                    linear(norm(middle, "norm1"), stored("mlp.fc0.weight"), stored("mlp.fc0.bias"));
            for (int i = 0; i < wide.length; i++) {
                double z = wide[i];
                double inner = Math.sqrt(2 / Math.PI) * (z + 0.044715 * z * z * z);
                wide[i] = 0.5 * z * (1 + Math.tanh(inner));
            }
            add(linear(wide, stored("mlp.fc1.weight"), stored("mlp.fc1.bias")), middle);
            return middle;
        }

        private void attend(int patch, int at, double[] attended) {
            int hiddenSize = vision.hiddenSize();
            int headDim = vision.headDim();
            double[] scores = new double[qkv.length];
            double largest = Double.NEGATIVE_INFINITY;
            for (int other = 0; other < scores.length; other++) {
                for (int i = at; i < at + headDim; i++) {
                    scores[other] += qkv[patch][i] * qkv[other][hiddenSize + i];
                }
                scores[other] /= Math.sqrt(headDim);
                largest = Math.max(largest, scores[other]);
            }
            double sum = 0;
            for (int other = 0; other < scores.length; other++) {
                scores[other] = Math.exp(scores[other] - largest);
                sum += scores[other];
            }
            for (int other = 0; other < scores.length; other++) {
                for (int i = at; i < at + headDim; i++) {
                    attended[i] += scores[other] / sum * qkv[other][2 * hiddenSize + i];
                }
            }
        }

        /// Queries and keys; the values after them stay.
        private void rotate(double[] row, int patch) {
            int numPairs = vision.headDim() / 2;
            for (int pair = 0; pair < vision.hiddenSize(); pair++) {
                double cos = rotary.cos()[patch * numPairs + pair % numPairs];
                double sin = rotary.sin()[patch * numPairs + pair % numPairs];
                double a = row[2 * pair];
                double b = row[2 * pair + 1];
                row[2 * pair] = a * cos - b * sin;
                row[2 * pair + 1] = a * sin + b * cos;
            }
        }

        private double[] norm(double[] values, String name) {
            float[] weight = stored(name + ".weight");
            float[] bias = stored(name + ".bias");
            double mean = 0;
            for (double value : values) {
                mean += value / values.length;
            }
            double variance = 0;
            for (double value : values) {
                variance += (value - mean) * (value - mean) / values.length;
            }
            double[] normed = new double[values.length];
            for (int i = 0; i < values.length; i++) {
                double scaled = (values[i] - mean) / Math.sqrt(variance + 1e-5);
                normed[i] = scaled * weight[i] + bias[i];
            }
            return normed;
        }

        private static double[] linear(double[] values, float[] weight, float[] bias) {
            double[] out = new double[bias.length];
            for (int i = 0; i < out.length; i++) {
                double sum = bias[i];
                for (int j = 0; j < values.length; j++) {
                    sum += values[j] * weight[i * values.length + j];
                }
                out[i] = sum;
            }
            return out;
        }

        private static void add(double[] values, double[] to) {
            for (int i = 0; i < to.length; i++) {
                to[i] += values[i];
            }
        }

        private double[] input(int patch) {
            double[] row = new double[x.numColumns()];
            for (int i = 0; i < row.length; i++) {
                row[i] = x.get(patch, i);
            }
            return row;
        }

        private float[] stored(String name) {
            return checkpoint.tensor(STORED + name).floats();
        }
    }
}
