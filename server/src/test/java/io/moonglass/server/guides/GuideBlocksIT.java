package io.moonglass.server.guides;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.moonglass.server.hub.LoopbackHub;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Every command and every block of code of the README and the quick start does what the page says, in a clean copy of
/// this working tree. It runs after the jar is written, in `verify`.
class GuideBlocksIT {

    private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();

    @TempDir private Path folder;

    private LoopbackHub hub;
    private GuideReader reader;

    @BeforeEach
    void clone_and_home() throws Exception {
        Path clone = folder.resolve("moonglass");
        CleanCopy.make(REPOSITORY, clone);
        // The picture of one's own, drawn with whatever draws.
        Path pictures = Files.createDirectories(folder.resolve("home/Pictures"));
        Files.copy(clone.resolve("docs/samples/shapes.png"), pictures.resolve("mine.png"));
        hub = new LoopbackHub("moonshotai/Kimi-VL-A3B-Instruct");
        try (Stream<Path> files =
                Files.list(clone.resolve("model-loader/demo-model/moonglass-demo"))) {
            for (Path file : files.toList()) {
                hub.with(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        reader = new GuideReader(clone, folder.resolve("home"), hub.address(), freePort());
    }

    @AfterEach
    void stop() throws Exception {
        if (reader != null) { // there is none where no clean copy can be made
            reader.close();
            hub.close();
        }
        // Else JUnit warns that it leads out of the folder.
        Files.deleteIfExists(folder.resolve("moonglass/server/target/lib"));
    }

    @TestFactory
    Stream<DynamicNode> a_reader_gets_what_the_pages_promise() throws IOException {
        List<DynamicNode> pages = new ArrayList<>();
        for (String name : List.of("README.md", "docs/quick-start.md")) {
            GuidePage page = GuidePage.read(REPOSITORY.resolve(name));
            pages.add(dynamicContainer(name, steps(page)));
        }
        return pages.stream();
    }

    private List<DynamicTest> steps(GuidePage page) {
        List<DynamicTest> steps = new ArrayList<>();
        List<GuideBlock> blocks = page.blocks();
        for (int i = 0; i < blocks.size(); i++) {
            GuideBlock block = blocks.get(i);
            GuideBlock next = i + 1 < blocks.size() ? blocks.get(i + 1) : null;
            steps.add(dynamicTest(block.title(), () -> reader.follow(block, next)));
        }
        steps.add(dynamicTest("what the text says beside", () -> reader.end(page)));
        return steps;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
