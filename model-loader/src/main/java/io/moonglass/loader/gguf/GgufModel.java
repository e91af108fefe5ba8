package io.moonglass.loader.gguf;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.template.ChatTemplate;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A model of the Kimi-VL family in GGUF, read as the checkpoint that it was made from: the decoder's file and, for
/// one that sees, that of MoonViT and the projector.
///
/// Open until closed; no tensor may be used afterwards.
public final class GgufModel implements AutoCloseable {

    private static final String CONFIG = "config.json";
    private static final String GENERATION = "generation_config.json";
    private static final String PREPROCESSOR = "preprocessor_config.json";
    private static final String TEMPLATE = "tokenizer.chat_template";
    private static final String FAMILY_TEMPLATE = "/io/moonglass/loader/pack/chat_template.jinja";

    private final GgufFile decoder;
    private final Optional<GgufFile> vision;
    private final FamilySettings family;
    private final VocabularyKeys vocabulary;
    private final ModelConfig config;
    private final Map<String, FoundTensor> tensors = new LinkedHashMap<>();

    /// What the files' keys make of a checkpoint's, by name.
    private final Map<String, ObjectNode> settings = new LinkedHashMap<>();

    private final String template;

    /// As they are written; made when they are first wanted, since a packed model's tokenizer is read from its folder.
    private Map<String, byte[]> companions = Map.of();

    private GgufModel(GgufFile decoder, Optional<GgufFile> vision) {
        this.decoder = decoder;
        this.vision = vision;
        this.family = new FamilySettings(Release.of(names()));
        GgufMetadata keys = decoder.metadata();
        ObjectNode text = new DecoderKeys(decoder, family).textConfig();
        this.vocabulary = new VocabularyKeys(keys, text.get("vocab_size").intValue(), family);
        ObjectNode json = configJson(text);
        this.config = ModelConfig.from(section(decoder, json));
        settings.put(CONFIG, json);
        findTensors();
        ObjectNode generation = generationConfig();
        GenerationConfig.from(section(decoder, generation)); // refuses what cannot be used
        settings.put(GENERATION, generation);
        vision.ifPresent(this::addPreprocessor);
        this.template =
                keys.optionalString(TEMPLATE)
                        .orElseGet(() -> {
                            family.take("chat_template", "the family's");
                            return familyTemplate();
                        });
    }

    /// @param decoder any part of it, if it is split
    /// @param vision  of a model that sees
    /// @throws ModelFormatException if a file is damaged, of another family, or not of the other's model
    /// @throws ConfigException      if a file is not there, or the files' keys make no configuration
    public static GgufModel open(Path decoder, Optional<Path> vision) {
        checkThere(decoder.toString(), decoder);
        vision.ifPresent(file -> checkThere("--mmproj " + file, file));
        GgufFile text = GgufFile.open(decoder);
        try {
            DecoderKeys.check(text);
            Optional<GgufFile> pictures = vision.map(GgufFile::open);
            try {
                pictures.ifPresent(VisionKeys::check);
                return new GgufModel(text, pictures);
            } catch (RuntimeException | Error e) {
                pictures.ifPresent(GgufFile::close);
                throw e;
            }
        } catch (RuntimeException | Error e) {
            text.close();
            throw e;
        }
    }

