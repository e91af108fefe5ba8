package io.moonglass.server.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;

/// Requests that are taken, of every route that takes a body of JSON and with every field that there is.
final class ValidRequests {

    private static final ObjectMapper JSON = new ObjectMapper();

    /// One of them, a `POST`.
    record ValidRequest(String path, JsonNode body) {}

    private ValidRequests() {}

    static List<ValidRequest> all() {
        try (InputStream stream = ValidRequests.class.getResourceAsStream("valid-requests.json")) {
            String base64 = Base64.getEncoder().encodeToString(picture(56, 28, Color.RED));
            String text =
                    new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                            .replace("$PICTURE", "data:image/png;base64," + base64)
                            .replace("$BASE64", base64);
            List<ValidRequest> requests = new ArrayList<>();
            for (JsonNode request : JSON.readTree(text)) {
                requests.add(
                        new ValidRequest(request.get("path").textValue(), request.get("body")));
            }
            return List.copyOf(requests);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// A PNG of one colour.
    static byte[] picture(int width, int height, Color colour) {
        BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(colour);
        graphics.fillRect(0, 0, width, height);
        graphics.dispose();
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(picture, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return png.toByteArray();
    }
}
