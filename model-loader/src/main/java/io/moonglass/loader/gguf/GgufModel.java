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
    private static final String PREPROCESSOR = "preprocessor_config.json";
    private static final String TEMPLATE = "tokenizer.chat_template";
    private static final String FAMILY_TEMPLATE = "/io/moonglass/loader/pack/chat_template.jinja";

    private final GgufFile decoder;
    private final Optional<GgufFile> vision;
    private final ModelConfig config;
    private final Map<String, byte[]> companions = new LinkedHashMap<>();
    private final Map<String, FoundTensor> tensors = new LinkedHashMap<>();
    private final FamilySettings family;

    private GgufModel(GgufFile decoder, Optional<GgufFile> vision) {
        this.decoder = decoder;
        this.vision = vision;
        this.family = new FamilySettings(Release.of(names()));
        GgufMetadata keys = decoder.metadata();
        ObjectNode text = new DecoderKeys(decoder, family).textConfig();
        VocabularyKeys vocabulary =
                new VocabularyKeys(keys, text.get("vocab_size").intValue(), family);
        ObjectNode json = configJson(text, vocabulary);
        this.config = ModelConfig.from(section(decoder, json));
        findTensors();
        companions.put(CONFIG, bytes(json));
        String template = template();
        addTokenizer(vocabulary, template);
        ObjectNode generation = generationConfig(vocabulary);
        GenerationConfig.from(section(decoder, generation)); // refuses what cannot be used
        companions.put("generation_config.json", bytes(generation));
        companions.put("chat_template.jinja", template.getBytes(StandardCharsets.UTF_8));
        vision.ifPresent(this::addPreprocessor);
    }

    /// @param decoder any part of it, if it is split
    /// @param vision  of a model that sees
    /// @throws ModelFormatException if a file is damaged, of another family, or not of the other's model
    /// @throws ConfigException      if a file is not there, or the files' keys make no configuration
    public static GgufModel open(Path decoder, Optional<Path> vision) {
        checkThere("--model", decoder);
        vision.ifPresent(file -> checkThere("--mmproj", file));
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

    private static void checkThere(String option, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ConfigException(
                    "%s %s: no such file; want one in GGUF".formatted(option, file));
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

    /// Writes configuration, tokenizer and template as a checkpoint has them.
    ///
    /// @throws IOException if the folder cannot be written to
    public void writeCompanions(Path directory) throws IOException {
        for (Map.Entry<String, byte[]> file : companions.entrySet()) {
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

    private ObjectNode configJson(ObjectNode text, VocabularyKeys vocabulary) {
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
        TensorShapes.of(config)
                .forEach((name, shape) -> {
                    tensors.put(
                            name,
                            TensorNames.isVision(name)
                                    ? inVision.orElseThrow().find(name, shape)
                                    : inDecoder.find(name.substring(prefix.length()), shape));
                });
    }

    /// Refuses what could not be loaded later: before anything is packed.
    private void addTokenizer(VocabularyKeys vocabulary, String template) {
        byte[] tokens = vocabulary.tiktokenModel();
        ObjectNode names = vocabulary.tokenizerConfig();
        String file = decoder.path().getFileName().toString();
        TokenizerConfig special = TokenizerConfig.from(section(decoder, names));
        Tokenizer tokenizer;
        try {
            tokenizer = Tokenizer.of(tokens, special);
        } catch (ModelFormatException e) {
            throw new ModelFormatException(
                    "%s: its tokens make no vocabulary: %s".formatted(file, e.getMessage()), e);
        }
        ChatTemplate parsed = ChatTemplate.of(file + ": " + TEMPLATE, template, special);
        new PromptRenderer(parsed, tokenizer, config);
        companions.put("tiktoken.model", tokens);
        companions.put("tokenizer_config.json", bytes(names));
    }

    private ObjectNode generationConfig(VocabularyKeys vocabulary) {
        GgufMetadata keys = decoder.metadata();
        ObjectNode generation = JsonNodeFactory.instance.objectNode();
        vocabulary.endIds().forEach(generation.putArray("eos_token_id")::add);
        double temperature = 0;
        if (keys.has("general.sampling.temp")) {
            temperature = keys.real("general.sampling.temp");
        } else if (family.release().temperature().isPresent()) {
            temperature = family.take("temperature", family.release().temperature().getAsDouble());
        } else {
            family.take("do_sample", false);
        }
        generation.put("do_sample", temperature > 0);
        if (temperature > 0) {
            generation.put("temperature", temperature);
            if (keys.has("general.sampling.top_p")) {
                generation.put("top_p", keys.real("general.sampling.top_p"));
            }
            if (keys.has("general.sampling.top_k")) {
                generation.put("top_k", topK(keys));
            }
        }
        return generation;
    }

    /// Files say 0 or less where all tokens count.
    private static int topK(GgufMetadata keys) {
        long topK = keys.integer("general.sampling.top_k");
        return (int) Math.clamp(topK, 0, Integer.MAX_VALUE);
    }

    private void addPreprocessor(GgufFile file) {
        ObjectNode preprocessor = new VisionKeys(file, family).preprocessorConfig();
        PreprocessorConfig.from(section(file, preprocessor)); // refuses what cannot be used
        companions.put(PREPROCESSOR, bytes(preprocessor));
    }

    private String template() {
        GgufMetadata keys = decoder.metadata();
        if (keys.has(TEMPLATE)) {
            return keys.string(TEMPLATE);
        }
        family.take("chat_template", "the family's");
        try (InputStream template = getClass().getResourceAsStream(FAMILY_TEMPLATE)) {
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
