package io.moonglass.clients;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.clients.ocr.OcrFormat;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/// Writes requests as the server reads them. Media come first: nothing is written before their addresses are known.
record RequestWriter(MediaAddresses media) {

    private static final String STREAM = "stream";

    CompletableFuture<Call> chat(ChatCompletionRequest request, boolean stream) {
        return write(
                sourcesOf(request.messages()),
                "/v1/chat/completions",
                addresses -> {
                    ObjectNode body = conversation(request, addresses);
                    if (stream) {
                        return body.put(STREAM, true);
                    }
                    body.remove("stream_options");
                    return body;
                });
    }

    CompletableFuture<Call> countTokens(ChatCompletionRequest request) {
        return write(
                sourcesOf(request.messages()),
                "/v1/count_tokens",
                addresses -> conversation(request, addresses));
    }

    CompletableFuture<Call> vqa(VqaRequest request, boolean stream) {
        List<MediaSource> sources = new ArrayList<>();
        request.media().forEach(part -> addSource(sources, part));
        return write(
                sources,
                "/v1/vqa",
                addresses -> {
                    ObjectNode body = fields(request.fields(), stream);
                    request.media().forEach(part -> addVqaMedium(body, part, addresses));
                    return body.put("question", request.question());
                });
    }

    CompletableFuture<Call> ocr(OcrRequest request, boolean stream) {
        return write(
                List.of(request.document()),
                "/v1/ocr",
                addresses ->
                        fields(request.fields(), stream)
                                .put("document", addresses.apply(request.document()))
                                .put(
                                        "format",
                                        request.format() == OcrFormat.TEXT ? "text" : "markdown"));
    }

    CompletableFuture<Call> embeddings(EmbeddingRequest request) {
        List<MediaSource> sources = new ArrayList<>();
        request.inputs().forEach(part -> addSource(sources, part));
        return write(
                sources,
                "/v1/embeddings",
                addresses -> {
                    ObjectNode body = fields(request.fields(), false);
                    body.put("encoding_format", "base64");
                    ArrayNode inputs = body.putArray("input");
                    for (ContentPart part : request.inputs()) {
                        if (part instanceof ContentPart.Text text) {
                            inputs.add(text.text());
                        } else {
                            inputs.addObject()
                                    .put(
                                            "image",
                                            addresses.apply(((ContentPart.Image) part).source()));
                        }
                    }
                    return body;
                });
    }

    private CompletableFuture<Call> write(
            Collection<MediaSource> sources,
            String path,
            Function<Function<MediaSource, String>, ObjectNode> body) {
        CompletableFuture<Function<MediaSource, String>> addresses = media.of(sources);
        CompletableFuture<Call> call = addresses.thenApply(all -> Call.ask(path, body.apply(all)));
        call.whenComplete((done, fault) -> addresses.cancel(true));
        return call;
    }

    private static ObjectNode fields(Map<String, Object> fields, boolean stream) {
        ObjectNode body = Json.MAPPER.valueToTree(fields);
        return stream ? body.put(STREAM, true) : body;
    }

    private static ObjectNode conversation(
            ChatCompletionRequest request, Function<MediaSource, String> addresses) {
        ObjectNode body = fields(request.fields(), false);
        ArrayNode messages = body.putArray("messages");
        request.messages().forEach(message -> messages.add(message(message, addresses)));
        return body;
    }

    private static ObjectNode message(
            ChatMessage message, Function<MediaSource, String> addresses) {
        ObjectNode written = JsonNodeFactory.instance.objectNode().put("role", message.role());
        List<ContentPart> parts = message.parts();
        if (parts.size() == 1 && parts.get(0) instanceof ContentPart.Text only) {
            // every server of the dialect takes text alone as a plain string
            written.put("content", only.text());
        } else if (!parts.isEmpty() || message.toolCalls().isEmpty()) {
            ArrayNode content = written.putArray("content");
            parts.forEach(part -> content.add(part(part, addresses)));
        }
        if (!message.toolCalls().isEmpty()) {
            written.set("tool_calls", Json.MAPPER.valueToTree(message.toolCalls()));
        }
        if (message.toolCallId() != null) {
            written.put("tool_call_id", message.toolCallId());
        }
        return written;
    }

    private static ObjectNode part(ContentPart part, Function<MediaSource, String> addresses) {
        ObjectNode written = JsonNodeFactory.instance.objectNode();
        if (part instanceof ContentPart.Text text) {
            return written.put("type", "text").put("text", text.text());
        }
        if (part instanceof ContentPart.Image image) {
            ObjectNode holder = written.put("type", "image_url").putObject("image_url");
            holder.put("url", addresses.apply(image.source()));
            putIfSaid(holder, "detail", image.detail());
            putIfSaid(holder, "max_pixels", image.maxPixels());
            return written;
        }
        if (part instanceof ContentPart.Video video) {
            ObjectNode holder = written.put("type", "video_url").putObject("video_url");
            holder.put("url", addresses.apply(video.source()));
            putVideoSettings(holder, video);
            return written;
        }
        ContentPart.Document document = (ContentPart.Document) part;
        ObjectNode holder = written.put("type", "file").putObject("file");
        String address = addresses.apply(document.source());
        holder.put(fileKey(address), address);
        putIfSaid(holder, "pages", document.pages());
        return written;
    }

    private static String fileKey(String address) {
        if (address.startsWith("data:")) {
            return "file_data";
        }
        return address.startsWith("file-") || address.startsWith("sha256:")
                ? "file_id"
                : "file_url";
    }

    private static void addVqaMedium(
            ObjectNode body, ContentPart part, Function<MediaSource, String> addresses) {
        if (part instanceof ContentPart.Image image) {
            body.withArray("images").add(addresses.apply(image.source()));
            putIfSaid(body, "detail", image.detail());
            putIfSaid(body, "max_pixels", image.maxPixels());
        } else if (part instanceof ContentPart.Video video) {
            body.put("video", addresses.apply(video.source()));
            putVideoSettings(body, video);
        } else {
            ContentPart.Document document = (ContentPart.Document) part;
            body.put("document", addresses.apply(document.source()));
            putIfSaid(body, "pages", document.pages());
        }
    }

    private static void putVideoSettings(ObjectNode holder, ContentPart.Video video) {
        putIfSaid(holder, "fps", video.fps());
        putIfSaid(holder, "max_frames", video.maxFrames());
        putIfSaid(holder, "max_video_tokens", video.maxVideoTokens());
        putIfSaid(holder, "timestamps", video.timestamps());
    }

    private static void putIfSaid(ObjectNode holder, String key, Object value) {
        if (value != null) {
            holder.set(key, Json.MAPPER.valueToTree(value));
        }
    }

    private static List<MediaSource> sourcesOf(List<ChatMessage> messages) {
        List<MediaSource> sources = new ArrayList<>();
        messages.forEach(message -> message.parts().forEach(part -> addSource(sources, part)));
        return sources;
    }

    private static void addSource(List<MediaSource> sources, ContentPart part) {
        if (part instanceof ContentPart.Image image) {
            sources.add(image.source());
        } else if (part instanceof ContentPart.Video video) {
            sources.add(video.source());
        } else if (part instanceof ContentPart.Document document) {
            sources.add(document.source());
        }
    }
}
