package io.moonglass.runtime.inprocess;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ContentPart;
import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineStatistics;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.vision.VisionBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is said of a model before it is loaded is what is loaded.
@Timeout(120)
class InProcessBuilderTest {

    private final AtomicInteger numPackings = new AtomicInteger();

    @TempDir private Path cache;

    private InProcessBuilder q4() {
        return DemoModel.builder()
                .weights(WeightFormat.Q4)
                .cache(cache)
                .packProgress((numTensors, numTensorsAll, _, _) -> {
                    if (numTensors == numTensorsAll) {
                        numPackings.incrementAndGet();
                    }
                });
    }

    private List<Path> packed() throws IOException {
        try (Stream<Path> entries = Files.list(cache)) {
            return entries.filter(Files::isDirectory).toList();
        }
    }

    private static String shapeThatIsYellow(InProcessModel model) {
        return model.client()
                .ask(
                        "What is the yellow shape?",
                        ContentPart.image(DemoModel.PICTURES.resolve("shape_000.png")));
    }

    @Test
    void a_checkpoint_is_packed_once_and_keeps_its_name() throws IOException {
        try (InProcessModel first = q4().load()) {
            assertEquals("cross", shapeThatIsYellow(first));
            assertEquals("moonglass-demo", first.chatModel().name());
        }
        try (InProcessModel second = q4().load()) {
            assertEquals("cross", shapeThatIsYellow(second));
        }

        assertEquals(1, numPackings.get());
        assertEquals(1, packed().size());
        assertEquals("q4", PackManifest.read(packed().getFirst()).orElseThrow().weights());
    }

    @Test
    void what_is_packed_already_is_taken_as_it_is_and_as_nothing_else() throws IOException {
        q4().load().close();
        Path packed = packed().getFirst();

        InProcessModel.builder(packed).weights(WeightFormat.Q4).load().close();
        InProcessModel.builder(packed).load().close();
        ConfigException fault =
                assertThrows(
                        ConfigException.class,
                        () ->
                                InProcessModel.builder(packed)
                                        .weights(WeightFormat.Q8)
                                        .cache(cache)
                                        .load());

        assertTrue(fault.getMessage().contains("is packed already, as q4"), fault.getMessage());
        assertEquals(1, packed().size());
    }

    @Test
    void stored_weights_and_small_models_need_no_cache() throws IOException {
        DemoModel.builder().cache(cache).load().close();
        DemoModel.builder().cache(cache).storedWeights().load().close();

        assertEquals(List.of(), packed());
    }

    @Test
    void memory_batch_and_caches_are_as_they_were_asked_for() {
        try (InProcessModel model =
                DemoModel.builder()
                        .name("set")
                        .kvMemory(2L << 20)
                        .kvType(CacheType.F32)
                        .maxRunning(3)
                        .stepTime(Duration.ofMillis(500))
                        .encoderCache(0)
                        .prefixCache(false)
                        .speculation(false)
                        .warmUp(true)
                        .load()) {
            EngineStatistics warm = model.chatModel().statistics().engine();
            assertTrue(warm.generatedTokens() > 0, "it is warm");
            assertEquals("set", model.client().models().data().get(0).id());
            assertEquals("cross", shapeThatIsYellow(model));
            assertEquals("cross", shapeThatIsYellow(model));

            EngineStatistics engine = model.chatModel().statistics().engine();
            assertEquals(0, engine.cachedPromptTokens());
            assertEquals(0, engine.draftedTokens());
            assertEquals(
                    engine.numBlocks(),
                    numBlocks(DemoModel.builder().kvMemory(4L << 20).kvType(CacheType.F32)) / 2);
            assertEquals(
                    engine.numBlocks(),
                    numBlocks(DemoModel.builder().kvMemory(2L << 20).kvType(CacheType.BF16)) / 2);
        }
    }

    private static int numBlocks(InProcessBuilder builder) {
        try (InProcessModel model = builder.load()) {
            return model.chatModel().statistics().engine().numBlocks();
        }
    }

    @Test
    void the_other_encoder_of_pictures_sees_the_same() {
        try (InProcessModel model = DemoModel.builder().vision(VisionBackend.ONNX).load()) {
            assertEquals("cross", shapeThatIsYellow(model));
        }
    }

    @Test
    void a_model_that_was_taught_to_think_is_told_so() {
        try (InProcessModel model = DemoModel.builder().reasoning(true).load()) {
            ChatCompletionRequest request =
                    ChatCompletionRequest.builder()
                            .user("Hello")
                            .thinkingTokenBudget(4)
                            .maxTokens(40)
                            .build();

            assertFalse(
                    model.client().chat(request).choices().get(0).message().reasoningContent()
                            == null);
        }
    }

    @Test
    void numbers_that_cannot_be_are_refused_before_anything_is_loaded() {
        InProcessBuilder builder = InProcessModel.builder(Path.of("nowhere"));

        assertThrows(ConfigException.class, () -> builder.threads(0));
        assertThrows(ConfigException.class, () -> builder.kvMemory(0));
        assertThrows(ConfigException.class, () -> builder.encoderCache(-1));
        assertThrows(ConfigException.class, () -> builder.maxRunning(0));
    }
}
