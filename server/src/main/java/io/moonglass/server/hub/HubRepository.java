package io.moonglass.server.hub;

import io.moonglass.loader.fault.ConfigException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A checkpoint of a Hugging Face hub at a revision.
///
/// @param revision a branch, a tag or a commit
public record HubRepository(String owner, String name, String revision) {

    private static final String DEFAULT_REVISION = "main";
    private static final String WORD = "[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?";
    private static final Pattern WRITTEN =
            Pattern.compile(
                    "(%s)/(%s)(?:@([A-Za-z0-9][A-Za-z0-9._/-]{0,254}))?".formatted(WORD, WORD));

    /// Reads `ORG/NAME` or `ORG/NAME@REVISION`; empty for anything else.
    public static Optional<HubRepository> parse(String text) {
        Matcher written = WRITTEN.matcher(text);
        boolean climbs = text.contains("..") || text.contains("//") || text.contains("--");
        if (climbs || text.endsWith("/") || !written.matches()) {
            return Optional.empty();
        }
        String revision = written.group(3) == null ? DEFAULT_REVISION : written.group(3);
        return Optional.of(new HubRepository(written.group(1), written.group(2), revision));
    }

    /// The same for a name that has to be one.
    ///
    /// @throws ConfigException if it is none
    public static HubRepository of(String text) {
        return parse(text)
                .orElseThrow(() ->
                        new ConfigException(
                                "\"%s\" names no checkpoint of a hub; want ORG/NAME or ORG/NAME@REVISION, such as moonshotai/Kimi-VL-A3B-Instruct"
                                        .formatted(text)));
    }

    /// `ORG/NAME`.
    public String id() {
        return owner + "/" + name;
    }

    @Override
    public String toString() {
        return id() + "@" + revision;
    }
}
