package io.moonglass.clients;

import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrResult;
import java.net.URI;
import java.util.List;
import java.util.function.Consumer;

/// A client of a Moonglass server; what OpenAI's dialect has too it also asks of other servers that speak it. Safe to use
/// from any thread; a program needs one. It needs no closing: its threads end once it is not used any more.
///
/// All methods that ask the server throw a [MoonglassException] if there is no answer, or it is an error; its kinds say
/// which. A thread that waits in one and is interrupted gives its request up, here and on the server.
public final class MoonglassClient {

    /// Rounds of calls that a model gets where nothing else is said.
    private static final int DEFAULT_TOOL_ROUNDS = 8;

    private final Transport transport;
    private final UploadedIds uploaded;
    private final AsyncMoonglassClient async;

    MoonglassClient(Transport transport) {
        this(transport, new UploadedIds());
    }

    private MoonglassClient(Transport transport, UploadedIds uploaded) {
        this.transport = transport;
        this.uploaded = uploaded;
        this.async = new AsyncMoonglassClient(transport, uploaded);
    }

    /// @param server where the server is, with or without the `/v1`: `http://127.0.0.1:8080`
    /// @throws IllegalArgumentException if it is no such address
    public static MoonglassClient of(URI server) {
        return builder(server).build();
    }

    /// A client of a model in this process. It has no keys, ids of requests or files: what is said of them changes nothing,
    /// and asking for files is a [NotFoundException].
    public static MoonglassClient of(ModelService service) {
        return new MoonglassClient(new ServiceTransport(service));
    }

    /// @param server where the server is, with or without the `/v1`: `http://127.0.0.1:8080`
    /// @throws IllegalArgumentException if it is no such address
    public static ClientBuilder builder(URI server) {
        return new ClientBuilder(server);
    }

    /// The same client, which sends this key with every request.
    public MoonglassClient withApiKey(String key) {
        return new MoonglassClient(transport.withApiKey(key), new UploadedIds());
    }

    /// The same client, which gives its requests this id: the name under which the server logs them and
    /// another thread can [#cancel(String)] the one that runs. Without it each request has one of its own.
    ///
    /// @param id at most 128 visible ASCII characters; one request at a time may have it
    public MoonglassClient withRequestId(String id) {
        return new MoonglassClient(transport.withRequestId(id), uploaded);
    }

    /// The same client in futures and publishers.
    public AsyncMoonglassClient async() {
        return async;
    }

    /// Asks one question, about media if there are any, and waits for the answer's text.
    public String ask(String question, ContentPart... media) {
        return chat(ChatCompletionRequest.of(question, media)).text();
    }

    /// Asks and waits for the whole answer.
    public ChatCompletion chat(ChatCompletionRequest request) {
        return transport.await(async.chat(request));
    }

    /// Asks and waits for an answer that is a record: what the model writes is held to the record's schema.
    ///
    /// @param type a record, or a sealed interface of records; what they may contain
    ///             [io.moonglass.clients.schema.RecordSchema] says
    /// @throws UnusableAnswerException if the answer was cut off, refused, or is not such a record
    public <T> StructuredAnswer<T> chat(ChatCompletionRequest request, Class<T> type) {
        return transport.await(async.chat(request, type));
    }

    /// Asks, calls the tools that the model wants called, and tells it what came of them, until it answers. What a tool
    /// throws ends that and goes to the caller.
    ///
    /// @throws ToolRoundsExceededException if the model has not answered after 8 rounds of calls
    public ToolAnswer chat(ChatCompletionRequest request, List<? extends Tool<?>> tools) {
        return chat(request, tools, DEFAULT_TOOL_ROUNDS);
    }

    /// The same with another limit.
    ///
    /// @param maxRounds of calls; in each the model may call several tools
    public ToolAnswer chat(
            ChatCompletionRequest request, List<? extends Tool<?>> tools, int maxRounds) {
        return new ToolRunner(this, tools, maxRounds).run(request);
    }

    /// Asks, and returns when the answer begins.
    public AnswerStream<ChatCompletionChunk> stream(ChatCompletionRequest request) {
        return AnswerStream.open(transport, async.stream(request));
    }

    /// Asks and hands over the answer piece by piece, on the calling thread. If `chunks` throws, the
    /// connection is closed, which ends the generation, and the exception goes to the caller.
    public void stream(ChatCompletionRequest request, Consumer<ChatCompletionChunk> chunks) {
        try (AnswerStream<ChatCompletionChunk> stream = stream(request)) {
            stream.forEach(chunks);
        }
    }

    /// A conversation, which keeps what was said.
    public Conversation.Builder conversation() {
        return new Conversation.Builder(this);
    }

    /// Asks a question about pictures, a video or a document.
    public VqaAnswer vqa(VqaRequest request) {
        return transport.await(async.vqa(request));
    }

    /// The same, piece by piece.
    public AnswerStream<VqaPiece> streamVqa(VqaRequest request) {
        return AnswerStream.open(transport, async.streamVqa(request));
    }

    /// Has the text of a picture or PDF read, page by page. A page that cannot be read has an error, and the others are
    /// read.
    public OcrResult ocr(OcrRequest request) {
        return transport.await(async.ocr(request));
    }

    /// The same, each page as it is read.
    public AnswerStream<OcrEvent> streamOcr(OcrRequest request) {
        return AnswerStream.open(transport, async.streamOcr(request));
    }

    /// Features of texts and pictures, in their order.
    public Embeddings embeddings(EmbeddingRequest request) {
        return transport.await(async.embeddings(request));
    }

    /// Exactly what the prompt of a request would cost, pictures included, without running the model.
    public TokenCount countTokens(ChatCompletionRequest request) {
        return transport.await(async.countTokens(request));
    }

    /// A text as token ids.
    public Tokens tokenize(String text) {
        return transport.await(async.tokenize(text));
    }

    /// Token ids as a text.
    public String detokenize(List<Integer> tokens) {
        return transport.await(async.detokenize(tokens));
    }

    public ModelList models() {
        return transport.await(async.models());
    }

    /// @throws NotFoundException if it is not served
    public ModelList.Model model(String id) {
        return transport.await(async.model(id));
    }

    /// The files of this key that the server keeps.
    public FilesClient files() {
        return new FilesClient(transport, async.files());
    }

    /// Ends the running request of this id, which gets an error instead of the rest of its answer.
    ///
    /// @return whether one was running
    public boolean cancel(String id) {
        return transport.await(async.cancel(id));
    }

    /// Whom it asks; no key.
    @Override
    public String toString() {
        return "MoonglassClient[%s]".formatted(transport.peer());
    }
}
