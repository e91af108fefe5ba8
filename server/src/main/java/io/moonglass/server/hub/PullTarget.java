package io.moonglass.server.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Where a checkpoint is put. It has its name only when all of it is there.
sealed interface PullTarget permits CacheTarget, FolderTarget {

    /// The folder that the files are written to, on the disk that needs the room.
    Path work();

    /// Where a file grows.
    Path partial(HubFile file);

    /// Where it lies when it is whole and checked.
    Path stored(HubFile file);

    /// Makes the checkpoint of them.
    ///
    /// @param files all stored
    /// @return its folder
    Path finish(String commit, List<HubFile> files) throws IOException;
}
