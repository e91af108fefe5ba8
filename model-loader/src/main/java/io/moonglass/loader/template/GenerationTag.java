package io.moonglass.loader.template;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.Tag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;

/// `{% generation %} … {% endgeneration %}`: marks the assistant's text for training; for inference it
/// is what stands inside.
final class GenerationTag implements Tag {

    private static final long serialVersionUID = 1;

    @Override
    public String getName() {
        return "generation";
    }

    @Override
    public String interpret(TagNode tag, JinjavaInterpreter interpreter) {
        StringBuilder out = new StringBuilder();
        for (Node node : tag.getChildren()) {
            out.append(node.render(interpreter).getValue());
            PythonValues.checkLength(out.length());
        }
        return out.toString();
    }
}
