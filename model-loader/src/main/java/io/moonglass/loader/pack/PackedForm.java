package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.PanelType;

/// How a packed directory stores one tensor.
sealed interface PackedForm {

    /// Quantised panels of a matrix: bytes to safetensors.
    record Panels(PanelType type) implements PackedForm {}

    /// Element after element.
    record Elements(ElementKind kind) implements PackedForm {}

    /// The only place that knows which tensors are worth quantising. What is multiplied with all
    /// tokens is, to 8 bits by [LatentSplit] for what makes keys and values of latents: their errors add
    /// up over a context. The embedding is read row by row; the router's gate decides between experts
    /// and stays exact, as norms and biases do; of MoonViT, so do the embedding of patches and the table
    /// of positions, which have more than two dimensions.
    static PackedForm of(
            String name, int numDimensions, ElementKind stored, WeightFormats formats) {
        if (numDimensions < 2 || isRouter(name)) {
            return new Elements(ElementKind.F32);
        }
        if (isVision(name)) {
            WeightFormat format = formats.vision();
            return format.panels().isPresent() && numDimensions == 2
                    ? new Panels(format.panels().get())
                    : new Elements(format == WeightFormat.F32 ? ElementKind.F32 : stored);
        }
        WeightFormat format = formats.decoder();
        return format.panels().isPresent() && !isReadByRow(name)
                ? new Panels(format.panels().get())
                : new Elements(format.rowKind(stored));
    }

    /// Whether all tokens, or all patches, are multiplied with a tensor, so that it may be quantised.
    static boolean isMultiplied(String name, int numDimensions) {
        return numDimensions == 2 && !isRouter(name) && (isVision(name) || !isReadByRow(name));
    }

    private static boolean isRouter(String name) {
        return name.endsWith(".mlp.gate.weight");
    }

    /// Of MoonViT or the projector.
    static boolean isVision(String name) {
        return name.startsWith("vision_tower.") || name.startsWith("multi_modal_projector.");
    }

    private static boolean isReadByRow(String name) {
        return isEmbedding(name) || name.endsWith("kv_b_proj.weight");
    }

    /// The table of tokens.
    static boolean isEmbedding(String name) {
        return name.endsWith("embed_tokens.weight");
    }
}
