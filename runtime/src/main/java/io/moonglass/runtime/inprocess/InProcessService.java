package io.moonglass.runtime.inprocess;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.clients.ModelList;
import io.moonglass.clients.ModelService;
import io.moonglass.clients.ServiceFault;
import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.Embedding;
import io.moonglass.runtime.wire.AnswerHead;
import io.moonglass.runtime.wire.ChatCall;
import io.moonglass.runtime.wire.ChatCallReader;
import io.moonglass.runtime.wire.ChatCompletionWriter;
import io.moonglass.runtime.wire.CollectedAnswer;
import io.moonglass.runtime.wire.EmbeddingCall;
import io.moonglass.runtime.wire.MediaReaders;
import io.moonglass.runtime.wire.OcrCall;
import io.moonglass.runtime.wire.OcrCallReader;
import io.moonglass.runtime.wire.OcrWriter;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import io.moonglass.runtime.wire.TokenAnswers;
import io.moonglass.runtime.wire.UploadedFiles;
import io.moonglass.runtime.wire.VqaCallReader;
import io.moonglass.runtime.wire.VqaWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.stream.Stream;

/// Answers a client's requests with a model of this process. Each is worked for on a virtual thread of its own, so that
/// nothing of a caller's runs on the engine's thread.
final class InProcessService implements ModelService {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String FINGERPRINT = "moonglass-in-process";
    private static final String NO_TENANT = RequestScope.DEFAULT.tenant();
    private static final String CHAT = "/v1/chat/completions";
    private static final String VQA = "/v1/vqa";
    private static final String OCR = "/v1/ocr";
    private static final String MODELS = "/v1/models";

    private final ChatModel model;
    private volatile boolean isClosed;
    private final long loaded = System.currentTimeMillis() / 1000;

    InProcessService(ChatModel model) {
        this.model = model;
    }

