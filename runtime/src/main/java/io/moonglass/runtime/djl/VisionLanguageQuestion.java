package io.moonglass.runtime.djl;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.VisionLanguageInput;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ContentPart;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/// Makes requests of DJL's inputs. Of an input with candidates the answer is one of them; its hypothesis template, with `{}` in
/// the candidate's place, says in which words the model is shown them. An input without a picture is a plain question.
///
/// @param settings of each request: how tokens are drawn, how many, what the system's message is
record VisionLanguageQuestion(UnaryOperator<ChatCompletionRequest.Builder> settings) {

    private static final String WHICH = "Which of these fits the picture?";
    private static final String PLACE = "{}";

    /// @throws IllegalArgumentException if there is no question in the input, and there are no candidates
    /// @throws IOException              if the picture cannot be encoded
    ChatCompletionRequest about(VisionLanguageInput input) throws IOException {
        List<String> candidates =
                input.getCandidates() == null ? List.of() : List.of(input.getCandidates());
        ChatCompletionRequest.Builder request = settings.apply(ChatCompletionRequest.builder());
        if (!candidates.isEmpty()) {
            request.choice(candidates);
        }
        return request.user(question(input, candidates), media(input.getImage())).build();
    }

    private static String question(VisionLanguageInput input, List<String> candidates) {
        boolean isAsked = input.getText() != null && !input.getText().isBlank();
        if (candidates.isEmpty()) {
            if (!isAsked) {
                throw new IllegalArgumentException(
                        "an input without text and candidates; want a question or candidates");
            }
            return input.getText();
        }
        String template = input.getHypothesisTemplate();
        return candidates.stream()
                .map(candidate -> template == null ? candidate : template.replace(PLACE, candidate))
                .collect(
                        Collectors.joining(
                                "\n- ", (isAsked ? input.getText() : WHICH) + "\n- ", ""));
    }

    private static ContentPart[] media(Image image) throws IOException {
        if (image == null) {
            return new ContentPart[0];
        }
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        image.save(png, "png"); // loses nothing
        return new ContentPart[] {ContentPart.image(png.toByteArray())};
    }
}
