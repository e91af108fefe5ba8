package io.moonglass.server.command;

import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ChatMessage;
import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass ask`: one question, answered on standard output as it is written.
@Command(
        name = "ask",
        description = "Ask one question, about pictures if there are any.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false)
final class AskCommand implements Callable<Integer> {

    private final ModelOpener models;

    @Spec private CommandSpec spec;

    @ArgGroup private Answerer answerer = new Answerer();

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description = "A picture (PNG, JPEG, WebP, GIF or BMP); may be given more than once.")
    private List<Path> images = new ArrayList<>();

    @Option(names = "--system", paramLabel = "TEXT", description = "A system message.")
    private Optional<String> system;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Most tokens of the answer (default: what the context holds).")
    private Optional<Integer> maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            description = "0 for the most likely answer, up to 2 (default: the model's).")
    private Optional<Double> temperature;

    @Mixin private WeightOptions weights;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Option(
            names = "--show-reasoning",
            description = "Write a thinking model's reasoning to standard error.")
    private boolean showReasoning;

    @Parameters(paramLabel = "QUESTION", description = "The question.")
    private String question;

    AskCommand(ModelOpener models) {
        this.models = models;
    }

    @Override
    public Integer call() throws InterruptedException {
        List<byte[]> pictures = images.stream().map(AskCommand::read).toList();
        boolean cutOff = answerer.isServer() ? askServer(pictures) : askInProcess(pictures);
        PrintWriter out = spec.commandLine().getOut();
        out.println();
        out.flush();
        if (cutOff) {
            spec.commandLine()
                    .getErr()
                    .println("moonglass: the answer was cut off at the token limit");
        }
        return 0;
    }

    private boolean askServer(List<byte[]> pictures) {
        List<io.moonglass.clients.ContentPart> parts = new ArrayList<>();
        pictures.forEach(picture -> parts.add(io.moonglass.clients.ContentPart.image(picture)));
        parts.add(io.moonglass.clients.ContentPart.text(question));
        ChatCompletionRequest.Builder request = ChatCompletionRequest.builder();
        system.ifPresent(text -> request.message(ChatMessage.system(text)));
        request.message(ChatMessage.user(parts));
        maxTokens.ifPresent(request::maxTokens);
        temperature.ifPresent(request::temperature);
        List<String> finishReasons = new ArrayList<>();
        answerer.client().stream(
                request.build(),
                chunk -> {
                    writeReasoning(chunk.reasoningText());
                    writeText(chunk.text());
                    chunk.choices().stream()
                            .map(ChatCompletionChunk.Choice::finishReason)
                            .filter(reason -> reason != null)
                            .forEach(finishReasons::add);
                });
        return finishReasons.contains("length");
    }

    private boolean askInProcess(List<byte[]> pictures) throws InterruptedException {
        try (ChatModel model =
                weights.open(
                        models,
                        answerer.directory(),
                        vision.in(compute.chatModel()),
                        spec.commandLine().getErr())) {
            BlockingQueue<GenerationEvent> events = new LinkedBlockingQueue<>();
            Generation generation = generate(model, pictures, events);
            try {
                return writeAnswer(events);
            } finally {
                generation.cancel();
            }
        }
    }

    private Generation generate(
            ChatModel model, List<byte[]> pictures, BlockingQueue<GenerationEvent> events) {
        try {
            return model.generate(request(model, pictures), events::add);
        } catch (InvalidRequestException e) {
            throw namingItsFile(e);
        }
    }

    /// Whoever typed the name of a picture's file does not know its place in a request.
    private InvalidRequestException namingItsFile(InvalidRequestException fault) {
        int question = system.isPresent() ? 1 : 0;
        for (int i = 0; i < images.size(); i++) {
            String where = "messages[%d].content[%d].image_url.url".formatted(question, i);
            if (where.equals(fault.param())) {
                return new InvalidRequestException(
                        fault.kind(),
                        where,
                        fault.getMessage().replace(where, "--image " + images.get(i)));
            }
        }
        return fault;
    }

    private ChatRequest request(ChatModel model, List<byte[]> pictures) {
        List<ContentPart> parts = new ArrayList<>();
        pictures.forEach(picture -> parts.add(ContentPart.Picture.of(picture)));
        parts.add(new ContentPart.Text(question));
        List<Message> messages = new ArrayList<>();
        system.ifPresent(text -> messages.add(Message.text(Role.SYSTEM, text)));
        messages.add(new Message(Role.USER, parts));
        SamplingParameters defaults =
                model.defaultSampling().withSeed(ThreadLocalRandom.current().nextLong());
        ChatRequest request =
                ChatRequest.of(
                        messages, temperature.map(defaults::withTemperature).orElse(defaults));
        return maxTokens.map(request::withMaxTokens).orElse(request);
    }

    private boolean writeAnswer(BlockingQueue<GenerationEvent> events) throws InterruptedException {
        while (true) {
            switch (events.take()) {
                case GenerationEvent.TextDelta(String text, _) -> writeText(text);
                case GenerationEvent.ReasoningDelta(String text) -> writeReasoning(text);
                case GenerationEvent.PromptMeasured _,
                        GenerationEvent.PicturesPrepared _,
                        GenerationEvent.PromptScored _,
                        GenerationEvent.ToolCallBegun _,
                        GenerationEvent.ToolArgumentsDelta _ -> {}
                case GenerationEvent.Finished finished -> {
                    return finished.reason() == FinishReason.LENGTH;
                }
                case GenerationEvent.Failed(RuntimeException cause) -> throw cause;
            }
        }
    }

    private void writeText(String text) {
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
    }

    private void writeReasoning(String text) {
        if (showReasoning) {
            spec.commandLine().getErr().print(text);
            spec.commandLine().getErr().flush();
        }
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ConfigException("--image %s: cannot be read".formatted(file), e);
        }
    }
}