    @Override
    public CompletableFuture<byte[]> answer(String path, JsonNode body) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("answer " + path)
                .start(() -> {
                    try {
                        answer.complete(JSON.writeValueAsBytes(whole(path, body, answer)));
                    } catch (Throwable e) { // an Error too: somebody waits
                        answer.completeExceptionally(told(e));
                    }
                });
        return answer;
    }

    /// From now on nothing is answered; what a closed model throws says no more than that.
    void close() {
        isClosed = true;
    }

    private ServiceFault told(Throwable fault) {
        return isClosed && !(fault instanceof ServiceFault)
                ? InProcessFaults.closed()
                : InProcessFaults.of(fault);
    }

    private void begin() {
        if (isClosed) {
            throw InProcessFaults.closed();
        }
        model.giveBackMemory();
    }

    /// @param wanted done once nobody waits any more
    private Object whole(String path, JsonNode body, CompletableFuture<?> wanted)
            throws InterruptedException {
        begin();
        if (body == null) {
            return models(path);
        }
        RequestFields fields = fields(body);
        Deadline deadline = Deadline.in(SamplingReader.timeout(fields));
        try {
            return switch (path) {
                case CHAT -> chat(body, deadline, wanted);
                case VQA -> vqa(fields, deadline, wanted);
                case OCR -> ocr(fields, deadline, wanted);
                case "/v1/count_tokens" ->
                        TokenAnswers.count(
                                fields, model, UploadedFiles.NONE, deadline.orDone(wanted));
                case "/v1/tokenize" ->
                        TokenAnswers.tokenize(
                                fields, model, UploadedFiles.NONE, deadline.orDone(wanted));
                case "/v1/detokenize" -> TokenAnswers.detokenize(fields, model);
                case "/v1/embeddings" -> embeddings(fields, deadline, wanted);
                default -> throw InProcessFaults.unknownPath(path);
            };
        } catch (CancellationException e) {
            throw deadline.hasPassed() ? InProcessFaults.deadlineExceeded() : e;
        }
    }

    private RequestFields fields(JsonNode body) {
        RequestFields fields = RequestFields.of("", body);
        String wanted = fields.string("model").orElse("");
        if (!wanted.isEmpty() && !wanted.equals(model.name())) {
            throw InProcessFaults.unknownModel(model.name());
        }
        return fields;
    }

    private Object chat(JsonNode body, Deadline deadline, CompletableFuture<?> wanted)
            throws InterruptedException {
        ChatCall call = ChatCallReader.read(body, model, NO_TENANT, UploadedFiles.NONE);
        ChatCompletionWriter writer = writer(call);
        List<CollectedAnswer> answers =
                Stream.generate(CollectedAnswer::new).limit(call.numAnswers()).toList();
        try (RunningAnswers running =
                RunningAnswers.start(model, call.request(), call.numAnswers(), deadline)) {
            wanted.whenComplete((_, _) -> running.cancel());
            running.takeAll((answer, event) -> answers.get(answer).add(event));
            return writer.whole(running.prompt(), answers);
        }
    }

    private Object vqa(RequestFields fields, Deadline deadline, CompletableFuture<?> wanted)
            throws InterruptedException {
        CollectedAnswer answer = new CollectedAnswer();
        try (RunningAnswers running = vqa(fields, deadline)) {
            wanted.whenComplete((_, _) -> running.cancel());
            running.takeAll((_, event) -> answer.add(event));
            return new VqaWriter(model.name()).whole(running.prompt(), answer);
        }
    }

    private RunningAnswers vqa(RequestFields fields, Deadline deadline) {
        return RunningAnswers.start(
                model,
                VqaCallReader.read(
                        fields,
                        model,
                        NO_TENANT,
                        MediaReaders.of(fields, UploadedFiles.NONE),
                        List.of()),
                1,
                deadline);
    }

    private Object ocr(RequestFields fields, Deadline deadline, CompletableFuture<?> wanted)
            throws InterruptedException {
        OcrCall call = ocr(fields);
        OcrWriter writer = new OcrWriter(model.name(), call.format());
        try (RunningPages pages = RunningPages.start(model, call, deadline)) {
            wanted.whenComplete((_, _) -> pages.cancel());
            pages.writeAll(writer);
            return writer.whole(pages.numPages());
        }
    }

    private OcrCall ocr(RequestFields fields) {
        return OcrCallReader.read(
                fields, model, NO_TENANT, MediaReaders.of(fields, UploadedFiles.NONE), List.of());
    }

    private Object embeddings(
            RequestFields fields, Deadline deadline, CompletableFuture<?> wanted) {
        EmbeddingCall call = EmbeddingCall.read(fields, NO_TENANT, UploadedFiles.NONE);
        List<Embedding> embeddings = new ArrayList<>();
        for (int i = 0; i < call.numInputs(); i++) {
            embeddings.add(call.embed(i, model, deadline.orDone(wanted)));
        }
        return call.reply(model.name(), embeddings);
    }

    private Object models(String path) {
        ModelList.Model card =
                new ModelList.Model(
                        model.name(),
                        "model",
                        loaded,
                        "moonglass",
                        model.contextLength(),
                        "loaded");
        if (path.equals(MODELS)) {
            return ModelList.of(List.of(card));
        }
        if (!path.startsWith(MODELS + "/")) {
            throw InProcessFaults.unknownPath(path);
        }
        String name = URLEncoder.encode(model.name(), StandardCharsets.UTF_8).replace("+", "%20");
        if (!path.equals(MODELS + "/" + name)) {
            throw InProcessFaults.unknownModel(model.name());
        }
        return card;
    }

    private ChatCompletionWriter writer(ChatCall call) {
        String id = "chatcmpl-" + UUID.randomUUID().toString().replace("-", "");
        return new ChatCompletionWriter(
                new AnswerHead(id, System.currentTimeMillis() / 1000, model.name(), FINGERPRINT),
                call.told());
    }

    @Override
    public Flow.Publisher<String> stream(String path, JsonNode body) {
        return subscriber ->
                PieceStream.start(
                        subscriber,
                        this::told,
                        stream -> {
                            begin();
                            switch (path) {
                                case CHAT -> streamChat(body, stream);
                                case VQA -> streamVqa(body, stream);
                                case OCR -> streamOcr(body, stream);
                                default -> throw InProcessFaults.unknownPath(path);
                            }
                        });
    }

    private void streamChat(JsonNode body, PieceStream stream) throws InterruptedException {
        Deadline deadline = Deadline.in(SamplingReader.timeout(fields(body)));
        ChatCall call = ChatCallReader.read(body, model, NO_TENANT, UploadedFiles.NONE);
        ChatPieces pieces = new ChatPieces(writer(call), call, stream);
        try (RunningAnswers running =
                RunningAnswers.start(model, call.request(), call.numAnswers(), deadline)) {
            stream.whenCancelled(running::cancel);
            running.takeAll(pieces);
            pieces.end(running.prompt(), running.timeline());
        }
    }

    private void streamVqa(JsonNode body, PieceStream stream) throws InterruptedException {
        RequestFields fields = fields(body);
        VqaPieces pieces = new VqaPieces(new VqaWriter(model.name()), stream);
        try (RunningAnswers running = vqa(fields, Deadline.in(SamplingReader.timeout(fields)))) {
            stream.whenCancelled(running::cancel);
            running.takeAll(pieces);
            pieces.end(running.prompt());
        }
    }

    private void streamOcr(JsonNode body, PieceStream stream) throws InterruptedException {
        RequestFields fields = fields(body);
        OcrCall call = ocr(fields);
        OcrWriter writer = new OcrWriter(model.name(), call.format(), stream::send);
        try (RunningPages pages =
                RunningPages.start(model, call, Deadline.in(SamplingReader.timeout(fields)))) {
            stream.whenCancelled(pages::cancel);
            pages.writeAll(writer);
            writer.end(pages.numPages());
        }
    }
}
