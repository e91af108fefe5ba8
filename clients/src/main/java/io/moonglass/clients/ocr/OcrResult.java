package io.moonglass.clients.ocr;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.clients.Usage;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/// An answer of `POST /v1/ocr`.
///
/// @param documentPages  pages that the document has
/// @param pagesProcessed pages that were wanted
/// @param usage          of all pages together
@JsonNaming(SnakeCaseStrategy.class)
public record OcrResult(
        String model, int documentPages, int pagesProcessed, Usage usage, List<OcrPage> pages) {

    public OcrResult {
        pages = List.copyOf(pages);
    }

    /// The text of all pages that were read, with an empty line between two.
    public String text() {
        return pages.stream()
                .map(OcrPage::text)
                .filter(Objects::nonNull)
                .collect(Collectors.joining("\n\n"));
    }
}
