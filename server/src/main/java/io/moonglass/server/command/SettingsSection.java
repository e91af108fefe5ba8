package io.moonglass.server.command;

/// A mixin of `serve` whose options are settings too, keys of one section of application.yaml. Several may be of
/// the same section.
interface SettingsSection {

    /// The section's name, such as `tls`.
    String section();

    /// Looks at what no converter has seen, such as bounds, without opening a file.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a value cannot be
    default void check() {}
}
