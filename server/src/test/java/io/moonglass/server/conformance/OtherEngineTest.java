package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.loader.gguf.GgufPair;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.PackProgress;
import io.moonglass.loader.pack.PackedModels;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.models.ModelSource;
import io.moonglass.server.models.PoolOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The most used engine of GGUF files, llama.cpp, reads pairs that are written here. It tells this architecture with uncompressed
/// queries by its 26 or 27 layers, so a random model of the small one's sizes with as many as the released one stands
/// for it.
class OtherEngineTest {

    private static final PackProgress SILENT = (_, _, _, _) -> {};
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String TEXT = "hi there, what is it?";
    private static final long SCRIPT_SECONDS = 120;

    @TempDir private static Path folder;

    private static NodeSuites engine;
    private static Path model;

    @BeforeAll
    static void install() throws Exception {
        boolean isItsMachine =
                System.getProperty("os.name").equals("Linux")
                        && System.getProperty("os.arch").equals("amd64");
        assumeTrue(isItsMachine, "the other engine's package is one for Linux on x86-64");
        engine = // not from the lock file alone: it lacks its packages for other systems
                NodeSuites.install(
                        Path.of("node", "other-engine"),
                        "install",
                        "--omit=optional",
                        "--ignore-scripts");
        String node = engine.run(SCRIPT_SECONDS, "-p", "process.versions.node.split('.')[0]");
        assumeTrue(Integer.parseInt(node.strip()) >= 20, "the package runs on Node.js 20 or later");
        ObjectNode config =
                (ObjectNode) JSON.readTree(TestModels.tinyRandom().resolve("config.json").toFile());
        ((ObjectNode) config.get("text_config")).put("num_hidden_layers", 27);
        Path file = Files.writeString(folder.resolve("config.json"), config.toString());
        model = folder.resolve("model");
        PackedModels.synthesize(file, WeightFormats.of(WeightFormat.F32), model, 2, SILENT);
    }

    @Test
    void it_reads_the_same_tokens_and_goes_on_with_the_same_ones() throws Exception {
        Path pair = write(GgmlType.F32);
        JsonNode its = generated(pair, 12);
        ObjectNode prompt = JSON.createObjectNode().put("model", "pair").put("prompt", TEXT);
        ObjectNode question = prompt.deepCopy().put("temperature", 0).put("ignore_eos", true);
        question.put("max_tokens", 12).put("return_token_ids", true);
        try (ModelPool models = models(pair);
                MoonglassServer server =
                        MoonglassServer.start(
                                ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO));
                PlainClient client = new PlainClient("http://127.0.0.1:" + server.port())) {
            server.serve(models);

            assertEquals(its.get("prompt"), post(client, "/tokenize", prompt).get("tokens"));
            JsonNode answer = post(client, "/v1/completions", question);
            assertEquals(12, its.get("generated").size());
            assertEquals(its.get("generated"), answer.at("/choices/0/token_ids"));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "Q8_0", "Q4_0"})
    void it_computes_with_the_types_that_are_written(GgmlType type) throws Exception {
        assertFalse(generated(write(type), 4).get("generated").isEmpty());
    }

    private static Path write(GgmlType type) {
        Path pair = folder.resolve(type.name());
        GgufPair.write(model, type, pair, 2, SILENT);
        return pair;
    }

    private static JsonNode generated(Path pair, int count) throws Exception {
        String decoder = pair.resolve(GgufPair.DECODER).toString();
        String printed =
                engine.run(SCRIPT_SECONDS, "generate.mjs", decoder, TEXT, Integer.toString(count));
        return JSON.readTree(printed.lines().toList().getLast());
    }

    /// This engine, with the same file.
    private static ModelPool models(Path pair) {
        Path packed = folder.resolve("packed");
        PackedModels.pack(
                new ModelFiles.Gguf(pair.resolve(GgufPair.DECODER), Optional.empty()),
                WeightFormats.of(WeightFormat.KEEP),
                packed,
                2,
                SILENT);
        ChatModelOptions options = ChatModelOptions.DEFAULT.withName("pair").withNumThreads(2);
        ModelSource source = new ModelSource("pair", 0, () -> LocalChatModel.load(packed, options));
        ModelPool models =
                new ModelPool(List.of(source), PoolOptions.UNLIMITED, InstantSource.system());
        models.load("pair", Duration.ofMinutes(1));
        return models;
    }

    private static JsonNode post(PlainClient client, String path, ObjectNode body)
            throws Exception {
        return JSON.readTree(client.post(path, body.toString()).body());
    }
}
