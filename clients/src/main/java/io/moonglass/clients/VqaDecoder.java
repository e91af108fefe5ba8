package io.moonglass.clients;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;

/// Reads the events of a streamed answer of `POST /v1/vqa`.
final class VqaDecoder implements EventDecoder<VqaPiece> {

    private final FaultReader faults;
    private final StringBuilder text = new StringBuilder();

    VqaDecoder(FaultReader faults) {
        this.faults = faults;
    }

    @Override
    public VqaPiece decode(String data) throws IOException {
        JsonNode event = Json.MAPPER.readTree(data);
        if (event.has("error")) {
            throw faults.ofEvent(event.get("error"));
        }
        VqaPiece piece = Json.MAPPER.treeToValue(event, VqaPiece.class);
        text.append(piece.text());
        return piece;
    }

    @Override
    public String text() {
        return text.toString();
    }
}
