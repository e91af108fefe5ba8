package io.moonglass.loader.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenizerConfigTest {

    @Test
    void the_recorded_file_is_read() {
        TokenizerConfig config = TokenizerConfig.read(TestModels.tinyRandom());
        assertEquals(16, config.addedTokens().size());
        assertEquals("<|im_end|>", config.addedTokens().get(770));
        assertEquals(Optional.of("[BOS]"), config.bosToken());
        assertEquals(Optional.of("[UNK]"), config.unkToken());
        assertTrue(config.chatTemplate().orElseThrow().startsWith("{%- set opening"));
    }

    @Test
    void names_may_be_objects_and_everything_may_be_absent() {
        TokenizerConfig config =
                config(
                        "{\"bos_token\": {\"content\": \"<s>\", \"lstrip\": false}, \"pad_token\": null}");
        assertEquals(Optional.of("<s>"), config.bosToken());
        assertEquals(Optional.empty(), config.padToken());
        assertEquals(Optional.empty(), config.eosToken());
        assertEquals(Optional.empty(), config.chatTemplate());
        assertTrue(config.addedTokens().isEmpty());
    }

    @Test
    void of_several_templates_the_default_counts() {
        assertEquals(
                Optional.of("D"),
                config(
                                "{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"T\"}, {\"name\": \"default\", \"template\": \"D\"}]}")
                        .chatTemplate());
        assertEquals(
                Optional.of("T"),
                config("{\"chat_template\": [{\"name\": \"tool_use\", \"template\": \"T\"}]}")
                        .chatTemplate());
        assertEquals(Optional.empty(), config("{\"chat_template\": []}").chatTemplate());
    }

    @Test
    void errors_name_the_key() {
        refused(
                "added_tokens_decoder.x ",
                "{\"added_tokens_decoder\": {\"x\": {\"content\": \"a\"}}}");
        refused(
                "added_tokens_decoder.-1 ",
                "{\"added_tokens_decoder\": {\"-1\": {\"content\": \"a\"}}}");
        refused(
                "added_tokens_decoder.99999999999 ",
                "{\"added_tokens_decoder\": {\"99999999999\": {\"content\": \"a\"}}}");
        refused("added_tokens_decoder.5 ", "{\"added_tokens_decoder\": {\"5\": {\"content\": 1}}}");
        refused(
                "added_tokens_decoder.5 ",
                "{\"added_tokens_decoder\": {\"5\": {\"content\": \"\"}}}");
        refused("added_tokens_decoder.5 ", "{\"added_tokens_decoder\": {\"5\": null}}");
        refused("added_tokens_decoder ", "{\"added_tokens_decoder\": []}");
        refused("bos_token ", "{\"bos_token\": 1}");
        refused("chat_template ", "{\"chat_template\": 1}");
        refused("chat_template ", "{\"chat_template\": [\"a\"]}");
        refused("chat_template[0].template ", "{\"chat_template\": [{\"name\": \"a\"}]}");
        refused(
                "chat_template ",
                "{\"chat_template\": [{\"name\": \"a\", \"template\": \"A\"}, {\"name\": \"b\", \"template\": \"B\"}]}");
    }

    private static void refused(String key, String json) {
        ConfigException e = assertThrows(ConfigException.class, () -> config(json), json);
        assertTrue(e.getMessage().startsWith("test.json: " + key), e.getMessage());
    }

    private static TokenizerConfig config(String json) {
        return TokenizerConfig.from(section(json));
    }

    static ConfigSection section(String json) {
        try {
            return ConfigSection.of("test.json", new ObjectMapper().readTree(json));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
