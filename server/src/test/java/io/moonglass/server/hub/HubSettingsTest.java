package io.moonglass.server.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.ConfigException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {

    @TempDir private Path home;

    @Test
    void without_a_word_it_is_hugging_face_and_nobody() {
        HubSettings settings = HubSettings.of(Map.of(), home);

        assertEquals(URI.create("https://huggingface.co"), settings.endpoint());
        assertEquals(Optional.empty(), settings.token());
        assertEquals(home.resolve(".cache/huggingface/hub"), HubCacheDirectory.of(Map.of(), home));
    }

    @Test
    void variables_say_where_and_who() throws Exception {
        Path file = Files.writeString(home.resolve("key"), "hf_file\n");
        Path folder = Files.createDirectories(home.resolve("hf"));
        Files.writeString(folder.resolve("token"), "hf_home\n");
        String hfHome = folder.toString();

        assertEquals("hf_home", token(Map.of("HF_HOME", hfHome)));
        assertEquals("hf_file", token(Map.of("HF_HOME", hfHome, "HF_TOKEN_PATH", file.toString())));
        assertEquals("hf_said", token(Map.of("HF_HOME", hfHome, "HF_TOKEN", " hf_said ")));
        assertEquals(
                "none", token(Map.of("HF_HOME", hfHome, "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")));
        assertEquals(
                URI.create("https://hub.example/hf"),
                HubSettings.of(Map.of("HF_ENDPOINT", "https://hub.example/hf/"), home).endpoint());
        assertEquals(folder.resolve("hub"), HubCacheDirectory.of(Map.of("HF_HOME", hfHome), home));
        assertEquals(
                Path.of("/models"), HubCacheDirectory.of(Map.of("HF_HUB_CACHE", "/models"), home));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "huggingface.co",
                "ftp://x",
                "https://",
                "https://a@b",
                "https://a?b",
                "no address"
            })
    void what_is_no_hub_is_refused(String endpoint) {
        assertThrows(
                ConfigException.class, () -> HubSettings.of(Map.of("HF_ENDPOINT", endpoint), home));
    }

    @Test
    void a_token_is_never_sent_unencrypted_to_another_machine() {
        Map<String, String> elsewhere =
                Map.of("HF_ENDPOINT", "http://hub.example", "HF_TOKEN", "hf_secret");
        Map<String, String> here =
                Map.of("HF_ENDPOINT", "http://127.0.0.1:8000", "HF_TOKEN", "hf_secret");

        assertThrows(ConfigException.class, () -> HubSettings.of(elsewhere, home));
        assertEquals("hf_secret", token(here));
    }

    @Test
    void a_token_is_not_shown() {
        HubSettings settings = HubSettings.of(Map.of("HF_TOKEN", "hf_secret"), home);
        ConfigException fault =
                assertThrows(
                        ConfigException.class,
                        () -> HubSettings.of(Map.of("HF_TOKEN", "hf secret"), home));

        assertFalse(settings.toString().contains("secret"));
        assertFalse(fault.getMessage().contains("secret"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "name",
                "a/b/c",
                "../b",
                "a/..",
                "a/b@",
                "a/b@../c",
                "a/b@c/",
                "a b/c",
                "a--b/c",
                "-a/b",
                "a/b@-c",
                "a/b@c..d"
            })
    void what_names_no_checkpoint_is_refused(String name) {
        assertEquals(Optional.empty(), HubRepository.parse(name));
        assertThrows(ConfigException.class, () -> HubRepository.of(name));
    }

    @Test
    void a_checkpoint_is_named_with_or_without_a_revision() {
        assertEquals(
                new HubRepository("moonshotai", "Kimi-VL-A3B-Instruct", "main"),
                HubRepository.of("moonshotai/Kimi-VL-A3B-Instruct"));
        assertEquals(
                new HubRepository("a", "b.c_d", "refs/pr/1"),
                HubRepository.of("a/b.c_d@refs/pr/1"));
    }

    private String token(Map<String, String> environment) {
        return HubSettings.of(environment, home).token().orElse("none");
    }
}
