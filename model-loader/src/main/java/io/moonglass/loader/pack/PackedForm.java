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
        if (numDimensions < 2 || name.endsWith(".mlp.gate.weight")) {
            return new Elements(ElementKind.F32);
        }
        if (name.startsWith("vision_tower.") || name.startsWith("multi_modal_projector.")) {
            WeightFormat format = formats.vision();
            return format.panels().isPresent() && numDimensions == 2
                    ? new Panels(format.panels().get())
                    : new Elements(format == WeightFormat.F32 ? ElementKind.F32 : stored);
        }
        WeightFormat format = formats.decoder();
        boolean readByRow =
                name.endsWith("embed_tokens.weight") || name.endsWith("kv_b_proj.weight");
        return format.panels().isPresent() && !readByRow
                ? new Panels(format.panels().get())
                : new Elements(format.rowKind());
    }
}
