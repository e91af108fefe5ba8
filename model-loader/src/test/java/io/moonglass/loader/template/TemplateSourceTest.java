package io.moonglass.loader.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.ModelFormatException;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateSourceTest {

    private static final JinjaSandbox SANDBOX = new JinjaSandbox("test", Duration.ofSeconds(10));

    @Test
    void a_line_that_holds_only_a_block_leaves_nothing() {
        assertEquals("a\nb\nc", rendered("a\n  {% if true %}\nb\n  {% endif %}\nc\n"));
        assertEquals("ab", rendered("a{# note #}\nb"));
    }

    @Test
    void text_before_a_block_on_the_same_line_is_kept() {
        assertEquals(
                "1, 2, 3",
                rendered(
                        "{% for x in [1, 2, 3] %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}"));
        assertEquals("a  b", rendered("a  {% if true %}b{% endif %}"));
    }

    @Test
    void expressions_take_no_white_space_with_them() {
        assertEquals("  x\n y", rendered("  {{ 'x' }}\n {{ 'y' }}\n"));
    }

    @Test
    void a_minus_takes_all_white_space_on_its_side_and_a_plus_none() {
        assertEquals("axb", rendered("a \n {{- 'x' -}} \n b"));
        assertEquals("ab", rendered("a \n {%- if true -%} \n b{% endif %}"));
        assertEquals("a\n  b", rendered("a\n  {%+ if true %}b{% endif %}"));
        assertEquals("ab", rendered("a {#- note -#} b"));
    }

    @Test
    void only_one_line_break_after_a_block_goes() {
        assertEquals("\nx", rendered("{% if true %}\n\nx{% endif %}"));
    }

    @Test
    void windows_line_breaks_are_line_breaks() {
        assertEquals("a\nb", rendered("a\r\n{% if true %}\r\nb\r\n{% endif %}").stripTrailing());
    }

    @Test
    void braces_of_the_text_make_no_tag_with_what_follows_a_removed_one() {
        assertEquals("{x", rendered("{ {{- 'x' }}"));
        assertEquals("{%", rendered("{ {#- note #}%"));
    }

    @Test
    void raw_text_is_left_alone() {
        assertEquals("\n{{ x }} {% y %}{", rendered("{% raw %}\n{{ x }} {% y %}{{% endraw %}"));
    }

    @Test
    void brackets_inside_strings_end_no_tag() {
        assertEquals("}} %}", rendered("{{ '}}' }} {% if true %}{{ \"%}\" }}{% endif %}"));
    }

    @Test
    void a_tag_that_is_not_closed_is_an_error() {
        for (String template : new String[] {"{{", "{{ '}}", "{% if", "{# note", "{{ {'a': 1 }}"}) {
            assertThrows(
                    ModelFormatException.class,
                    () -> TemplateSource.normalized("test", template),
                    template);
        }
    }

    private static String rendered(String template) {
        return SANDBOX.render(TemplateSource.normalized("test", template), Map.of());
    }
}
