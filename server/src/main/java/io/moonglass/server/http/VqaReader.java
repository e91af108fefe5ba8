package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.wire.MediaReaders;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import io.moonglass.runtime.wire.VqaCallReader;
import io.moonglass.runtime.wire.VqaWriter;
import java.util.List;

/// Reads the body of `POST /v1/vqa`: pictures and a question.
///
/// @param files that came beside the fields, in a form; they are shown first
record VqaReader(List<VqaForm.Upload> files) implements Dialect {

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles uploaded) {
        RequestFields fields = RequestFields.of("", body);
        MediaReaders readers = MediaReaders.of(fields, uploaded);
        List<ContentPart> first = files.stream().map(file -> part(file, fields, readers)).toList();
        return new Question(
                new Call(
                        VqaCallReader.read(fields, model, caller.tenant(), readers, first),
                        1,
                        SamplingReader.timeout(fields),
                        fields.bool("stream", false)),
                new VqaReply(new VqaWriter(model.name())));
    }

    private static ContentPart part(
            VqaForm.Upload file, RequestFields fields, MediaReaders readers) {
        MediaSource source = new MediaSource.Bytes(file.bytes());
        return switch (file.kind()) {
            case "video" ->
                    new ContentPart.Video(source, readers.videos().settings(fields), file.name());
            case "document" -> readers.attachments().of(source, fields, file.name());
            default -> new ContentPart.Picture(source, readers.pictures().maxPixels(), file.name());
        };
    }
}
