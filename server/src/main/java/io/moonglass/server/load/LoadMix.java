package io.moonglass.server.load;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.config.ConfigSection;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/// What the clients of a load do: scenarios, and how often each comes.
///
/// @param name that of the file, or of the built-in mix
public record LoadMix(String name, List<Scenario> scenarios) {

    /// Mixes that come with the program.
    public static final List<String> BUILT_IN = List.of("chat", "soak", "streams", "vqa");

    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    public LoadMix {
        scenarios = List.copyOf(scenarios);
    }

    /// @param mix one of [#BUILT_IN], or else a file
    /// @throws ConfigException if there is no such file, or it is no mix
    public static LoadMix named(String mix) {
        return BUILT_IN.contains(mix) ? builtIn(mix) : read(Path.of(mix));
    }

    private static LoadMix builtIn(String mix) {
        String resource = mix + ".json";
        try (InputStream json = LoadMix.class.getResourceAsStream(resource)) {
            return of(mix, JSON.readTree(json), Path.of(""));
        } catch (IOException e) {
            throw new IllegalStateException("the built-in mix " + resource + " is damaged", e);
        }
    }

    private static LoadMix read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ConfigException(
                    "--mix %s: no such file; want a JSON file, or a built-in mix: %s"
                            .formatted(file, String.join(", ", BUILT_IN)));
        }
        try {
            return of(
                    file.toString(),
                    JSON.readTree(file.toFile()),
                    file.toAbsolutePath().getParent());
        } catch (JsonProcessingException e) {
            throw new ConfigException(
                    "%s line %d: no valid JSON: %s"
                            .formatted(
                                    file,
                                    e.getLocation() == null ? 1 : e.getLocation().getLineNr(),
                                    e.getOriginalMessage()),
                    e);
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be read: %s".formatted(file, e.getMessage()), e);
        }
    }

    /// @param folder where the files of pictures are looked for
    private static LoadMix of(String name, JsonNode json, Path folder) {
        ConfigSection root = ConfigSection.of(name, json);
        KnownKeys.check(root, "scenarios");
        List<Scenario> scenarios = new ArrayList<>();
        for (ConfigSection section : root.sections("scenarios")) {
            scenarios.add(Scenario.from(section, folder));
        }
        if (scenarios.isEmpty()) {
            throw root.wrong("scenarios", "a list of at least one scenario");
        }
        Set<String> names = new HashSet<>();
        for (Scenario scenario : scenarios) {
            if (!names.add(scenario.name())) {
                throw new ConfigException(
                        "%s: two scenarios are called \"%s\"; want a name for each"
                                .formatted(name, scenario.name()));
            }
        }
        return new LoadMix(name, scenarios);
    }

    /// The index of a scenario at random, each as often as its weight says.
    int draw(RandomGenerator random) {
        double all = scenarios.stream().mapToDouble(Scenario::weight).sum();
        double left = random.nextDouble() * all;
        for (int i = 0; i < scenarios.size() - 1; i++) {
            left -= scenarios.get(i).weight();
            if (left < 0) {
                return i;
            }
        }
        return scenarios.size() - 1;
    }
}
