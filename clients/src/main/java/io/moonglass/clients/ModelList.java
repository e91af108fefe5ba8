package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// The answer of `GET /v1/models`.
public record ModelList(String object, List<Model> data) {

    public static ModelList of(List<Model> models) {
        return new ModelList("list", models);
    }

    /// @param created     when it was loaded, or the server started, in seconds since 1970
    /// @param maxModelLen most tokens that prompt and answer may have together; null if it was never loaded
    /// @param state       `loaded`, `loading` or `unloaded`; a request for it loads it
    @JsonNaming(SnakeCaseStrategy.class)
    public record Model(
            String id,
            String object,
            long created,
            String ownedBy,
            @JsonInclude(JsonInclude.Include.NON_NULL) Integer maxModelLen,
            String state) {}
}
