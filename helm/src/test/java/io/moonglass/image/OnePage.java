package io.moonglass.image;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A document of one page with a word on it, in a font that it names and does not bring.
final class OnePage {

    private OnePage() {}

    static byte[] of(String word) {
        String content = "BT /F1 36 Tf 20 40 Td (%s) Tj ET".formatted(word);
        List<String> objects =
                List.of(
                        "<</Type/Catalog/Pages 2 0 R>>",
                        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
                        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
                        "<</Length %d>>stream\n%s\nendstream".formatted(content.length(), content),
                        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
        StringBuilder file = new StringBuilder("%PDF-1.4\n");
        List<Integer> starts = new ArrayList<>();
        for (int i = 0; i < objects.size(); i++) {
            starts.add(file.length());
            file.append("%d 0 obj\n%s\nendobj\n".formatted(i + 1, objects.get(i)));
        }
        int table = file.length();
        file.append("xref\n0 %d\n0000000000 65535 f \n".formatted(objects.size() + 1));
        starts.forEach(start -> file.append("%010d 00000 n \n".formatted(start)));
        file.append(
                "trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
                        .formatted(objects.size() + 1, table));
        return file.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
}
