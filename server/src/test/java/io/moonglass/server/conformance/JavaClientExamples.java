package io.moonglass.server.conformance;

import com.fasterxml.jackson.annotation.JsonClassDescription;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ConnectionLostException;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.Conversation;
import io.moonglass.clients.EmbeddingRequest;
import io.moonglass.clients.Embeddings;
import io.moonglass.clients.MediaSource;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import io.moonglass.clients.OcrRequest;
import io.moonglass.clients.OverloadedException;
import io.moonglass.clients.RequestTooLargeException;
import io.moonglass.clients.RetryPolicy;
import io.moonglass.clients.StructuredAnswer;
import io.moonglass.clients.TokenCount;
import io.moonglass.clients.Tool;
import io.moonglass.clients.ToolAnswer;
import io.moonglass.clients.UploadedFile;
import io.moonglass.clients.VqaAnswer;
import io.moonglass.clients.VqaRequest;
import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrFormat;
import io.moonglass.clients.ocr.OcrResult;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;

/// The code of `docs/java-client.md`, which [JavaClientGuideTest] runs and compares with that page line by line.
final class JavaClientExamples {

    private final Path pictures;
    private final Path pdf;
    private final PrintStream out;

    /// @param pictures a folder with pictures of the evaluation set
    /// @param out      where what is answered goes
    JavaClientExamples(Path pictures, Path pdf, PrintStream out) {
        this.pictures = pictures;
        this.pdf = pdf;
        this.out = out;
    }

    void ask(URI address) {
        MoonglassClient client = MoonglassClient.of(address);
        Path picture = pictures.resolve("shape_000.png");

        String answer = client.ask("What is the yellow shape?", ContentPart.image(picture));
        out.println(answer);
    }

    MoonglassClient build(URI address, String key) {
        return MoonglassClient.builder(address)
                .apiKey(key)
                .connectTimeout(Duration.ofSeconds(5))
                .requestTimeout(Duration.ofMinutes(5))
                .idleTimeout(Duration.ofMinutes(1))
                .retries(
                        new RetryPolicy(
                                5,
                                Duration.ofMillis(500),
                                Duration.ofSeconds(10),
                                Duration.ofMinutes(3)))
                .header("X-Team", "documents")
                .build();
    }

    void chat(MoonglassClient client) {
        ChatCompletionRequest request =
                ChatCompletionRequest.builder()
                        .system("Write everything in capitals.")
                        .user(
                                "The circle: what colour is it?",
                                ContentPart.image(pictures.resolve("system_000.png")))
                        .temperature(0)
                        .maxTokens(100)
                        .build();

        ChatCompletion completion = client.chat(request);
        out.println(completion.text());
        out.println(completion.usage().promptTokensDetails().imageTokens());
    }

    void stream(MoonglassClient client) {
        ChatCompletionRequest request =
                ChatCompletionRequest.of(
                        "What does the picture show?",
                        ContentPart.image(pictures.resolve("describe_000.png")));
        try (AnswerStream<ChatCompletionChunk> answer = client.stream(request)) {
            for (ChatCompletionChunk chunk : answer) {
                out.print(chunk.text());
            }
        }
        out.println();
    }

    void later(MoonglassClient client) {
        CompletableFuture<ChatCompletion> answer =
                client.async().chat(ChatCompletionRequest.of("Hello"));
        answer.thenAccept(completion -> out.println(completion.text())).join();
    }

