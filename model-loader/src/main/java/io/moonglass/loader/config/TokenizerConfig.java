package io.moonglass.loader.config;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/// tokenizer_config.json: the names of the special tokens and, in older releases, the chat template.
///
/// @param addedTokens  by id, the string that stands for the token (`added_tokens_decoder`)
/// @param chatTemplate Jinja source; of several named templates the one called `default`
public record TokenizerConfig(
        SortedMap<Integer, String> addedTokens,
        Optional<String> bosToken,
        Optional<String> eosToken,
        Optional<String> padToken,
        Optional<String> unkToken,
        Optional<String> chatTemplate) {

    private static final String FILE = "tokenizer_config.json";
    private static final String ADDED_TOKENS = "added_tokens_decoder";

    public TokenizerConfig {
        addedTokens = Collections.unmodifiableSortedMap(new TreeMap<>(addedTokens));
    }

    /// @throws io.moonglass.loader.fault.ConfigException if the file is missing or a key is unusable
    public static TokenizerConfig read(Path directory) {
        return from(ConfigSection.read(directory.resolve(FILE)));
    }

    public static TokenizerConfig from(ConfigSection config) {
        return new TokenizerConfig(
                addedTokens(config),
                config.stringOrContent("bos_token"),
                config.stringOrContent("eos_token"),
                config.stringOrContent("pad_token"),
                config.stringOrContent("unk_token"),
                chatTemplate(config));
    }

    private static SortedMap<Integer, String> addedTokens(ConfigSection config) {
        SortedMap<Integer, String> names = new TreeMap<>();
        Optional<ConfigSection> decoder = config.optionalSection(ADDED_TOKENS);
        if (decoder.isEmpty()) {
            return names;
        }
        for (String key : decoder.get().keys()) {
            if (!key.matches("0|[1-9][0-9]{0,8}")) {
                throw decoder.get().wrong(key, "token ids as keys");
            }
            Optional<String> name = decoder.get().stringOrContent(key);
            if (name.isEmpty() || name.get().isEmpty()) {
                throw decoder.get().wrong(key, "an object with a \"content\" that is not empty");
            }
            names.put(Integer.valueOf(key), name.get());
        }
        return names;
    }

    private static Optional<String> chatTemplate(ConfigSection config) {
        if (!config.isList("chat_template")) {
            return config.has("chat_template")
                    ? Optional.of(config.string("chat_template"))
                    : Optional.empty();
        }
        List<ConfigSection> named = config.sections("chat_template");
        Map<String, String> byName = new TreeMap<>();
        for (ConfigSection template : named) {
            byName.put(template.string("name"), template.string("template"));
        }
        if (byName.size() > 1 && !byName.containsKey("default")) {
            throw config.wrong(
                    "chat_template", "one template, or several of which one is named \"default\"");
        }
        return byName.containsKey("default")
                ? Optional.of(byName.get("default"))
                : byName.values().stream().findFirst();
    }
}
