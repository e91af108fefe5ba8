package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.vision.VisionBackend;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ServeAndAskTest {

    private final ScriptedModel model = new ScriptedModel();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void a_question_is_answered_in_process() throws Exception {
        Path picture = TestModels.golden().resolve("images/odd_37x91.png");
        ModelOpener models =
                (directory, options) -> {
                    assertEquals(Path.of("some", "folder", "model"), directory);
                    assertEquals(Optional.empty(), options.name());
                    assertEquals(2, options.numThreads());
                    assertEquals(VisionBackend.ONNX, options.media().backend());
                    return model;
                };

        int exitCode =
                ask(
                        models,
                        "--model=some/folder/model",
                        "--image=" + picture,
                        "--system=be brief",
                        "--max-tokens=9",
                        "--temperature=0.5",
                        "--threads=2",
                        "--vision=onnx",
                        "what?");

        assertEquals(0, exitCode, err.toString());
        assertEquals("Good day ☾\n", out.toString());
        List<Message> messages = model.lastRequest().messages();
        assertEquals(Message.text(Role.SYSTEM, "be brief"), messages.get(0));
        assertEquals(
                dataAddress(picture, "messages[1].content[0].image_url.url"),
                messages.get(1).content().get(0));
        assertEquals(new ContentPart.Text("what?"), messages.get(1).content().get(1));
        assertEquals(9, model.lastRequest().answer().maxTokens().orElseThrow());
        assertEquals(0.5, model.lastRequest().answer().sampling().temperature());
        assertTrue(model.isClosed());
    }

    @Test
    void a_served_model_answers_a_question_asked_by_url() throws Exception {
        Path picture = TestModels.golden().resolve("images/odd_37x91.png");
        PipedReader lines = new PipedReader();
        PrintWriter serverOut = new PrintWriter(new PipedWriter(lines), true);
        Thread server =
                Thread.ofPlatform()
                        .start(() ->
                                Main.run(
                                        (directory, options) -> model,
                                        serverOut,
                                        new PrintWriter(err, true),
                                        "serve",
                                        "--model=x",
                                        "--port=0"));
        String ready = new BufferedReader(lines).readLine();
        String url = ready.substring(ready.indexOf("http://"));

        int exitCode = ask(null, "--url=" + url, "--image=" + picture, "--max-tokens=9", "what?");

        assertEquals(0, exitCode, err.toString());
        assertEquals("moonglass: x on " + url, ready);
        assertEquals("Good day ☾\n", out.toString());
        assertEquals(
                List.of(
                        new Message(
                                Role.USER,
                                List.of(
                                        dataAddress(
                                                picture, "messages[0].content[0].image_url.url"),
                                        new ContentPart.Text("what?")))),
                model.lastRequest().messages());
        List<Boolean> stillListening = new ArrayList<>();
        model.beforeClose = () -> stillListening.add(isListening(URI.create(url)));
        server.interrupt();
        server.join();
        assertTrue(model.isClosed());
        assertEquals(List.of(false), stillListening, "the server must end before its model");
    }

    private static ContentPart.Picture dataAddress(Path picture, String where) throws IOException {
        String bytes = Base64.getEncoder().encodeToString(Files.readAllBytes(picture));
        return ContentPart.Picture.at(
                "data:image/png;base64," + bytes, OptionalLong.empty(), where);
    }

    private static boolean isListening(URI url) {
        try (Socket socket = new Socket(url.getHost(), url.getPort())) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private int ask(ModelOpener models, String... arguments) {
        String[] words = new String[arguments.length + 1];
        words[0] = "ask";
        System.arraycopy(arguments, 0, words, 1, arguments.length);
        return Main.run(models, new PrintWriter(out, true), new PrintWriter(err, true), words);
    }
}