    /// @param named how messages call the file: some commands take a decoder without an option
    private static void checkThere(String named, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ConfigException("%s: no such file; want one in GGUF".formatted(named));
        }
    }

    public ModelConfig config() {
        return config;
    }

    /// All tensors that the configuration asks for, by the checkpoint's names.
    public Map<String, FoundTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /// All files, parts of split ones too.
    public List<Path> files() {
        return files(decoder, vision).flatMap(file -> file.parts().stream()).toList();
    }

    /// The tensors as they lie in the files.
    public List<GgufTensor> stored() {
        return files(decoder, vision).flatMap(file -> file.tensors().stream()).toList();
    }

    /// What the files do not say, a line for each setting that is taken from the model family.
    public List<String> takenFromFamily() {
        return family.taken();
    }

    /// Builds tokenizer and template once, so that what could not be loaded later is refused before anything is packed.
    ///
    /// @throws ModelFormatException if they cannot be built
    public void checkCompanions() {
        companions();
    }

    /// Writes configuration, tokenizer and template as a checkpoint has them.
    ///
    /// @throws ModelFormatException if they could not be loaded later
    /// @throws IOException          if the folder cannot be written to
    public void writeCompanions(Path directory) throws IOException {
        for (Map.Entry<String, byte[]> file : companions().entrySet()) {
            Files.write(directory.resolve(file.getKey()), file.getValue());
        }
    }

    @Override
    public void close() {
        vision.ifPresent(GgufFile::close);
        decoder.close();
    }

    private static Stream<GgufFile> files(GgufFile decoder, Optional<GgufFile> vision) {
        return Stream.concat(Stream.of(decoder), vision.stream());
    }

    /// What the model and its files are called.
    private String names() {
        GgufMetadata keys = decoder.metadata();
        Stream<String> said =
                Stream.of("name", "basename", "finetune", "version")
                        .map(key -> "general." + key)
                        .filter(keys::has)
                        .map(keys::string);
        return Stream.concat(said, Stream.of(decoder.path().getFileName().toString()))
                .collect(Collectors.joining(" "));
    }

    private ObjectNode configJson(ObjectNode text) {
        if (vision.isEmpty()) {
            return text;
        }
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("model_type", "kimi_vl");
        json.put("media_placeholder_token_id", vocabulary.mediaPlaceholder());
        json.set("vision_config", new VisionKeys(vision.get(), family).visionConfig());
        json.set("text_config", text);
        return json;
    }

    private void findTensors() {
        DecoderTensors inDecoder = new DecoderTensors(decoder, config.text());
        Optional<VisionTensors> inVision =
                vision.map(file -> new VisionTensors(file, config.vision().orElseThrow()));
        String prefix = config.languagePrefix();
        TensorShapes.forEach(
                config,
                (name, shape) ->
                        tensors.put(
                                name,
                                TensorNames.isVision(name)
                                        ? inVision.orElseThrow().find(name, shape)
                                        : inDecoder.find(name.substring(prefix.length()), shape)));
    }

    private Map<String, byte[]> companions() {
        if (companions.isEmpty()) {
            byte[] tokens = vocabulary.tiktokenModel();
            ObjectNode names = vocabulary.tokenizerConfig();
            check(tokens, TokenizerConfig.from(section(decoder, names)));
            Map<String, byte[]> built = new LinkedHashMap<>();
            settings.forEach((name, json) -> built.put(name, bytes(json)));
            built.put("tiktoken.model", tokens);
            built.put("tokenizer_config.json", bytes(names));
            built.put("chat_template.jinja", template.getBytes(StandardCharsets.UTF_8));
            companions = built;
        }
        return companions;
    }

    private void check(byte[] tokens, TokenizerConfig names) {
        Tokenizer tokenizer;
        try {
            tokenizer = Tokenizer.of(tokens, names);
        } catch (ModelFormatException e) {
            throw new ModelFormatException(
                    "%s: its tokens make no vocabulary: %s"
                            .formatted(decoder.path().getFileName(), e.getMessage()),
                    e);
        }
        String name = "%s: key %s".formatted(decoder.path().getFileName(), TEMPLATE);
        tokenizer.stopIds(GenerationConfig.from(section(decoder, settings.get(GENERATION))));
        new PromptRenderer(ChatTemplate.of(name, template, names), tokenizer, config);
    }

    private ObjectNode generationConfig() {
        GgufMetadata keys = decoder.metadata();
        ObjectNode generation = JsonNodeFactory.instance.objectNode();
        vocabulary.endIds().forEach(generation.putArray("eos_token_id")::add);
        double temperature = 0;
        if (keys.has(SamplingKeys.TEMPERATURE)) {
            temperature = keys.real(SamplingKeys.TEMPERATURE);
        } else if (family.release().temperature().isPresent()) {
            temperature = family.take("temperature", family.release().temperature().getAsDouble());
        } else {
            family.take("do_sample", false);
        }
        generation.put("do_sample", temperature > 0);
        if (temperature > 0) {
            generation.put("temperature", temperature);
        }
        keys.optionalReal(SamplingKeys.TOP_P).ifPresent(topP -> generation.put("top_p", topP));
        keys.optionalInteger(SamplingKeys.TOP_K)
                .ifPresent(topK -> generation.put("top_k", topK(topK)));
        if (keys.optionalInteger(SamplingKeys.PENALTY_REACH).orElse(-1) != 0) {
            keys.optionalReal(SamplingKeys.PENALTY)
                    .ifPresent(penalty -> generation.put("repetition_penalty", penalty));
        }
        return generation;
    }

    /// Files say 0 or less where all tokens count.
    private static int topK(long topK) {
        return (int) Math.clamp(topK, 0, Integer.MAX_VALUE);
    }

    private void addPreprocessor(GgufFile file) {
        ObjectNode preprocessor = new VisionKeys(file, family).preprocessorConfig();
        PreprocessorConfig.from(section(file, preprocessor)); // refuses what cannot be used
        settings.put(PREPROCESSOR, preprocessor);
    }

    private static String familyTemplate() {
        try (InputStream template = GgufModel.class.getResourceAsStream(FAMILY_TEMPLATE)) {
            return new String(template.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ModelFormatException("this program's own chat template cannot be read", e);
        }
    }

    private static ConfigSection section(GgufFile file, ObjectNode json) {
        return ConfigSection.of(file.path().getFileName().toString(), json);
    }

    private static byte[] bytes(ObjectNode json) {
        return json.toPrettyString().getBytes(StandardCharsets.UTF_8);
    }
}
