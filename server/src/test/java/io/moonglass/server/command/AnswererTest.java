package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import io.moonglass.server.http.ApiKeys;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.http.ServerOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class AnswererTest {

    @Test
    void a_server_that_wants_a_key_gets_the_one_in_the_environment(@TempDir Path folder)
            throws Exception {
        // SHA-256 of "abc", as FIPS 180-2 gives it in appendix B.1
        String hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        Path keys = Files.writeString(folder.resolve("keys"), "alice " + hash);
        ServerOptions options = ServerOptions.DEFAULT.withPort(0).withApiKeys(ApiKeys.read(keys));
        try (ScriptedModel model = new ScriptedModel();
                MoonglassServer server = MoonglassServer.start(model, options)) {
            Answerer answerer =
                    CommandLine.populateCommand(
                            new Answerer(), "--url=http://127.0.0.1:" + server.port());
            MoonglassClient keyed = answerer.client(Map.of("MOONGLASS_API_KEY", "abc\n"));
            MoonglassClient keyless = answerer.client(Map.of());

            assertEquals("tiny/model", keyed.models().data().get(0).id());
            assertEquals(
                    "invalid_api_key",
                    assertThrows(MoonglassException.class, keyless::models).code());
        }
    }
}
