package io.moonglass.server.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/// Reads a request's body as strict JSON: UTF-8 without a byte order mark, one value and nothing
/// after it, no key twice, no `NaN`, no more than 1,000 levels. The parser's own words stay out of
/// the faults.
final class JsonBody {

    private static final int MAX_DEPTH = 1_000;

    private final int maxBodyBytes;
    private final ObjectMapper json;

    /// @param maxBodyBytes a single string, such as a picture's address, may be as long as the body
    JsonBody(int maxBodyBytes) {
        this.maxBodyBytes = maxBodyBytes;
        this.json =
                new ObjectMapper(
                        JsonFactory.builder()
                                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                // To close the stream is to read the rest of it, which may never
                                // come.
                                .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
                                // Callers choose the names; they must not fill the JVM's string
                                // table.
                                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                                .streamReadConstraints(
                                        StreamReadConstraints.builder()
                                                .maxNestingDepth(MAX_DEPTH)
                                                .maxStringLength(maxBodyBytes)
                                                .build())
                                .build());
    }

    int maxBodyBytes() {
        return maxBodyBytes;
    }

    /// Reads to the end of the stream.
    ///
    /// @throws HttpFault   400 if it is no such JSON
    /// @throws IOException if the stream cannot be read
    JsonNode read(InputStream body) throws IOException {
        InputStreamReader text =
                new InputStreamReader(
                        body,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPORT)
                                .onUnmappableCharacter(CodingErrorAction.REPORT));
        try (JsonParser parser = json.createParser(text)) {
            JsonNode root = json.readTree(parser);
            if (root == null || root.isMissingNode()) {
                throw invalid("the body is empty; want a JSON object");
            }
            if (parser.nextToken() != null) {
                throw invalid("the body goes on after its JSON value; want one object");
            }
            return root;
        } catch (StreamConstraintsException e) {
            throw invalid(
                    "the body is nested deeper than %,d levels or holds a number of more than 1,000 digits"
                            .formatted(MAX_DEPTH));
        } catch (JsonProcessingException e) {
            throw malformed(e);
        } catch (CharacterCodingException e) {
            throw invalid("the body is no valid UTF-8");
        }
    }

    private static HttpFault malformed(JsonProcessingException e) {
        JsonLocation where = e.getLocation();
        String place =
                where == null
                        ? ""
                        : " (line %d, column %d)".formatted(where.getLineNr(), where.getColumnNr());
        // The parser has no other sign of it than the words.
        boolean twice = String.valueOf(e.getOriginalMessage()).startsWith("Duplicate field");
        return invalid(
                (twice
                                ? "the body has the same key twice in one object"
                                : "the body is no valid JSON")
                        + place);
    }

    private static HttpFault invalid(String message) {
        return HttpFault.invalidRequest(400, "invalid_json", message);
    }
}
