package io.moonglass.server.hub;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Brings one file. A connection that breaks is taken up where it broke, for as long as tries get on; what does not hash
/// to what the hub lists is fetched once more and then given up.
final class HubDownload implements Callable<Void> {

    private static final int MAX_WRONG = 2;
    private static final Pattern RANGE =
            Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");

    private final HubClient hub;
    private final String commit;
    private final HubFile file;
    private final PullTarget target;
    private final Duration patience;
    private final LongConsumer got;

    /// @param got told of bytes that are there now, and with a negative number of those that were thrown away
    HubDownload(
            HubClient hub,
            String commit,
            HubFile file,
            PullTarget target,
            Duration patience,
            LongConsumer got) {
        this.hub = hub;
        this.commit = commit;
        this.file = file;
        this.target = target;
        this.patience = patience;
        this.got = got;
    }

    @Override
    public Void call() throws InterruptedException {
        Path place = target.partial(file);
        try (PartialFile partial = PartialFile.open(place, file)) {
            got.accept(partial.numBytes());
            int wrong = 0;
            while (true) {
                complete(partial);
                if (partial.isRight()) {
                    partial.moveTo(target.stored(file));
                    return null;
                }
                restart(partial);
                if (++wrong == MAX_WRONG) {
                    throw HubException.lasting(
                            "%s: came %d times with another %s than the hub lists; nothing of it is kept"
                                    .formatted(file.name(), wrong, file.hash().kind()));
                }
            }
        } catch (IOException e) {
            throw new ConfigException("%s: cannot be written".formatted(place), e);
        }
    }

    private void complete(PartialFile partial) throws IOException, InterruptedException {
        int failed = 0;
        while (!partial.isWhole()) {
            long before = partial.numBytes();
            try {
                fetchRest(partial);
            } catch (HubException e) {
                failed = partial.numBytes() > before ? 1 : failed + 1;
                hub.retries().await(e, failed);
            }
        }
    }

    private void fetchRest(PartialFile partial) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = hub.open(commit, file, partial.numBytes());
        try (InputStream body = response.body();
                Patience awaited = Patience.with(body, patience)) {
            if (!goesOn(response, partial.numBytes())) {
                restart(partial);
                if (response.statusCode() != 200) {
                    throw HubException.passing(
                            file.name() + ": the hub does not go on where it broke off",
                            Optional.empty());
                }
            }
            append(body, awaited, partial);
        }
    }

    private void restart(PartialFile partial) throws IOException {
        got.accept(-partial.numBytes());
        partial.restart();
    }

    /// Whether what comes is what is missing.
    private boolean goesOn(HttpResponse<?> response, long from) {
        if (response.statusCode() != 206) {
            return response.statusCode() == 200 && from == 0;
        }
        Matcher range = RANGE.matcher(response.headers().firstValue("Content-Range").orElse(""));
        return range.matches()
                && Long.parseLong(range.group(1)) == from
                && (range.group(2).equals("*") || Long.parseLong(range.group(2)) == file.size());
    }

    private void append(InputStream body, Patience awaited, PartialFile partial)
            throws IOException {
        byte[] buffer = new byte[1 << 16];
        for (int length; (length = read(body, buffer)) > 0; ) {
            awaited.renew();
            if (partial.numBytes() + length > file.size()) {
                throw HubException.lasting(
                        "%s: more than the %,d bytes that the hub lists come of it"
                                .formatted(file.name(), file.size()));
            }
            partial.append(buffer, length);
            got.accept(length);
        }
        if (!partial.isWhole()) {
            throw brokenOff(null);
        }
    }

    /// Apart from writing, which fails for other reasons.
    private int read(InputStream body, byte[] buffer) {
        try {
            return body.read(buffer);
        } catch (IOException e) {
            throw brokenOff(e);
        }
    }

    private HubException brokenOff(IOException cause) {
        return HubException.passing(file.name() + ": the connection broke off", cause);
    }
}
