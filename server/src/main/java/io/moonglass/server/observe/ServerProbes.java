package io.moonglass.server.observe;

import io.moonglass.runtime.ModelStatistics;
import io.moonglass.server.files.FileStatistics;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// What the metrics ask of the server whenever they are told. All may be asked on any thread.
///
/// @param models             statistics of the models that are loaded, by name, the one first that requests get that
///                           name none
/// @param runningRequests    requests that are being answered
/// @param connections        open ones
/// @param ready              whether requests can be answered
/// @param stopping           whether no more requests are taken
/// @param certificateExpiry  of the certificate that clients are shown; empty without TLS
/// @param files              the store of uploaded files; empty where there is none
public record ServerProbes(
        Supplier<Map<String, ModelStatistics>> models,
        IntSupplier runningRequests,
        IntSupplier connections,
        BooleanSupplier ready,
        BooleanSupplier stopping,
        Supplier<Optional<Instant>> certificateExpiry,
        Supplier<Optional<FileStatistics>> files) {}
