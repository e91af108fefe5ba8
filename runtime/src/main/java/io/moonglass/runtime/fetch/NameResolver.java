package io.moonglass.runtime.fetch;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// Looks the addresses of a name up; may block, and is then left behind.
@FunctionalInterface
public interface NameResolver {

    /// The system's.
    NameResolver SYSTEM = InetAddress::getAllByName;

    /// @param name of a host, in small letters; never an address
    /// @throws UnknownHostException if it has none
    InetAddress[] addresses(String name) throws UnknownHostException;
}
