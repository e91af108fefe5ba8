package io.moonglass.runtime.fetch;

import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/// What may be fetched, and what it may cost.
///
/// @param offline              nothing is fetched
/// @param allowHttp            `http` beside `https`; what comes over it can be read and changed on its way
/// @param allowedHosts         no others are fetched from; empty for any public host
/// @param allowedNetworks      addresses that may be connected to although they are not public, as an
///                             operator's own object store
/// @param maxRedirects         the most redirects of one fetch
/// @param pace                 how slow a server may be
/// @param maxConcurrent        the most connections at once; more wait
/// @param maxConcurrentPerHost the most at once to one host name, and to one address
/// @param maxBytesInMemory     the most bytes of all media that were fetched, or read from files, that are in memory
///                             at a time
/// @param maxBytesOnDisk       the most bytes of all fetched media that are in files at a time
public record FetchOptions(
        boolean offline,
        boolean allowHttp,
        List<HostPattern> allowedHosts,
        List<AddressRange> allowedNetworks,
        int maxRedirects,
        FetchPace pace,
        int maxConcurrent,
        int maxConcurrentPerHost,
        long maxBytesInMemory,
        long maxBytesOnDisk) {

    private static final int MAX_REDIRECTS = 20;
    private static final int MAX_CONCURRENT = 1024;

    public static final FetchOptions DEFAULT =
            new FetchOptions(
                    false,
                    false,
                    List.of(),
                    List.of(),
                    3,
                    FetchPace.DEFAULT,
                    32,
                    8,
                    256L << 20,
                    4L << 30);

    public FetchOptions {
        allowedHosts = List.copyOf(allowedHosts);
        allowedNetworks = List.copyOf(allowedNetworks);
        if (maxRedirects < 0 || maxRedirects > MAX_REDIRECTS) {
            throw new ConfigException(
                    "%d redirects of a media address; want 0 to %d"
                            .formatted(maxRedirects, MAX_REDIRECTS));
        }
        if (maxConcurrent < 1
                || maxConcurrent > MAX_CONCURRENT
                || maxConcurrentPerHost < 1
                || maxConcurrentPerHost > maxConcurrent) {
            throw new ConfigException(
                    "%d media are fetched at once, %d of one host; want 1 to %d, and for one host at most as many"
                            .formatted(maxConcurrent, maxConcurrentPerHost, MAX_CONCURRENT));
        }
        if (maxBytesInMemory < 1 || maxBytesOnDisk < 1) {
            throw new ConfigException(
                    "%d bytes of fetched media in memory and %d on disk; want 1 or more"
                            .formatted(maxBytesInMemory, maxBytesOnDisk));
        }
    }

    public FetchOptions withOffline(boolean value) {
        return with(changed -> changed.offline = value);
    }

    public FetchOptions withAllowHttp(boolean value) {
        return with(changed -> changed.allowHttp = value);
    }

    public FetchOptions withAllowedHosts(List<HostPattern> value) {
        return with(changed -> changed.allowedHosts = value);
    }

    public FetchOptions withAllowedNetworks(List<AddressRange> value) {
        return with(changed -> changed.allowedNetworks = value);
    }

    public FetchOptions withMaxRedirects(int value) {
        return with(changed -> changed.maxRedirects = value);
    }

    public FetchOptions withPace(FetchPace value) {
        return with(changed -> changed.pace = value);
    }

    public FetchOptions withConnectTimeout(Duration value) {
        return withPace(pace.withConnectTimeout(value));
    }

    public FetchOptions withTimeout(Duration value) {
        return withPace(pace.withTimeout(value));
    }

    /// @param perHost how many of them may be to one host
    public FetchOptions withMaxConcurrent(int value, int perHost) {
        return with(changed -> {
            changed.maxConcurrent = value;
            changed.maxConcurrentPerHost = perHost;
        });
    }

    public FetchOptions withMaxBytesInMemory(long value) {
        return with(changed -> changed.maxBytesInMemory = value);
    }

    public FetchOptions withMaxBytesOnDisk(long value) {
        return with(changed -> changed.maxBytesOnDisk = value);
    }

    private FetchOptions with(Consumer<Changed> change) {
        Changed changed = new Changed();
        change.accept(changed);
        return changed.options();
    }

    /// These options while some of them are changed.
    private final class Changed {
        private boolean offline = FetchOptions.this.offline;
        private boolean allowHttp = FetchOptions.this.allowHttp;
        private List<HostPattern> allowedHosts = FetchOptions.this.allowedHosts;
        private List<AddressRange> allowedNetworks = FetchOptions.this.allowedNetworks;
        private int maxRedirects = FetchOptions.this.maxRedirects;
        private FetchPace pace = FetchOptions.this.pace;
        private int maxConcurrent = FetchOptions.this.maxConcurrent;
        private int maxConcurrentPerHost = FetchOptions.this.maxConcurrentPerHost;
        private long maxBytesInMemory = FetchOptions.this.maxBytesInMemory;
        private long maxBytesOnDisk = FetchOptions.this.maxBytesOnDisk;

        FetchOptions options() {
            return new FetchOptions(
                    offline,
                    allowHttp,
                    allowedHosts,
                    allowedNetworks,
                    maxRedirects,
                    pace,
                    maxConcurrent,
                    maxConcurrentPerHost,
                    maxBytesInMemory,
                    maxBytesOnDisk);
        }
    }
}
