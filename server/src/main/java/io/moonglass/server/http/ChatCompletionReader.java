package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.wire.AnswerHead;
import io.moonglass.runtime.wire.ChatCall;
import io.moonglass.runtime.wire.ChatCallReader;
import io.moonglass.runtime.wire.ChatCompletionWriter;
import java.util.List;

/// Reads the body of `POST /v1/chat/completions`.
final class ChatCompletionReader implements Dialect {

    @Override
    public Question read(JsonNode body, ChatModel model, Caller caller, RequestFiles files) {
        ChatCall call = ChatCallReader.read(body, model, caller.tenant(), files);
        ReplyHead head = ReplyHead.of("chatcmpl-", model.name());
        return new Question(
                new Call(
                        List.of(call.request()),
                        call.numAnswers(),
                        call.timeout(),
                        call.stream(),
                        call.told().progress()),
                new ChatCompletionReply(
                        new ChatCompletionWriter(
                                new AnswerHead(
                                        head.id(),
                                        head.created(),
                                        head.model(),
                                        ReplyHead.FINGERPRINT),
                                call.told())));
    }
}
