package io.moonglass.vision.moonvit;

import io.moonglass.loader.config.VisionConfig;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.KeyValueTiles;
import io.moonglass.tensor.RotaryAngles;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.RotaryTable;
import java.util.ArrayList;
import java.util.List;

/// Attention of all patches of one picture to each other, head by head. Queries, keys and values of a
/// layer are held, scores never are.
final class PictureAttention {

    /// Patches whose rows are turned and stored together: a tile of keys.
    private static final int STORED_ROWS = KeyValueTiles.TILE_KEYS;

    /// Queries of a piece: they share the widening of keys and values, and their sums stay in a core's own cache.
    private static final int QUERIES = 192;

    private final int numPatches;
    private final int hiddenSize;
    private final int headDim;
    private final PacedTeam team;
    private final RotaryAngles angles;
    private final List<WeightMatrix> queries = new ArrayList<>();
    private final List<KeyValueTiles> keyValues = new ArrayList<>();
    private final FloatMatrix scratch;

    /// @param type  what queries, keys, values and weights are rounded to
    /// @param frame holds them
    PictureAttention(
            VisionConfig config,
            ImagePatches patches,
            ElementType type,
            PacedTeam team,
            Workspace.Frame frame) {
        this.numPatches = patches.numPatches();
        this.hiddenSize = config.hiddenSize();
        this.headDim = config.headDim();
        this.team = team;
        this.angles = angles(config, patches, frame);
        for (int head = 0; head < config.numHeads(); head++) {
            long queryBytes = (long) numPatches * headDim * type.bytes();
            queries.add(new WeightMatrix(frame.bytes(queryBytes), type, numPatches, headDim));
            KeyValueTiles tiles =
                    new KeyValueTiles(
                            frame.bytes(KeyValueTiles.keyBytes(type, numPatches, headDim)),
                            frame.bytes(KeyValueTiles.valueBytes(type, numPatches, headDim)),
                            type,
                            numPatches,
                            headDim,
                            headDim);
            tiles.clearLastTile();
            keyValues.add(tiles);
        }
        this.scratch =
                frame.matrix(team.size(), KeyValueTiles.scratchSize(QUERIES, headDim, headDim));
    }

    private static RotaryAngles angles(
            VisionConfig config, ImagePatches patches, Workspace.Frame frame) {
        RotaryTable table = RotaryTable.of(config, patches.gridHeight(), patches.gridWidth());
        int numPairs = config.headDim() / 2;
        FloatMatrix cos = frame.matrix(patches.numPatches(), config.headDim());
        FloatMatrix sin = frame.matrix(patches.numPatches(), config.headDim());
        for (int patch = 0; patch < patches.numPatches(); patch++) {
            for (int pair = 0; pair < numPairs; pair++) {
                float cosine = table.cos()[patch * numPairs + pair];
                float sine = table.sin()[patch * numPairs + pair];
                cos.set(patch, 2 * pair, cosine);
                cos.set(patch, 2 * pair + 1, cosine);
                sin.set(patch, 2 * pair, -sine);
                sin.set(patch, 2 * pair + 1, sine);
            }
        }
        return new RotaryAngles(cos, sin);
    }

    /// Turns queries and keys of some patches, in place, and stores what attention reads.
    ///
    /// @param qkv   `[numRows, 3 hiddenSize]`
    /// @param first patch of the first row, a multiple of the tiles' size
    void store(FloatMatrix qkv, int first) {
        int numTiles = (qkv.numRows() + STORED_ROWS - 1) / STORED_ROWS;
        float scale = (float) (1 / Math.sqrt(headDim));
        team.run(
                numTiles * queries.size(),
                (piece, _) -> {
                    int head = piece % queries.size();
                    int from = piece / queries.size() * STORED_ROWS;
                    FloatMatrix rows = qkv.rows(from, Math.min(STORED_ROWS, qkv.numRows() - from));
                    int query = head * headDim;
                    int key = hiddenSize + query;
                    for (int row = 0; row < rows.numRows(); row++) {
                        int patch = first + from + row;
                        Kernels.rotary(rows, row, query, angles, patch);
                        Kernels.rotary(rows, row, key, angles, patch);
                    }
                    KeyValueTiles.putQueries(rows, query, scale, queries.get(head), first + from);
                    keyValues.get(head).putKeys(rows, key, first + from);
                    keyValues.get(head).putValues(rows, hiddenSize + key, first + from);
                });
    }

    /// Attends with all that was stored.
    ///
    /// @param out `[numPatches, hiddenSize]`: the heads side by side
    void attend(FloatMatrix out) {
        int numTiles = (numPatches + QUERIES - 1) / QUERIES;
        team.run(
                numTiles * queries.size(),
                (piece, member) -> {
                    int head = piece / numTiles;
                    int first = piece % numTiles * QUERIES;
                    int count = Math.min(QUERIES, numPatches - first);
                    keyValues
                            .get(head)
                            .attend(
                                    queries.get(head).rows(first, count),
                                    numPatches,
                                    0,
                                    scratch.rows(member, 1),
                                    out,
                                    first,
                                    head * headDim);
                });
    }
}
