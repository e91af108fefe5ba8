package io.moonglass.clients;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// The answer of `GET /v1/models`.
public record ModelList(String object, List<Model> data) {

    public static ModelList of(Model... models) {
        return new ModelList("list", List.of(models));
    }

    /// @param created     when it was loaded, in seconds since 1970
    /// @param maxModelLen most tokens that prompt and answer may have together
    @JsonNaming(SnakeCaseStrategy.class)
    public record Model(String id, String object, long created, String ownedBy, int maxModelLen) {}
}
