package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What the engine is asked for: one answer to a prompt, or several.
///
/// @param tokenIds      the prompt; an image token's id stands once for every image row
/// @param imageTokenId  the id whose rows come from `images`; -1 for a model without pictures
/// @param images        the prompt's pictures, in its order
/// @param maxTokens     the most tokens to generate, in each branch; 0 to compute the prompt alone
/// @param stopTokenIds  tokens that end a branch
/// @param scope         whose request it is
/// @param scoring       what is wanted besides tokens
/// @param branches      at least one
public record GenerationRequest(
        int[] tokenIds,
        int imageTokenId,
        List<PromptImage> images,
        int maxTokens,
        Set<Integer> stopTokenIds,
        RequestScope scope,
        Scoring scoring,
        List<Branch> branches) {

    public GenerationRequest {
        tokenIds = tokenIds.clone();
        images = List.copyOf(images);
        stopTokenIds = Set.copyOf(stopTokenIds);
        branches = List.copyOf(branches);
        if (branches.isEmpty()) {
            throw new IllegalArgumentException("a request without branches; want at least one");
        }
    }

    /// A request for one answer, of a caller without a name.
    ///
    /// @param imageRows rows of all pictures, in prompt order
    public GenerationRequest(
            int[] tokenIds,
            int imageTokenId,
            Optional<FloatMatrix> imageRows,
            SamplingParameters sampling,
            int maxTokens,
            Set<Integer> stopTokenIds,
            TokenSink sink) {
        this(
                tokenIds,
                imageTokenId,
                imageRows.stream().map(PromptImage::of).toList(),
                maxTokens,
                stopTokenIds,
                RequestScope.DEFAULT,
                List.of(new Branch(sampling, sink)));
    }

    /// A request for nothing besides tokens.
    public GenerationRequest(
            int[] tokenIds,
            int imageTokenId,
            List<PromptImage> images,
            int maxTokens,
            Set<Integer> stopTokenIds,
            RequestScope scope,
            List<Branch> branches) {
        this(
                tokenIds,
                imageTokenId,
                images,
                maxTokens,
                stopTokenIds,
                scope,
                Scoring.NONE,
                branches);
    }

    int numPromptTokens() {
        return tokenIds.length;
    }

    /// Whether this position's embedding comes from a picture.
    boolean isImage(int position) {
        return tokenIds[position] == imageTokenId;
    }

    int numImageRows() {
        return images.stream().mapToInt(image -> image.rows().numRows()).sum();
    }

    /// Row `index` of all pictures' rows, as `[1, hiddenSize]`.
    FloatMatrix imageRow(int index) {
        int first = 0;
        for (PromptImage image : images) {
            if (index < first + image.rows().numRows()) {
                return image.rows().rows(index - first, 1);
            }
            first += image.rows().numRows();
        }
        throw new IndexOutOfBoundsException("image row %d of %d".formatted(index, first));
    }
}
