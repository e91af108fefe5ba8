package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.InvalidRequestException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Schemas are written with ' for ".
class JsonSchemaTest {

    private static final String PARAM = "response_format.json_schema.schema";

    static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Grammar schema(String text) {
        return Grammar.jsonSchema(json(text), PARAM, GrammarLimits.standard());
    }

    private static void takes(String schema, String... answers) {
        for (String answer : answers) {
            assertTrue(Answers.meets(schema(schema), answer.replace('\'', '"')), answer);
        }
    }

    private static void refuses(String schema, String... answers) {
        for (String answer : answers) {
            assertFalse(Answers.meets(schema(schema), answer.replace('\'', '"')), answer);
        }
    }

    @Test
    void properties_come_in_order_and_optional_ones_may_be_left_out() {
        String schema =
                "{'type':'object','properties':{'a':{'type':'integer'},'b':{'type':'null'},'c':{'type':'boolean'}},'required':['b'],'additionalProperties':false}";
        takes(
                schema,
                "{'a':1,'b':null,'c':true}",
                "{'b': null}",
                "{'a':-7, 'b':null}",
                "{'b':null,'c':false}");
        refuses(
                schema,
                "{'a':1}",
                "{}",
                "{'b':null,'a':1}",
                "{'b':null,}",
                "{'b':null,'d':1}",
                "{ 'b':null}",
                "{'b':  null}");
        takes(
                "{'properties':{'a':{'type':'null'},'b':{'type':'null'}}}",
                "{}",
                "{'a':null}",
                "{'b':null}",
                "{'a':null,'b':null}");
    }

    @Test
    void other_properties_have_other_names_and_the_schema_for_others() {
        String schema =
                "{'type':'object','properties':{'ab':{'type':'null'}},'additionalProperties':{'type':'integer'}}";
        takes(
                schema,
                "{}",
                "{'ab':null}",
                "{'a':1}",
                "{'abc':1,'':2}",
                "{'ab':null,'é':1}",
                "{'\\n':1}");
        refuses(schema, "{'ab':1}", "{'\\u0061b':1}", "{'a':null}", "{'x':1,'ab':null}");
    }

    @Test
    void numbers_of_properties_are_kept_to() {
        String schema =
                "{'type':'object','properties':{'a':{'type':'null'},'b':{'type':'null'},'c':{'type':'null'}},'minProperties':1,'maxProperties':2}";
        takes(schema, "{'a':null}", "{'b':null,'c':null}");
        refuses(schema, "{}", "{'a':null,'b':null,'c':null}");
        String map =
                "{'type':'object','additionalProperties':{'type':'null'},'minProperties':1,'maxProperties':2}";
        takes(map, "{'a':null}", "{'a':null,'b':null}");
        refuses(map, "{}", "{'a':null,'b':null,'c':null}");
    }

    @Test
    void arrays_have_their_lengths_and_first_elements() {
        String list = "{'type':'array','items':{'type':'boolean'},'minItems':1,'maxItems':3}";
        takes(list, "[true]", "[true,false, true]");
        refuses(list, "[]", "[true,]", "[true,true,true,true]", "[1]");
        String tuple =
                "{'prefixItems':[{'type':'null'},{'type':'boolean'}],'items':{'type':'integer'},'maxItems':3}";
        takes(tuple, "[]", "[null]", "[null,true]", "[null,true,1]");
        refuses(tuple, "[true]", "[null,1]", "[null,true,1,2]");
        takes("{'prefixItems':[{'type':'null'}],'items':false,'minItems':1}", "[null]");
        refuses(
                "{'prefixItems':[{'type':'null'}],'items':false,'minItems':1}",
                "[]",
                "[null,null]");
        takes("{'type':'array'}", "[]", "[1,'a',{}]");
    }

