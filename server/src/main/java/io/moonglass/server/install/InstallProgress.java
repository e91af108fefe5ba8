package io.moonglass.server.install;

/// Is told how far an installation is, often.
public interface InstallProgress {

    /// @param path the file that is being copied
    void at(String path, long numBytes, long numBytesAll);
}
