package io.moonglass.server.command;

import io.moonglass.clients.BadRequestException;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MoonglassException;
import io.moonglass.clients.RequestTooLargeException;
import io.moonglass.loader.fault.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/// The options that show a model something beside a question.
final class MediaOptions {

    private static final Pattern WHERE =
            Pattern.compile("messages\\[\\d+]\\.content\\[(\\d+)](\\.[a-z_]+)*");

    @Option(
            names = "--image",
            paramLabel = "FILE",
            description =
                    "A picture (PNG, JPEG, WebP, GIF or BMP): a file, an address, or - for standard input; may be given more than once (default: none).")
    private List<String> images = new ArrayList<>();

    @Option(
            names = "--video",
            paramLabel = "FILE",
            description =
                    "A video (MP4, WebM, MPEG-TS or AVI), named like a picture (default: none).")
    private List<String> videos = new ArrayList<>();

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "A PDF, named like a picture (default: none).")
    private List<String> files = new ArrayList<>();

    /// In the order of the options' kinds.
    ///
    /// @throws ConfigException if one cannot be read
    List<ContentPart> parts() {
        long numStandardInputs =
                Stream.of(images, videos, files)
                        .flatMap(List::stream)
                        .filter(MediaArgument.STANDARD_INPUT::equals)
                        .count();
        if (numStandardInputs > 1) {
            throw new ConfigException(
                    "- is given %d times; standard input is one file".formatted(numStandardInputs));
        }
        List<ContentPart> parts = new ArrayList<>();
        images.forEach(text -> parts.add(ContentPart.image(MediaArgument.source("--image", text))));
        videos.forEach(text -> parts.add(ContentPart.video(MediaArgument.source("--video", text))));
        files.forEach(
                text -> parts.add(ContentPart.document(MediaArgument.source("--file", text))));
        return parts;
    }

    /// What a server says of one of them, said of what was typed: nobody who types knows its place in a request.
    Optional<ConfigException> namingItsFile(MoonglassException fault) {
        boolean isOurs =
                fault instanceof BadRequestException || fault instanceof RequestTooLargeException;
        Matcher where = WHERE.matcher(fault.param() == null ? "" : fault.param());
        if (!isOurs || !where.matches()) {
            return Optional.empty();
        }
        List<String> typed =
                Stream.of(
                                images.stream().map(text -> "--image " + text),
                                videos.stream().map(text -> "--video " + text),
                                files.stream().map(text -> "--file " + text))
                        .flatMap(all -> all)
                        .toList();
        int index = Integer.parseInt(where.group(1));
        if (index >= typed.size()) {
            return Optional.empty();
        }
        String said = fault.getMessage();
        String place = fault.param();
        String shown = typed.get(index);
        return Optional.of(
                new ConfigException(
                        said.contains(place) ? said.replace(place, shown) : shown + ": " + said,
                        fault));
    }
}
