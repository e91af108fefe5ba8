package io.moonglass.server.conformance;

import com.fasterxml.jackson.databind.node.TextNode;

/// Where a request can name a picture, a video or a document, and how a fault names the place.
enum MediaPlace {
    CHAT_IMAGE(
            "/v1/chat/completions",
            chat("{\"type\":\"image_url\",\"image_url\":{\"url\":$url$more}}"),
            "messages[0].content[0].image_url.url"),
    CHAT_VIDEO(
            "/v1/chat/completions",
            chat("{\"type\":\"video_url\",\"video_url\":{\"url\":$url$more}}"),
            "messages[0].content[0].video_url.url"),
    CHAT_FILE(
            "/v1/chat/completions",
            chat("{\"type\":\"file\",\"file\":{\"file_url\":$url$more}}"),
            "messages[0].content[0].file.file_url"),
    RESPONSES_IMAGE(
            "/v1/responses",
            responses("{\"type\":\"input_image\",\"image_url\":$url$more}"),
            "input[0].content[0].image_url"),
    RESPONSES_VIDEO(
            "/v1/responses",
            responses("{\"type\":\"input_video\",\"video_url\":$url$more}"),
            "input[0].content[0].video_url"),
    RESPONSES_FILE(
            "/v1/responses",
            responses("{\"type\":\"input_file\",\"file_url\":$url$more}"),
            "input[0].content[0].file_url"),
    MESSAGES_IMAGE(
            "/v1/messages",
            chat("{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":$url}$more}"),
            "messages[0].content[0].source.url"),
    MESSAGES_FILE(
            "/v1/messages",
            chat("{\"type\":\"document\",\"source\":{\"type\":\"url\",\"url\":$url}$more}"),
            "messages[0].content[0].source.url"),
    VQA_IMAGE("/v1/vqa", vqa("image"), "image"),
    VQA_VIDEO("/v1/vqa", vqa("video"), "video"),
    VQA_FILE("/v1/vqa", vqa("document"), "document"),
    OCR("/v1/ocr", "{\"max_tokens\":1,\"document\":$url$more}", "document"),
    COUNT(
            "/v1/count_tokens",
            chat("{\"type\":\"image_url\",\"image_url\":{\"url\":$url$more}}"),
            "messages[0].content[0].image_url.url"),
    EMBEDDINGS("/v1/embeddings", "{\"input\":{\"image\":$url$more}}", "input.image");

    /// All that take a picture and nothing else.
    static final MediaPlace[] IMAGES = {CHAT_IMAGE, RESPONSES_IMAGE, MESSAGES_IMAGE, VQA_IMAGE};

    static final MediaPlace[] VIDEOS = {CHAT_VIDEO, RESPONSES_VIDEO, VQA_VIDEO};

    /// All whose content says what it is.
    static final MediaPlace[] FILES = {CHAT_FILE, RESPONSES_FILE, MESSAGES_FILE, VQA_FILE};

    private final String path;
    private final String body;
    private final String param;

    MediaPlace(String path, String body, String param) {
        this.path = path;
        this.body = body;
        this.param = param;
    }

    private static String chat(String part) {
        return "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[" + part + "]}]}";
    }

    private static String responses(String part) {
        return "{\"max_output_tokens\":1,\"store\":false,\"input\":[{\"role\":\"user\",\"content\":["
                + part
                + "]}]}";
    }

    private static String vqa(String field) {
        return "{\"max_tokens\":1,\"question\":\"What?\",\"" + field + "\":$url$more}";
    }

    String path() {
        return path;
    }

    String body(String url) {
        return body(url, "");
    }

    /// @param more fields beside the address, such as `"fps":2`; empty for none
    String body(String url, String more) {
        return body.replace("$more", more.isEmpty() ? "" : "," + more)
                .replace("$url", inAscii(TextNode.valueOf(url).toString()));
    }

    /// Halves of characters would not survive being written as bytes.
    private static String inAscii(String json) {
        StringBuilder ascii = new StringBuilder(json.length());
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c < 0x7f) {
                ascii.append(c);
            } else {
                ascii.append("\\u%04x".formatted((int) c));
            }
        }
        return ascii.toString();
    }

    /// Where the address stands.
    String param() {
        return param;
    }

    /// Where one of the fields beside it stands.
    String param(String field) {
        return switch (this) {
            case VQA_IMAGE, VQA_VIDEO, VQA_FILE, OCR -> field;
            case EMBEDDINGS -> "input." + field;
            case MESSAGES_IMAGE, MESSAGES_FILE -> "messages[0].content[0]." + field;
            case CHAT_IMAGE,
                    CHAT_VIDEO,
                    CHAT_FILE,
                    COUNT,
                    RESPONSES_IMAGE,
                    RESPONSES_VIDEO,
                    RESPONSES_FILE ->
                    param.substring(0, param.lastIndexOf('.') + 1) + field;
        };
    }

    /// Anthropic's clients are told neither code nor field.
    boolean tellsCode() {
        return !path.equals("/v1/messages");
    }
}
