package io.moonglass.clients;

import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrResult;
import io.moonglass.clients.schema.RecordSchema;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;

/// The same as [MoonglassClient], in futures and publishers. Safe to use from any thread.
///
/// Futures fail with a [MoonglassException], or an [java.io.UncheckedIOException] if a file of this machine cannot be read. What
/// depends on them should not wait: others need the threads that complete them. Cancelling one, or completing it in any other way
/// (`orTimeout`), ends the request here and on the server; of futures that depend on it that is not so, as everywhere. Files of this
/// machine are read before a method returns, unless they are large enough to be uploaded.
///
/// Publishers ask anew for each subscriber, and read no faster than it requests. Subscribers are told one signal after the other, on
/// threads of the HTTP client's or on the one that requests.
public final class AsyncMoonglassClient {

    private final Transport transport;
    private final AsyncFilesClient files;
    private final RequestWriter writer;

    private record DetokenizedText(String prompt) {}

    AsyncMoonglassClient(Transport transport, UploadedIds uploaded) {
        this.transport = transport;
        this.files = new AsyncFilesClient(transport, uploaded);
        this.writer =
                new RequestWriter(new MediaAddresses(files, uploaded, transport.uploadOver()));
    }

    /// @see MoonglassClient#chat(ChatCompletionRequest)
    public CompletableFuture<ChatCompletion> chat(ChatCompletionRequest request) {
        return transport.send(
                () -> writer.chat(request, false),
                body -> Json.MAPPER.readValue(body, ChatCompletion.class));
    }

    /// @see MoonglassClient#chat(ChatCompletionRequest, Class)
    public <T> CompletableFuture<StructuredAnswer<T>> chat(
            ChatCompletionRequest request, Class<T> type) {
        RecordSchema<T> schema = RecordSchema.of(type);
        ChatCompletionRequest held = request.toBuilder().jsonSchema(schema).build();
        return transport.send(
                () -> writer.chat(held, false),
                body ->
                        StructuredReader.read(
                                Json.MAPPER.readValue(body, ChatCompletion.class), schema));
    }

    /// The answer piece by piece.
    public Flow.Publisher<ChatCompletionChunk> stream(ChatCompletionRequest request) {
        return transport.events(
                () -> writer.chat(request, true), () -> new ChatDecoder(transport.faults()));
    }

    /// @see MoonglassClient#vqa(VqaRequest)
    public CompletableFuture<VqaAnswer> vqa(VqaRequest request) {
        return transport.send(
                () -> writer.vqa(request, false),
                body -> Json.MAPPER.readValue(body, VqaAnswer.class));
    }

    /// The answer piece by piece.
    public Flow.Publisher<VqaPiece> streamVqa(VqaRequest request) {
        return transport.events(
                () -> writer.vqa(request, true), () -> new VqaDecoder(transport.faults()));
    }

    /// @see MoonglassClient#ocr(OcrRequest)
    public CompletableFuture<OcrResult> ocr(OcrRequest request) {
        return transport.send(
                () -> writer.ocr(request, false),
                body -> Json.MAPPER.readValue(body, OcrResult.class));
    }

    /// Each page as it is read.
    public Flow.Publisher<OcrEvent> streamOcr(OcrRequest request) {
        return transport.events(
                () -> writer.ocr(request, true), () -> new OcrDecoder(transport.faults()));
    }

    /// @see MoonglassClient#embeddings(EmbeddingRequest)
    public CompletableFuture<Embeddings> embeddings(EmbeddingRequest request) {
        return transport.send(
                () -> writer.embeddings(request),
                body -> Json.MAPPER.readValue(body, Embeddings.class));
    }

    /// @see MoonglassClient#countTokens(ChatCompletionRequest)
    public CompletableFuture<TokenCount> countTokens(ChatCompletionRequest request) {
        return transport.send(
                () -> writer.countTokens(request),
                body -> Json.MAPPER.readValue(body, TokenCount.class));
    }

    /// @see MoonglassClient#tokenize(String)
    public CompletableFuture<Tokens> tokenize(String text) {
        return transport.send(
                Call.ask("/v1/tokenize", Json.MAPPER.valueToTree(Map.of("prompt", text))),
                Tokens.class);
    }

    /// @see MoonglassClient#detokenize(List)
    public CompletableFuture<String> detokenize(List<Integer> tokens) {
        return transport.send(
                Call.ask("/v1/detokenize", Json.MAPPER.valueToTree(Map.of("tokens", tokens))),
                body -> Json.MAPPER.readValue(body, DetokenizedText.class).prompt());
    }

    /// @see MoonglassClient#models()
    public CompletableFuture<ModelList> models() {
        return transport.send(Call.get("/v1/models"), ModelList.class);
    }

    /// @see MoonglassClient#model(String)
    public CompletableFuture<ModelList.Model> model(String id) {
        return transport.send(
                Call.get("/v1/models/" + Transport.encoded(id)), ModelList.Model.class);
    }

    public AsyncFilesClient files() {
        return files;
    }

    /// @see MoonglassClient#cancel(String)
    public CompletableFuture<Boolean> cancel(String id) {
        // one try: what is to be ended now may be another request with that id later
        Call call =
                new Call(
                        "DELETE",
                        Transport.cancelPath(id),
                        null,
                        null,
                        BodyPublishers::noBody,
                        false,
                        false);
        return transport
                .withRequestId(null)
                .send(call, body -> true)
                .exceptionallyCompose(fault ->
                        fault instanceof NotFoundException
                                        && "request_not_found"
                                                .equals(((NotFoundException) fault).code())
                                ? CompletableFuture.completedFuture(false)
                                : CompletableFuture.failedFuture(fault));
    }
}
