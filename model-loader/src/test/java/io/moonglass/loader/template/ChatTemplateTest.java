package io.moonglass.loader.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.config.TokenizerConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.ModelFormatException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {

    private static final TokenizerConfig CONFIG =
            new TokenizerConfig(
                    new TreeMap<>(),
                    Optional.of("[BOS]"),
                    Optional.of("[EOS]"),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty());

    private static final List<TemplateMessage> MESSAGES =
            List.of(
                    TemplateMessage.text("user", " Hi <b> "),
                    new TemplateMessage(
                            "assistant",
                            List.of(new TemplatePart.Image(), new TemplatePart.Text("T"))));

    /// Expected outputs are those of Jinja2 3.1.6, set up as Hugging Face does.
    @ParameterizedTest
    @CsvSource(
            delimiter = '→',
            quoteCharacter = '`',
            value = {
                "{{ messages[0].content.strip() }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}| →Hi <b>|a | a|",
                "{{ 'xxaxx'.strip('x') }}{{ 'a,b,c'.split(',')[1] }}{{ 'a b  c'.split() | last }} →abc",
                "{{ 'a-b-c'.split('-', 1)[1] }} {{ 'a-b-c'.rsplit('-', 1)[0] }} →b-c a-b",
                "{{ 'ab'.startswith('a') }} {{ 'ab'.endswith(('x', 'b')) }} →True True",
                "{{ 'aB'.upper() }}{{ 'aB'.lower() }}{{ 'ab cd'.title() }}{{ 'aB'.capitalize() }} →ABabAb CdAb",
                "{{ 'abcb'.replace('b', 'x') }} {{ 'abcb'.replace('b', 'x', 1) }} {{ 'ab' | replace('b', '') }} →axcx axcb a",
                "{{ '-'.join(['a', 'b']) }}{{ 'abc'.find('c') }}{{ 'abc'[1] }}{{ 'abc'[-1] }}{{ 'abc'[:2] }} →a-b2bcab",
                "{{ {'k': 'v'}.get('k', 'z') }}{{ {'k': 'v'}.get('q', 'z') }} →vz",
                "{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}={{ v }};{% endfor %} →a=1;b=2;",
                "{% if 'k' in {'k': 1} %}a{% endif %}{% if 'q' not in {'k': 1} %}b{% endif %} →ab",
                "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }};{% endfor %} →10TrueFalse22;21FalseTrue21;",
                "{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined else '-' }}{{ loop.nextitem.role if loop.nextitem is defined }};{% endfor %} →-assistant;user;",
                "{% for m in messages if m.role == 'user' %}{{ m.role }}{{ loop.length }}{% endfor %} →user1",
                "{% for m in messages if m.role == 'x' %}a{% else %}none{% endfor %} →none",
                "{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% if x == 3 %}{% break %}{% endif %}z{% endfor %} →1z3",
                "{% set y = 'o' %}{% for i in [1, 2] %}{{ y }}{% set y = 'i' %}{{ y }}{% endfor %}{{ y }} →oioio",
                "{% set ns = namespace(x=1) %}{% for m in messages %}{% set ns.x = ns.x + 1 %}{% endfor %}{{ ns.x }} →3",
                "{{ messages[0].foo }}|{{ nope }}|{{ 'd' if nope is defined else 'u' }}|{{ nope | default('x') }} →||u|x",
                "{{ messages | tojson }} →[{\"role\": \"user\"#COMMA# \"content\": \" Hi <b> \"}#COMMA# {\"role\": \"assistant\"#COMMA# \"content\": [{\"type\": \"image\"}#COMMA# {\"type\": \"text\"#COMMA# \"text\": \"T\"}]}]",
                "{{ [1, 2.5, true, none, 'é\"'] | tojson }} →[1, 2.5, true, null, \"é\\\"\"]",
                "{{ [1, true, none, 'a'] }} {{ {'k': \"it's\"} }} →[1, True, None, 'a'] {'k': \"it's\"}",
                "{{ messages[0].content is string }}{{ messages is sequence }}{{ messages[0] is mapping }} →TrueTrueTrue",
                "{{ 1 == '1' }}{{ 1 == 1.0 }}{{ 'a' and 'b' }}{{ '' or 'c' }}{{ 'x' ~ 1 ~ true }} →FalseTruebcx1True",
                "{{ 'a' * 3 }}{{ 7 // 2 }}{{ 7 % 4 }}{{ 7 / 2 }}{{ [1] + [2] }} →aaa333.5[1, 2]",
                "{% macro f(x, y='q') %}[{{ x }}{{ y }}]{% endmacro %}{{ f('a') }}{{ f(1, y=2) }} →[aq][12]",
                "{{ messages | map(attribute='role') | join(',') }} →user,assistant",
                "{{ messages | selectattr('role', 'equalto', 'user') | list | length }} →1",
                "{% set x %}a{{ 1 }}{% endset %}{{ x }}{% raw %}{{ y }}{% endraw %} →a1{{ y }}",
                "{% generation %}g{% endgeneration %}{{ bos_token }}{{ eos_token }} →g[BOS][EOS]",
                "{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 1, -2) %}{{ i }}{% endfor %} →01253",
                "{% if messages[1] %}{{ messages[1]['content'][1]['text'] }}{% endif %}{{ messages[-1].role }}{{ messages[1:] | length }} →Tassistant1",
                "{% if messages | length > 1 and ('image' in messages[1].content[0] or messages[1].content[0]['type'] == 'image') %}i{% endif %} →i",
                "{{ add_generation_prompt }}{% if tools %}t{% endif %}{{ '{{' }}{{ '}}' }}{{ {'a': {'b': 1}}['a']['b'] }} →True{{}}1",
            })
    void templates_mean_what_they_mean_in_python(String template, String expected) {
        assertEquals(expected.replace("#COMMA#", ","), rendered(template.stripTrailing()));
    }

    @Test
    void json_is_indented_as_python_indents_it() {
        assertEquals(
                "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}",
                rendered("{{ {'a': [1, 2], 'b': {}} | tojson(indent=2) }}"));
    }

    @Test
    void the_year_can_be_asked_for() {
        assertTrue(rendered("{{ strftime_now('%Y-%m-%d') }}").matches("\\d{4}-\\d{2}-\\d{2}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ s | nofilter }}",
                "{{ nofunction() }}",
                "{% notag %}",
                "{{ 1 is notest }}",
                "{{ 'a",
                "{{ 'a'",
                "{% if true %}",
                "{% endif %}",
                "{% raw %}",
                "{#",
                "{% %}",
                "{% if x = 1 %}{% endif %}",
                "{% for x in %}{% endfor %}",
                "{% for %}{% endfor %}",
                "{{ nope + 'x' }}",
                "{{ 'x' + nope }}",
                "{{ 'a' + 1 }}",
                "{{ nope.x }}",
                "{{ nope.x() }}",
                "{{ 'x'.nomethod() }}",
                "{{ messages.append(1) }}",
                "{{ messages[0].content.getBytes() }}",
                "{{ messages.getClass() }}",
                "{% include 'x' %}",
                "{% import 'x' as y %}",
                "{% extends 'x' %}",
                "{{ ['{{ 1 }}'] | map('render') | join }}",
                "{{ today() }}",
                "{{ 1 // 0 }}",
                "{{ messages[::-1] }}",
                "{{ 'a'.join(1) }}",
                "{{ 'a' | tojson(sort_keys=true) }}",
                "{% for a, b in [[1]] %}{% endfor %}",
                "{{ ____int3rpr3t3r____ }}",
                "{{ ____int3rpr3t3r____.getContext() }}",
                "{{ 'x'.split('') }}"
            })
    void what_python_would_not_do_or_is_not_there_is_an_error(String template) {
        ModelFormatException e =
                assertThrows(
                        ModelFormatException.class,
                        () -> ChatTemplate.of("chat_template.jinja", template, CONFIG));
        assertTrue(e.getMessage().startsWith("chat_template.jinja: "), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(10**9) %}x{% endfor %}",
                "{{ 'x' * 10**9 }}",
                "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
                "{% set n = namespace(x='a') %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
                "{% set n = namespace(x=[1]) %}{% for i in range(99) %}{% set n.x = n.x + n.x %}{% endfor %}",
                "{% set n = namespace(x=[1]) %}{% for i in range(999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}",
                "{% set n = namespace(x=[1]) %}{% for i in range(999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x | tojson }}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% for i in range(99999) %}{% for j in range(9999) %}{{ 'xxxxxxxxxxxxxxxxxxxxxxxxxx' }}{% endfor %}{% endfor %}",
                "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            })
    void a_hostile_template_is_stopped(String template) {
        JinjaSandbox sandbox = new JinjaSandbox("test", Duration.ofSeconds(1));
        assertThrows(
                ModelFormatException.class,
                () -> sandbox.render(TemplateSource.normalized("test", template), Map.of()));
    }

    @Test
    void tags_nested_too_deeply_are_an_error() {
        String deep = "{% if true %}".repeat(10_000) + "{% endif %}".repeat(10_000);
        assertThrows(ModelFormatException.class, () -> ChatTemplate.of("test", deep, CONFIG));
    }

    @Test
    void a_template_of_megabytes_is_refused() {
        assertThrows(
                ModelFormatException.class,
                () -> ChatTemplate.of("test", "x".repeat((1 << 20) + 1), CONFIG));
    }

    @Test
    void what_the_template_refuses_is_the_callers_fault_in_the_templates_words() {
        ChatTemplate template =
                ChatTemplate.of(
                        "test",
                        "{% if messages[0].role != 'user' %}{{ raise_exception('Begin with the ' ~ 'user') }}{% endif %}ok",
                        CONFIG);
        InvalidRequestException e =
                assertThrows(
                        InvalidRequestException.class,
                        () -> template.render(List.of(TemplateMessage.text("tool", "x")), true));
        assertTrue(e.getMessage().endsWith(": Begin with the user"), e.getMessage());
        assertEquals("ok", template.render(MESSAGES, true));
    }

    @Test
    void a_template_that_refuses_a_greeting_cannot_be_loaded() {
        assertThrows(
                ModelFormatException.class,
                () -> ChatTemplate.of("test", "{{ raise_exception('no') }}", CONFIG));
    }

    @Test
    void more_text_than_any_context_holds_is_refused() {
        ChatTemplate template = ChatTemplate.of("test", "ok", CONFIG);
        InvalidRequestException e =
                assertThrows(
                        InvalidRequestException.class,
                        () ->
                                template.render(
                                        List.of(
                                                TemplateMessage.text(
                                                        "user",
                                                        "x".repeat(ChatTemplate.MAX_TEXT + 1))),
                                        true));
        assertEquals(InvalidRequestException.Kind.CONTEXT_LENGTH_EXCEEDED, e.kind());
    }

    @Test
    void a_large_text_is_rendered_whole() {
        String text = "ab\n".repeat(1_000_000);
        ChatTemplate template = ChatTemplate.of("test", "{{ messages[0].content }}", CONFIG);
        assertEquals(text, template.render(List.of(TemplateMessage.text("user", text)), true));
    }

    @Test
    void nothing_is_escaped_for_html() {
        assertEquals(" Hi <b> ", rendered("{{ messages[0].content }}"));
        assertFalse(rendered("{{ '<|x|>' }}").contains("&lt;"));
    }

    private static String rendered(String template) {
        return ChatTemplate.of("test", template, CONFIG).render(MESSAGES, true);
    }
}
