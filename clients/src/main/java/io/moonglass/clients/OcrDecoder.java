package io.moonglass.clients;

import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrPage;
import java.io.IOException;

/// Reads the events of pages that are read.
final class OcrDecoder implements EventDecoder<OcrEvent> {

    private final FaultReader faults;
    private final StringBuilder text = new StringBuilder();

    OcrDecoder(FaultReader faults) {
        this.faults = faults;
    }

    @Override
    public OcrEvent decode(String data) throws IOException {
        JsonNode event = Json.MAPPER.readTree(data);
        String type = event.path("type").asText();
        if (event.has("error") && !type.equals("page.done")) {
            throw faults.ofEvent(event.get("error"));
        }
        switch (type) {
            case "page.started":
                return read(event, OcrEvent.PageStarted.class);
            case "page.delta":
                OcrEvent.PageDelta delta = read(event, OcrEvent.PageDelta.class);
                text.append(delta.delta());
                return delta;
            case "page.done":
                text.append("\n\n");
                return new OcrEvent.PageDone(read(event, OcrPage.class));
            case "done":
                return new OcrEvent.Done(
                        event.path("model").asText(),
                        event.path("document_pages").asInt(),
                        event.path("pages_processed").asInt(),
                        read(event.path("usage"), Usage.class));
            default:
                throw new JsonMappingException(
                        null, "an event of type \"%s\"; want one of a page".formatted(type));
        }
    }

    private static <T> T read(JsonNode event, Class<T> type) throws IOException {
        return Json.MAPPER.treeToValue(event, type);
    }

    @Override
    public String text() {
        return text.toString();
    }
}
