package io.moonglass.server.http;

import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The port for operators, apart from the one for callers.
///
/// @param host          the address to bind; only this machine by default
/// @param port          0 for any that is free
/// @param keys          one of these is wanted for all but health and metrics; where there are none, only an address that
///                      this machine alone can reach takes such requests
/// @param configuration the effective configuration as YAML, without secrets; empty to tell nobody
/// @param heapDumps     the folder for heap dumps, made when one is asked for
public record OperationsOptions(
        String host,
        int port,
        Optional<ApiKeys> keys,
        Optional<Supplier<String>> configuration,
        Path heapDumps) {

    public OperationsOptions {
        if (host.isBlank()) {
            throw new ConfigException(
                    "the operations host is empty; want an address of this machine");
        }
        if (port < 0 || port > 65_535) {
            throw new ConfigException("the operations port is %d; want 0 to 65535".formatted(port));
        }
    }

    /// On this machine's own address, without keys.
    ///
    /// @param heapDumps the folder for heap dumps
    public static OperationsOptions onPort(int port, Path heapDumps) {
        return new OperationsOptions(
                "127.0.0.1", port, Optional.empty(), Optional.empty(), heapDumps);
    }

    public OperationsOptions withHost(String value) {
        return with(changed -> changed.host = value);
    }

    public OperationsOptions withKeys(ApiKeys value) {
        return with(changed -> changed.keys = Optional.of(value));
    }

    public OperationsOptions withConfiguration(Supplier<String> value) {
        return with(changed -> changed.configuration = Optional.of(value));
    }

    private OperationsOptions with(Consumer<Changed> change) {
        Changed changed = new Changed();
        change.accept(changed);
        return new OperationsOptions(
                changed.host, port, changed.keys, changed.configuration, heapDumps);
    }

    /// These options while one of them is changed.
    private final class Changed {
        private String host = OperationsOptions.this.host;
        private Optional<ApiKeys> keys = OperationsOptions.this.keys;
        private Optional<Supplier<String>> configuration = OperationsOptions.this.configuration;
    }
}
