package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.PanelType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/// What a packed directory will hold, known before anything is written.
///
/// @param forms   by tensor name, in the order of the source
/// @param panels  shapes of those that are quantised
/// @param entries of the packed file, in its order
record PackLayout(
        Map<String, PackedForm> forms,
        Map<String, PackManifest.PanelShape> panels,
        Map<String, PackedFile.Entry> entries) {

    static PackLayout of(Map<String, PackedFile.Entry> tensors, WeightFormats formats) {
        return of(tensors, name -> form(name, tensors, formats));
    }

    /// @param formOf what each tensor becomes
    static PackLayout of(
            Map<String, PackedFile.Entry> tensors, Function<String, PackedForm> formOf) {
        Map<String, PackedForm> forms = new LinkedHashMap<>();
        tensors.keySet().forEach(name -> forms.put(name, formOf.apply(name)));
        Map<String, PackManifest.PanelShape> panels = new LinkedHashMap<>();
        Map<String, PackedFile.Entry> entries = new LinkedHashMap<>();
        forms.forEach((name, form) -> {
            if (form instanceof PackedForm.Panels(var type)) {
                long[] shape = tensors.get(name).shape();
                var panelShape =
                        new PackManifest.PanelShape(
                                type, Math.toIntExact(shape[0]), Math.toIntExact(shape[1]));
                panels.put(name, panelShape);
                entries.put(
                        name,
                        new PackedFile.Entry(ElementKind.U8, new long[] {panelShape.bytes()}));
            }
        });
        // After the panels, whose sizes keep them aligned.
        forms.forEach((name, form) -> {
            if (form instanceof PackedForm.Elements(var kind)) {
                entries.put(name, new PackedFile.Entry(kind, tensors.get(name).shape()));
            }
        });
        return new PackLayout(forms, panels, entries);
    }

    /// What a tensor becomes where one format is asked for.
    static PackedForm form(
            String name, Map<String, PackedFile.Entry> tensors, WeightFormats formats) {
        PackedFile.Entry entry = tensors.get(name);
        return LatentSplit.isPanels(name, tensors.keySet())
                ? new PackedForm.Panels(PanelType.Q8)
                : PackedForm.of(name, entry.shape().length, entry.kind(), formats);
    }

    /// Bytes of all tensors.
    long bytes() {
        return entries.values().stream().mapToLong(PackedFile.Entry::bytes).sum();
    }
}