    void publish(MoonglassClient client) throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        client.async().stream(ChatCompletionRequest.of("Hello"))
                .subscribe(
                        new Flow.Subscriber<>() {
                            private Flow.Subscription subscription;

                            @Override
                            public void onSubscribe(Flow.Subscription given) {
                                subscription = given;
                                subscription.request(1);
                            }

                            @Override
                            public void onNext(ChatCompletionChunk chunk) {
                                out.print(chunk.text());
                                subscription.request(1);
                            }

                            @Override
                            public void onError(Throwable fault) {
                                fault.printStackTrace();
                                ended.countDown();
                            }

                            @Override
                            public void onComplete() {
                                out.println();
                                ended.countDown();
                            }
                        });
        ended.await();
    }

    void converse(MoonglassClient client) {
        Conversation conversation =
                client.conversation().temperature(0).keepWithinContext(500).start();
        Path picture = pictures.resolve("turns_003.png");

        conversation.ask("What color is the hexagon in the picture?", ContentPart.image(picture));
        Conversation branch = conversation.branch();
        out.println(conversation.ask("where is it?"));
        out.println(branch.ask("What does the picture show?"));
    }

    @JsonClassDescription("What a picture shows.")
    record Picture(
            @JsonPropertyDescription("How many shapes there are.") int count, String background) {}

    void structured(MoonglassClient client) {
        ChatCompletionRequest request =
                ChatCompletionRequest.of(
                        "Write count and background of the picture in JSON.",
                        ContentPart.image(pictures.resolve("json_000.png")));

        StructuredAnswer<Picture> answer = client.chat(request, Picture.class);
        out.println(answer.value());
    }

    @JsonClassDescription("Sets a timer.")
    record SetTimer(int minutes) {}

    void tools(MoonglassClient client) {
        Tool<SetTimer> timer =
                Tool.of(
                        SetTimer.class,
                        call -> {
                            out.println(call.minutes() + " minutes");
                            return "The timer runs.";
                        });

        ToolAnswer answer =
                client.chat(ChatCompletionRequest.of("Wake me in 383 minutes."), List.of(timer));
        out.println(answer.text());
    }

    void vqa(MoonglassClient client) {
        VqaAnswer answer =
                client.vqa(
                        VqaRequest.of(
                                "What does this say?",
                                ContentPart.image(pictures.resolve("ocr_seen_000.png"))));
        out.println(answer.answer());
    }

    void ocr(MoonglassClient client) {
        OcrRequest request =
                OcrRequest.builder(MediaSource.of(pdf))
                        .format(OcrFormat.TEXT)
                        .pages("1-2")
                        .dpi(72)
                        .build();

        OcrResult result = client.ocr(request);
        out.println(result.text());

        try (AnswerStream<OcrEvent> pages = client.streamOcr(request)) {
            for (OcrEvent event : pages) {
                if (event instanceof OcrEvent.PageDone done) {
                    out.println("page " + done.page().page());
                }
            }
        }
    }

    void files(MoonglassClient client) {
        UploadedFile file = client.files().upload(pictures.resolve("shape_000.png"));
        ContentPart picture = ContentPart.image(MediaSource.of(file));
        out.println(client.ask("What is the yellow shape?", picture));
        client.files().delete(file.id());
    }

    void tokens(MoonglassClient client) {
        TokenCount count =
                client.countTokens(
                        ChatCompletionRequest.of(
                                "What does this say?",
                                ContentPart.image(pictures.resolve("ocr_seen_000.png"))));
        out.println(count.promptTokens() + " of " + count.maxModelLen());

        Embeddings features =
                client.embeddings(EmbeddingRequest.of("a red square", "a red circle"));
        double alike = features.data().get(0).cosine(features.data().get(1));
        out.println(alike > 0.9);
    }

    void faults(MoonglassClient client, ChatCompletionRequest request) {
        try {
            client.stream(request, chunk -> out.print(chunk.text()));
        } catch (RequestTooLargeException e) {
            out.println("too large: " + e.getMessage());
        } catch (OverloadedException e) {
            out.println("busy, ask again in " + e.retryAfter().orElse(Duration.ofSeconds(5)));
        } catch (ConnectionLostException e) {
            out.println("broke off after: " + e.partialText());
        } catch (MoonglassException e) {
            out.println(e.code() + " at " + e.param() + ": " + e.getMessage());
        }
    }

    void cancel(MoonglassClient client) {
        CompletableFuture<ChatCompletion> answer =
                client.async().chat(ChatCompletionRequest.of("Hello"));
        answer.cancel(true);
    }
}