    @Test
    void strings_have_lengths_patterns_and_formats_together() {
        takes(
                "{'type':'string','minLength':2,'maxLength':3}",
                "'ab'",
                "'😀é中'",
                "'\\ud83d\\ude00\\n'");
        refuses(
                "{'type':'string','minLength':2,'maxLength':3}",
                "'a'",
                "'abcd'",
                "'\\ud83d\\ude00'",
                "'\\ud83dab'",
                "'\\ude00ab'");
        takes("{'type':'string','pattern':'b+'}", "'abc'", "'b'", "'\\nb'");
        refuses("{'type':'string','pattern':'b+'}", "'ac'", "'\\u0062'");
        takes(
                "{'type':'string','pattern':'^[a-z]*$','minLength':2,'maxLength':3}",
                "'ab'",
                "'abc'");
        refuses(
                "{'type':'string','pattern':'^[a-z]*$','minLength':2,'maxLength':3}",
                "'a'",
                "'abcd'",
                "'a1'");
        takes("{'type':'string','format':'date'}", "'2024-02-29'", "'1999-12-31'");
        refuses(
                "{'type':'string','format':'date'}",
                "'2023-02-29'",
                "'1900-02-29'",
                "'2024-04-31'");
        takes(
                "{'type':'string','format':'ipv6'}",
                "'::1'",
                "'1:2:3:4:5:6:7:8'",
                "'a::'",
                "'1:2::8'");
        refuses("{'type':'string','format':'ipv6'}", "'1:2:3'", "'1::2::3'", "'::12345'");
        takes("{'type':'string','format':'email','maxLength':8}", "'a@b.de'");
        refuses("{'type':'string','format':'email','maxLength':8}", "'abcde@b.de'");
    }

