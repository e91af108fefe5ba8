package io.moonglass.router;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.WeightMatrix;
import java.util.Arrays;

/// Chooses experts for tokens: sigmoid scores, a correction bias that decides the choice but never
/// the weights, weights normalised and scaled.
///
/// Source: DeepSeek-V3 report (arXiv 2412.19437), section 2.1.2, "auxiliary-loss-free load
/// balancing". Ties, which the report leaves open, go to the lower expert number.
public final class Router {

    private final WeightMatrix gate;
    private final float[] correctionBias;
    private final int numChosen;
    private final int numGroups;
    private final int numChosenGroups;
    private final boolean normalize;
    private final float scalingFactor;

    /// @param gate           `[numExperts, hiddenSize]`
    /// @param correctionBias `[numExperts]` (`e_score_correction_bias`)
    public Router(WeightMatrix gate, float[] correctionBias, TextConfig config) {
        if (gate.numRows() != config.numExperts() || correctionBias.length != config.numExperts()) {
            throw new IllegalArgumentException(
                    "gate of %d rows and %d biases for %d experts"
                            .formatted(gate.numRows(), correctionBias.length, config.numExperts()));
        }
        this.gate = gate;
        this.correctionBias = correctionBias.clone();
        this.numChosen = config.numExpertsPerToken();
        this.numGroups = config.numExpertGroups();
        this.numChosenGroups = config.numChosenGroups();
        this.normalize = config.normalizeTopK();
        this.scalingFactor = config.routedScalingFactor();
    }

    public int numExperts() {
        return correctionBias.length;
    }

    /// @param x      `[numTokens, hiddenSize]`
    /// @param scores `[numTokens, numExperts]`, filled here and kept by the result
    public Routing route(LayerInput x, FloatMatrix scores, ThreadTeam team) {
        Kernels.linear(x, gate, scores, team);
        int numTokens = x.numRows();
        int[] experts = new int[numTokens * numChosen];
        float[] weights = new float[numTokens * numChosen];
        float[] choice = new float[numExperts()];
        for (int token = 0; token < numTokens; token++) {
            for (int expert = 0; expert < choice.length; expert++) {
                float score = (float) (1 / (1 + Math.exp(-scores.get(token, expert))));
                scores.set(token, expert, score);
                choice[expert] = score + correctionBias[expert];
            }
            keepBestGroups(choice);
            int first = token * numChosen;
            chooseLargest(choice, experts, first);
            weigh(scores, token, experts, weights, first);
        }
        return new Routing(numTokens, numChosen, experts, weights, scores);
    }

    /// With more than one group, experts outside the best groups count as 0, as in the released
    /// modelling code. A group is as good as its two best experts together.
    private void keepBestGroups(float[] choice) {
        if (numGroups == 1) {
            return;
        }
        int groupSize = choice.length / numGroups;
        float[] groupScores = new float[numGroups];
        for (int group = 0; group < numGroups; group++) {
            float[] members =
                    Arrays.copyOfRange(choice, group * groupSize, (group + 1) * groupSize);
            Arrays.sort(members);
            groupScores[group] =
                    members[groupSize - 1] + (groupSize > 1 ? members[groupSize - 2] : 0);
        }
        boolean[] kept = new boolean[numGroups];
        for (int n = 0; n < numChosenGroups; n++) {
            kept[largestNot(kept, groupScores)] = true;
        }
        for (int expert = 0; expert < choice.length; expert++) {
            if (!kept[expert / groupSize]) {
                choice[expert] = 0;
            }
        }
    }

    private void chooseLargest(float[] choice, int[] experts, int first) {
        boolean[] taken = new boolean[choice.length];
        for (int n = 0; n < numChosen; n++) {
            int best = largestNot(taken, choice);
            taken[best] = true;
            experts[first + n] = best;
        }
    }

    /// Index of the largest value that is not taken yet; the lowest index of equal ones. Values that
    /// are no number come last, so that a damaged gate still names different experts.
    private static int largestNot(boolean[] taken, float[] values) {
        int best = -1;
        for (int i = 0; i < values.length; i++) {
            if (!taken[i] && (best < 0 || values[i] > values[best] || Float.isNaN(values[best]))) {
                best = i;
            }
        }
        return best;
    }

    private void weigh(FloatMatrix scores, int token, int[] experts, float[] weights, int first) {
        float sum = 0;
        for (int n = 0; n < numChosen; n++) {
            weights[first + n] = scores.get(token, experts[first + n]);
            sum += weights[first + n];
        }
        float divisor = normalize ? sum + 1e-20f : 1;
        for (int n = 0; n < numChosen; n++) {
            weights[first + n] = weights[first + n] / divisor * scalingFactor;
        }
    }
}
