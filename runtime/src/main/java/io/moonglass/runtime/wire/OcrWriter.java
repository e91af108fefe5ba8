package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.Usage;
import io.moonglass.runtime.ocr.OcrFormat;
import io.moonglass.runtime.ocr.OcrPage;
import java.util.Optional;
import java.util.function.Consumer;

/// Writes what was read of pages, page by page: as objects of one answer, and as events.
public final class OcrWriter {

    private final String model;
    private final OcrFormat format;
    private final Optional<Consumer<ObjectNode>> stream;
    private final ArrayNode pages = JsonNodeFactory.instance.arrayNode();
    private Usage usage = Usage.NONE;
    private int numPages;
    private int current;
    private int numTold;
    private boolean isTold;

    /// Of one answer.
    public OcrWriter(String model, OcrFormat format) {
        this(model, format, Optional.empty());
    }

    /// Of events.
    public OcrWriter(String model, OcrFormat format, Consumer<ObjectNode> events) {
        this(model, format, Optional.of(events));
    }

    private OcrWriter(String model, OcrFormat format, Optional<Consumer<ObjectNode>> stream) {
        this.model = model;
        this.format = format;
        this.stream = stream;
    }

    /// Tells what is new of the pages that were opened until now.
    public void tell(OcrRun run) {
        while (!hasTold(run)) {
            PageReading page = run.page(current);
            // asked once: another thread may fail the page at any moment
            boolean isRead = page.isRead();
            tell(page, isRead, run.numPages());
            if (!isRead) {
                return;
            }
            run.forget(current++);
        }
    }

    /// Whether all pages that were opened until now are told.
    public boolean hasTold(OcrRun run) {
        return current == run.numOpened();
    }

    /// @param isRead whether nothing more will come of it
    private void tell(PageReading page, boolean isRead, int numPagesOfDocument) {
        stream.ifPresent(events -> tell(events, page, isRead, numPagesOfDocument));
        if (isRead) {
            numPages++;
            usage = usage.plus(page.usage());
            if (stream.isEmpty()) {
                pages.add(whole(page));
            }
            numTold = 0;
            isTold = false;
        }
    }

    private void tell(
            Consumer<ObjectNode> events, PageReading page, boolean isRead, int numPagesOfDocument) {
        if (!isTold) {
            ObjectNode begin = event("page.started", page);
            begin.put("pages", numPagesOfDocument);
            putSize(begin, page);
            events.accept(begin);
            isTold = true;
        }
        String text = page.text();
        if (text.length() > numTold) {
            events.accept(event("page.delta", page).put("delta", text.substring(numTold)));
            numTold = text.length();
        }
        if (isRead) {
            events.accept(whole(page).put("type", "page.done"));
        }
    }

    private static ObjectNode event(String type, PageReading page) {
        return JsonNodeFactory.instance.objectNode().put("type", type).put("page", page.number());
    }

    private ObjectNode whole(PageReading page) {
        ObjectNode whole = JsonNodeFactory.instance.objectNode();
        whole.put("page", page.number()).put("index", page.number() - 1);
        putSize(whole, page);
        if (page.fault().isPresent()) {
            whole.putPOJO("error", RequestFault.of(page.fault().get()).body().error());
            return whole;
        }
        whole.put(key(), page.text());
        whole.put("finish_reason", page.isCut() ? "length" : "stop");
        whole.putPOJO("usage", UsageRecord.of(page.usage()));
        return whole;
    }

    private static void putSize(ObjectNode holder, PageReading page) {
        if (page.page().isEmpty()) {
            return;
        }
        OcrPage opened = page.page().get();
        ObjectNode dimensions = holder.putObject("dimensions");
        dimensions.put("width", opened.width()).put("height", opened.height());
        opened.dpi().ifPresent(dpi -> dimensions.put("dpi", dpi));
        holder.put("tiles", page.numTiles());
    }

    /// Under which a page has its text.
    private String key() {
        return switch (format) {
            case TEXT -> "text";
            case MARKDOWN -> "markdown";
        };
    }

    /// All of it, if it was not told page by page.
    public ObjectNode whole(int numPagesOfDocument) {
        ObjectNode whole = end("ocr.result", numPagesOfDocument);
        whole.set("pages", pages);
        return whole;
    }

    /// Tells that all pages are read, as the last event.
    public void end(int numPagesOfDocument) {
        stream.orElseThrow().accept(end("ocr.done", numPagesOfDocument).put("type", "done"));
    }

    private ObjectNode end(String object, int numPagesOfDocument) {
        ObjectNode end = JsonNodeFactory.instance.objectNode();
        end.put("object", object).put("model", model);
        end.put("document_pages", numPagesOfDocument);
        end.put("pages_processed", numPages);
        end.putPOJO("usage", UsageRecord.of(usage));
        return end;
    }
}