    @Test
    void a_quote_or_a_backslash_in_a_pattern_is_escaped_in_the_answer() {
        Grammar grammar =
                Grammar.jsonSchema(
                        json("{'type':'string','pattern':'^[\\\\\\\\\\u0022\\n]$'}"),
                        PARAM,
                        GrammarLimits.standard());
        for (String answer : new String[] {"\"\\\\\"", "\"\\\"\"", "\"\\n\""}) {
            assertTrue(Answers.meets(grammar, answer), answer);
        }
        assertFalse(Answers.meets(grammar, "\"\n\""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "'type':'integer','minimum':-3,'maximum':12",
                "'type':'integer','exclusiveMinimum':-100,'exclusiveMaximum':7",
                "'type':'integer','minimum':95,'maximum':1005",
                "'type':'integer','maximum':-95,'minimum':-1005",
                "'type':'integer','minimum':0.5,'maximum':3.5",
                "'type':'integer','multipleOf':7,'minimum':-50,'maximum':500",
                "'type':'integer','multipleOf':2.5,'minimum':-50,'maximum':500",
            })
    void integers_between_bounds_are_these_and_no_others(String keywords) {
        Grammar grammar = schema("{" + keywords + "}");
        JsonNode schema = json("{" + keywords + "}");
        for (int value = -1100; value <= 1100; value++) {
            boolean valid =
                    value >= schema.path("minimum").asDouble(-9999)
                            && value <= schema.path("maximum").asDouble(9999)
                            && value > schema.path("exclusiveMinimum").asDouble(-9999)
                            && value < schema.path("exclusiveMaximum").asDouble(9999)
                            && value % schema.path("multipleOf").asDouble(1) == 0;
            assertEquals(
                    valid, Answers.meets(grammar, String.valueOf(value)), keywords + " " + value);
        }
        for (String spelling : new String[] {"", "-", "00", "01", "-0", "+1", "1.0"}) {
            assertFalse(Answers.meets(grammar, spelling), spelling);
        }
    }

    @Test
    void numbers_between_bounds_are_compared_as_decimals() {
        String open = "{'type':'number','exclusiveMinimum':-0.25,'exclusiveMaximum':1}";
        takes(open, "0", "0.0", "0.999999", "-0.2", "-0.249999", "0.25");
        refuses(open, "1", "1.0", "-0.25", "-0.250", "-0.3", "1e-3", "-0");
        String closed = "{'type':'number','minimum':9.5,'maximum':10.25}";
        takes(closed, "9.5", "9.50", "10", "10.25", "10.250", "10.2", "9.9");
        refuses(closed, "9.49", "10.26", "10.251", "9", "9.");
        String cents = "{'type':'number','multipleOf':0.05,'minimum':0}";
        takes(cents, "0", "0.05", "1.1", "12.30", "7");
        refuses(cents, "0.01", "0.051", "-0.05", "1.12");
        takes("{'type':'number'}", "1e5", "-0.5E-10", "123.25");
        refuses("{'type':'number'}", "1e999", ".5", "1.");
        takes("{'type':'integer'}", "9223372036854775807", "-9223372036854775808", "0");
        refuses("{'type':'integer'}", "9223372036854775808", "-9223372036854775809");
        takes("{'type':'integer','minimum':100000000000000000000}", "100000000000000000000");
    }

    @Test
    void values_of_enum_and_const_are_spelt_as_they_are() {
        takes("{'enum':['a',1,null,{'b':[true]}]}", "'a'", "1", "null", "{'b':[true]}");
        refuses("{'enum':['a',1]}", "'b'", "10");
        takes("{'type':'string','enum':['a',1],'const':'a'}", "'a'");
        refuses("{'type':'string','enum':['a',1]}", "1");
    }

    @Test
    void references_may_lead_back_to_where_they_stand() {
        String list =
                "{'$defs':{'n/o':{'type':'object','properties':{'v':{'type':'integer'},'next':{'anyOf':[{'$ref':'#/$defs/n~1o'},{'type':'null'}]}},'required':['v','next'],'additionalProperties':false}},'$ref':'#/$defs/n~1o'}";
        takes(list, "{'v':1,'next':{'v':2,'next':null}}");
        refuses(list, "{'v':1,'next':{'v':2}}");
        String tree = "{'type':'array','items':{'$ref':'#'},'maxItems':2}";
        takes(tree, "[]", "[[],[[],[]]]");
        refuses(tree, "[[],[],[]]");
        takes(
                "{'$ref':'#/$defs/a','maxLength':2,'$defs':{'a':{'type':'string','minLength':1}}}",
                "'ab'");
        refuses(
                "{'$ref':'#/$defs/a','maxLength':2,'$defs':{'a':{'type':'string','minLength':1}}}",
                "'abc'",
                "''");
    }

    @Test
    void schemas_that_all_hold_are_one() {
        String schema =
                "{'allOf':[{'type':'object','properties':{'a':{'type':'integer'}},'required':['a']},{'properties':{'b':{'type':'null'},'a':{'minimum':3}},'required':['b']}]}";
        takes(schema, "{'a':3,'b':null}");
        refuses(schema, "{'a':2,'b':null}", "{'a':3}");
        takes(
                "{'type':'string','anyOf':[{'minLength':3},{'const':'a'},{'type':'null'}]}",
                "'abc'",
                "'a'");
        refuses(
                "{'type':'string','anyOf':[{'minLength':3},{'const':'a'},{'type':'null'}]}",
                "'ab'",
                "null");
    }

    @Test
    void one_of_is_taken_where_the_branches_exclude_each_other() {
        String schema =
                "{'oneOf':[{'type':'object','properties':{'k':{'const':'a'}},'required':['k']},{'type':'object','properties':{'k':{'const':'b'},'x':{}},'required':['k']},{'type':'null'}],'discriminator':{'propertyName':'k'}}";
        takes(schema, "{'k':'a'}", "{'k':'b','x':[1]}", "null");
        refused("{'oneOf':[{'type':'integer'},{'type':'number'}]}", ".oneOf.1", "use anyOf");
        refused("{'oneOf':[{'const':1},{'const':1.0}]}", ".oneOf.1", "use anyOf");
    }

    private static void refused(String schema, String where, String message) {
        InvalidRequestException refused =
                assertThrows(InvalidRequestException.class, () -> schema(schema), schema);
        assertEquals(PARAM + where, refused.param(), refused.getMessage());
        assertTrue(refused.getMessage().startsWith(PARAM + where + ": "), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{'properties':{'a':{'if':true}}}~.properties.a.if~not supported",
                "{'not':{}}~.not~not supported",
                "{'type':'object','patternProperties':{}}~.patternProperties~not supported",
                "{'type':'array','contains':{}}~.contains~not supported",
                "{'type':'array','uniqueItems':true}~.uniqueItems~only false",
                "{'type':'strin'}~.type~is no type",
                "{'type':[]}~.type~at least one",
                "{'anyOf':[]}~.anyOf~at least one",
                "{'enum':[]}~.enum~at least one",
                "{'$ref':'http://x.y/z'}~.$ref~nothing is fetched",
                "{'$ref':'#/$defs/a'}~.$ref~there is no",
                "{'$ref':'#'}~``~without end",
                "{'$defs':{'a':{'$ref':'#/$defs/b'},'b':{'$ref':'#/$defs/a'}},'$ref':'#/$defs/a'}~.$defs.b~without end",
                "{'type':'object','properties':{'n':{'$ref':'#'}},'required':['n']}~.properties.n~without end",
                "{'anyOf':[{'$ref':'#'},{'type':'null'}]}~``~begins with itself",
                "{'type':'integer','minimum':5,'maximum':3}~``~no number is between 5 and 3",
                "{'type':'integer','minimum':0.2,'maximum':0.8}~``~no number",
                "{'type':'number','exclusiveMinimum':1,'maximum':1}~``~no number",
                "{'type':'integer','minimum':1,'maximum':6,'multipleOf':7}~``~no number",
                "{'type':'integer','multipleOf':0}~.multipleOf~above 0",
                "{'type':'integer','multipleOf':1e300}~.multipleOf~1000 at most",
                "{'type':'number','minimum':'1'}~.minimum~want a number",
                "{'type':'number','exclusiveMinimum':true}~.exclusiveMinimum~want a number",
                "{'type':'number','minimum':1e999}~.minimum~want a number",
                "{'type':'string','minLength':3,'maxLength':2}~.maxLength~no answer meets both",
                "{'type':'string','minLength':-1}~.minLength~from 0 up",
                "{'type':'string','minLength':1e18}~.minLength~the limit is",
                "{'type':'string','pattern':'('}~.pattern~not closed",
                "{'type':'string','pattern':'(?=a)'}~.pattern~look-around",
                "{'type':'string','pattern':'a{1000000}'}~.pattern~16,384",
                "{'type':'string','pattern':'^a$','minLength':2}~``~no string meets",
                "{'type':'string','format':'cuid'}~.format~supported are date-time",
                "{'type':'array','minItems':2,'maxItems':1}~.maxItems~no answer meets both",
                "{'prefixItems':[{}],'items':false,'minItems':2}~.minItems~there can be 1",
                "{'type':'array','items':[{}]}~.items~prefixItems",
                "{'properties':{'a':false},'required':['a']}~.properties.a~may not be there",
                "{'properties':{},'required':['a'],'additionalProperties':false}~.required~no others",
                "{'properties':{'a':{}},'minProperties':2}~.minProperties~there are 1",
                "{'type':'object','minProperties':2}~.minProperties~could be equal",
                "{'type':'string','enum':[1]}~``~no value",
                "{'enum':['abc'],'minLength':4}~.minLength~beside enum",
                "{'enum':['\\ud800']}~``~surrogate",
                "{'allOf':[{'type':'string'},{'type':'null'}]}~``~no answer can meet",
                "{'allOf':[{'pattern':'a'},{'pattern':'b'}]}~.allOf.1~two different values of pattern",
                "{'properties':{'a':7}}~.properties.a~want a schema",
                "7~``~want a schema",
                "{'nullable':true}~.nullable~not supported",
                "false~``~no answer can meet"
            })
    void what_cannot_be_met_or_is_not_supported_is_refused_where_it_stands(
            String schema, String where, String message) {
        refused(schema, where == null ? "" : where, message);
    }

    @Test
    void annotations_change_nothing() {
        takes(
                "{'$schema':'x','$id':'y','title':'t','description':'d','default':3,'examples':[1],'deprecated':true,'x-order':1,'type':'null'}",
                "null");
    }
}
