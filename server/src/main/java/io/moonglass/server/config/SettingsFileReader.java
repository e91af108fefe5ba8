package io.moonglass.server.config;

import io.moonglass.loader.fault.ConfigException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceEndEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;

/// Reads application.yaml event by event: sections, their keys, values as they are written. Nothing is built of
/// what is not one of these, so neither a tag, an alias nor a depth can do anything; each is refused where it begins.
final class SettingsFileReader {

    private static final List<String> NOTHING = List.of("", "~", "null", "Null", "NULL");

    private final Path file;
    private final SettingsCatalogue catalogue;
    private final Iterator<Event> events;
    private final List<SettingValue> values = new ArrayList<>();

    /// Lines of the sections and keys that were read.
    private final Map<String, Integer> seen = new HashMap<>();

    SettingsFileReader(Path file, String text, SettingsCatalogue catalogue) {
        this.file = file;
        this.catalogue = catalogue;
        this.events = new Yaml(new LoaderOptions()).parse(new StringReader(text)).iterator();
    }

    /// @throws ConfigException if something is in it that no setting can be
    List<SettingValue> read() {
        try {
            readDocument();
            return values;
        } catch (MarkedYAMLException e) {
            throw fault(
                    Optional.ofNullable(e.getProblemMark())
                            .or(() -> Optional.ofNullable(e.getContextMark())),
                    "this is no YAML: " + firstLineOf(e.getProblem()),
                    e);
        } catch (YAMLException e) {
            throw new ConfigException(
                    "%s is no YAML: %s".formatted(file, firstLineOf(e.getMessage())), e);
        }
    }

    private static String firstLineOf(String text) {
        return text.lines().findFirst().orElse("");
    }

    private void readDocument() {
        next(); // the stream's begin
        if (!(next() instanceof DocumentStartEvent)) {
            return; // nothing, or comments alone
        }
        Event root = next();
        if (root instanceof MappingStartEvent) {
            readSections();
        } else if (!isNothing(root)) {
            throw fault(root, "this is no section; want server: or another, with keys beneath it");
        }
        next(); // the document's end
        Event after = next();
        if (after instanceof DocumentStartEvent) {
            throw fault(after, "a second document begins here; want one");
        }
    }

    private void readSections() {
        for (Event event; !((event = next()) instanceof MappingEndEvent); ) {
            String section = key(event);
            Event content = next();
            if (!catalogue.sections().containsKey(section)) {
                throw fault(
                        event,
                        "%s is no section%s"
                                .formatted(shown(section), suggestion(section, content)));
            }
            refuseSecond(event, section);
            if (content instanceof MappingStartEvent) {
                readKeys(section);
            } else if (!isNothing(content)) {
                throw fault(
                        content,
                        "%s is a section; want its keys beneath it, one a line".formatted(section));
            }
        }
    }

    private String suggestion(String section, Event content) {
        return content instanceof MappingStartEvent || section.indexOf('.') < 0
                ? catalogue.didYouMeanSection(section)
                : catalogue
                        .withKey(section)
                        .map(setting ->
                                "; write %s: and %s: beneath it, indented"
                                        .formatted(setting.section(), setting.name()))
                        .orElseGet(() -> catalogue.didYouMean(section));
    }

    private void readKeys(String section) {
        for (Event event; !((event = next()) instanceof MappingEndEvent); ) {
            String key = section + "." + key(event);
            Optional<Setting> setting = catalogue.withKey(key);
            if (setting.isEmpty()) {
                throw fault(
                        event,
                        "%s is no setting%s".formatted(shown(key), catalogue.didYouMean(key)));
            }
            refuseSecond(event, key);
            values.add(
                    new SettingValue(
                            setting.get(),
                            values(setting.get(), next()),
                            new SettingSource.FileLine(file, line(event))));
        }
    }

    private List<String> values(Setting setting, Event event) {
        return switch (event) {
            case ScalarEvent scalar -> List.of(value(setting, scalar));
            case SequenceStartEvent _ when setting.isList() -> list(setting);
            case SequenceStartEvent _ ->
                    throw fault(
                            event,
                            "%s is a list; want %s".formatted(setting.key(), setting.wanted()));
            default ->
                    throw fault(
                            event,
                            "%s has keys beneath it; want %s"
                                    .formatted(setting.key(), setting.wanted()));
        };
    }

    private List<String> list(Setting setting) {
        List<String> all = new ArrayList<>();
        for (Event event; !((event = next()) instanceof SequenceEndEvent); ) {
            if (!(event instanceof ScalarEvent scalar)) {
                throw fault(
                        event,
                        "%s: a list within the list; want %s"
                                .formatted(setting.key(), setting.wanted()));
            }
            all.add(value(setting, scalar));
        }
        return all;
    }

    private String value(Setting setting, ScalarEvent scalar) {
        if (isNothing(scalar)) {
            throw fault(
                    scalar,
                    "%s has no value; want %s, or leave the key out"
                            .formatted(setting.key(), setting.wanted()));
        }
        return setting.checked(
                scalar.getValue(), "%s line %d: %s".formatted(file, line(scalar), setting.key()));
    }

    private String key(Event event) {
        if (!(event instanceof ScalarEvent scalar)) {
            throw fault(event, "a key that is a list or has keys itself; want a word");
        }
        return scalar.getValue();
    }

    private void refuseSecond(Event event, String key) {
        Integer first = seen.putIfAbsent(key, line(event));
        if (first != null) {
            throw fault(event, "%s is there twice, first in line %d".formatted(key, first));
        }
    }

    private Event next() {
        Event event = events.next();
        if (event instanceof AliasEvent) {
            throw fault(event, "an alias is not taken; write its value out");
        }
        if (event instanceof NodeEvent node && node.getAnchor() != null) {
            throw fault(event, "an anchor is not taken; want the value alone");
        }
        if (tag(event).isPresent()) {
            throw fault(event, "a tag is not taken; want the value alone");
        }
        return event;
    }

    private static Optional<String> tag(Event event) {
        return switch (event) {
            case ScalarEvent scalar -> Optional.ofNullable(scalar.getTag());
            case CollectionStartEvent collection -> Optional.ofNullable(collection.getTag());
            default -> Optional.empty();
        };
    }

    private static boolean isNothing(Event event) {
        return event instanceof ScalarEvent scalar
                && scalar.isPlain()
                && NOTHING.contains(scalar.getValue());
    }

    private static int line(Event event) {
        return event.getStartMark().getLine() + 1;
    }

    private ConfigException fault(Event event, String what) {
        return fault(Optional.of(event.getStartMark()), what, null);
    }

    private ConfigException fault(Optional<Mark> mark, String what, Exception cause) {
        String message =
                "%s line %d: %s".formatted(file, mark.map(Mark::getLine).orElse(0) + 1, what);
        return cause == null ? new ConfigException(message) : new ConfigException(message, cause);
    }

    private static String shown(String key) {
        return Setting.shown(key);
    }
}
