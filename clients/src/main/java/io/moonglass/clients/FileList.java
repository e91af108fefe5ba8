package io.moonglass.clients;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// Files that the server keeps, newest first.
///
/// @param hasMore whether there are more behind the last one
@JsonNaming(SnakeCaseStrategy.class)
public record FileList(List<UploadedFile> data, boolean hasMore) {

    public FileList {
        data = List.copyOf(data);
    }
}
