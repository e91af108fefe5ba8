package io.moonglass.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/// The version of this build.
public final class Version {

    /// As Maven wrote it into the jar; `development` where there is no jar.
    public static final String VERSION = read();

    private Version() {}

    private static String read() {
        Properties properties = new Properties();
        try (InputStream stream =
                Version.class.getResourceAsStream(
                        "/META-INF/maven/io.moonglass/moonglass-server/pom.properties")) {
            if (stream != null) {
                properties.load(stream);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version", "development");
    }
}
