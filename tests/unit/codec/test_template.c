/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: templates as a table of (template, data, result), errors as a table of (template, offset), and the published
 * Mustache cases where CARDWATCH_MUSTACHE_SPEC names their folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/codec/template.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/render.h"
#include "cardwatch/render_template.h"

/* Compiles the partials of `texts` first. */
static int render(const char *text, struct json_object *data, struct json_object *texts,
                  void (*escape)(struct cw_buf *, const char *), struct cw_buf *buf)
{
        struct cw_template *template = NULL;
        struct cw_templates *templates = NULL;
        struct cw_template_error error = {0};
        struct cw_template_use use = {.escape = escape, .verbatim = true};
        int r;

        assert_int_equal(cw_templates_new(&templates), 0);
        if (texts) {
                json_object_object_foreach(texts, name, value)
                {
                        assert_int_equal(cw_templates_add(templates, name, json_object_get_string(value), &error), 0);
                }
        }
        use.templates = templates;
        r = cw_template_compile(text, strlen(text), &template, &error);
        if (r < 0)
                print_message("    %zu: %s\n", error.offset, error.message);
        else
                r = cw_template_render(template, &data, 1, &use, buf);
        cw_template_free(template);
        cw_templates_free(templates);
        return r;
}

static const struct {
        const char *name, *template, *data, *expected;
        void (*escape)(struct cw_buf *, const char *);
} rendered[] = {
        {"plain text goes through", "no tags { } }} here", "{}", "no tags { } }} here", NULL},
        {"plain escapes nothing", "{{a}}", "{\"a\":\"<&'\\\">\"}", "<&'\">", NULL},
        {"HTML escapes all five", "{{a}}", "{\"a\":\"<&'\\\">\"}", "&lt;&amp;&#39;&quot;&gt;", cw_render_escape_html},
        {"triple and ampersand do not escape", "{{{a}}}{{&a}}", "{\"a\":\"<\"}", "<<", cw_render_escape_html},
        {"data with braces is not a template", "{{a}}", "{\"a\":\"{{b}}\",\"b\":\"x\"}", "{{b}}", NULL},
        {"null is nothing", "[{{a}}]", "{\"a\":null}", "[]", NULL},
        {"a whole object is nothing", "[{{a}}]", "{\"a\":{\"b\":1}}", "[]", NULL},
        {"booleans are words", "{{a}}", "{\"a\":true}", "true", NULL},
        {"a large integer keeps its digits", "{{a}}", "{\"a\":9223372036854775807}", "9223372036854775807", NULL},
        {"an empty text is false", "{{#a}}x{{/a}}{{^a}}y{{/a}}", "{\"a\":\"\"}", "y", NULL},
        {"zero is false", "{{#a}}x{{/a}}{{^a}}y{{/a}}", "{\"a\":0}", "y", NULL},
        {"a text with something in it is a section's value", "{{#a}}<{{.}}>{{/a}}", "{\"a\":\"v\"}", "<v>", NULL},
        {"a null inside hides the name outside", "{{#o}}[{{a}}]{{/o}}", "{\"a\":1,\"o\":{\"a\":null}}", "[]", NULL},
        {"sections nest", "{{#l}}{{#m}}{{.}}{{/m}};{{/l}}", "{\"l\":[{\"m\":[1,2]},{\"m\":[3]}]}", "12;3;", NULL},
        {"delimiters change and change back", "{{=<% %>=}}<%a%>{{a}}<%={{ }}=%>{{a}}", "{\"a\":1}", "1{{a}}1", NULL},
        {"a triple works after a change of delimiters", "{{=| |=}}|{a}|", "{\"a\":\"<\"}", "<", cw_render_escape_html},
        {"two tags on one line do not stand alone", "{{#a}} {{/a}}\nx", "{\"a\":1}", " \nx", NULL},
        {"emoji and umlauts go through", "\xf0\x9f\x92\xb3 {{\xc3\xa4}}", "{\"\xc3\xa4\":\"\xc3\xb6\"}",
         "\xf0\x9f\x92\xb3 \xc3\xb6", NULL},
        {"an empty template is nothing", "", "{}", "", NULL},
};

static const struct {
        const char *name, *template, *data, *texts, *expected;
} with_partials[] = {
        {"a partial sees what its caller sees", "{{#o}}{{> p}}{{/o}}", "{\"o\":{\"a\":1},\"b\":2}",
         "{\"p\":\"{{a}}{{b}}\"}", "12"},
        {"alone on its line it is indented, line by line", "a\n  {{> p}}\nb", "{}", "{\"p\":\"x\\ny\\n\"}",
         "a\n  x\n  y\nb"},
        {"a value's own lines are not", " {{> p}}\n", "{\"v\":\"1\\n2\"}", "{\"p\":\"{{v}}|\\n\"}", " 1\n2|\n"},
        {"indentations add up", " {{> p}}\n", "{}", "{\"p\":\"x\\n {{> q}}\\n\",\"q\":\"y\\n\"}", " x\n  y\n"},
        {"what follows is not indented any more", " {{> p}}\nz\n", "{}", "{\"p\":\"x\\n\"}", " x\nz\n"},
        {"inside a line it is not indented", "  a {{> p}} b", "{}", "{\"p\":\"x\\ny\"}", "  a x\ny b"},
        {"delimiters are its own", "{{=| |=}}|> p| |a|", "{\"a\":1}", "{\"p\":\"{{a}}|a|\"}", "1|a| 1"},
        {"it may call itself while there is something to tell", "{{> p}}",
         "{\"c\":\"1\",\"n\":[{\"c\":\"2\",\"n\":[]}]}", "{\"p\":\"<{{c}}{{#n}}{{> p}}{{/n}}>\"}", "<1<2>>"},
};

static void test_partials(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(with_partials); i++) {
                struct json_object *data = json_tokener_parse(with_partials[i].data);
                struct json_object *texts = json_tokener_parse(with_partials[i].texts);
                struct cw_buf buf = CW_BUF_NULL;

                print_message("  %s\n", with_partials[i].name);
                assert_int_equal(render(with_partials[i].template, data, texts, NULL, &buf), 0);
                assert_string_equal(cw_buf_text(&buf), with_partials[i].expected);
                cw_buf_deinit(&buf);
                json_object_put(data);
                json_object_put(texts);
        }
}

static void test_renders(void **state)
{
        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(rendered); i++) {
                struct cw_buf buf = CW_BUF_NULL;
                struct json_object *data = json_tokener_parse(rendered[i].data);

                print_message("  %s\n", rendered[i].name);
                assert_non_null(data);
                assert_int_equal(render(rendered[i].template, data, NULL, rendered[i].escape, &buf), 0);
                assert_string_equal(cw_buf_text(&buf), rendered[i].expected);
                cw_buf_deinit(&buf);
                json_object_put(data);
        }
}

static void test_refuses(void **state)
{
        static const struct {
                const char *name, *template;
                size_t offset;
                const char *message;
        } cases[] = {
                {"a tag that is not closed", "ab {{c", 3, "this tag is never closed"},
                {"a triple that is closed like a double", "{{{a}} ", 0, "this tag is never closed"},
                {"a section that is not closed", "x{{#a}}y", 1, "section \"a\" is never closed"},
                {"the innermost open section is named", "{{#a}}{{#b}}{{/b}}{{^c}}", 18,
                 "section \"c\" is never closed"},
                {"a close without an open", "x{{/a}}", 1, "no section \"a\" is open here"},
                {"a close of another section", "{{#a}}{{/b}}", 6, "the section that is open here is \"a\""},
                {"a close of a longer name", "{{#a}}{{/a.b}}", 6, "the section that is open here is \"a\""},
                {"a name that is missing", "{{ }}", 0, "a name is missing"},
                {"a name with a space", "{{a b}}", 0, "a name has no spaces"},
                {"a name with an empty part", "{{a..b}}", 0, "\"a..b\" is no name"},
                {"a name that begins with a dot", "{{.a}}", 0, "\".a\" is no name"},
                {"a name that ends with a dot", "{{a.}}", 0, "\"a.\" is no name"},
                {"one delimiter only", "{{=x=}}", 0, "two delimiters are needed, with a space between"},
                {"no delimiters", "{{= =}}", 0, "two delimiters are needed, with a space between"},
                {"three delimiters", "{{=a b c=}}", 0, "delimiters have no spaces and no '='"},
                {"a partial where there are no templates", "a {{> p}}", 2, "\"templates\" has no \"p\""},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_buf message = CW_BUF_NULL;
                size_t offset = 777;

                print_message("  %s\n", cases[i].name);
                assert_int_equal(cw_template_check(cases[i].template, NULL, &offset, &message), -EINVAL);
                assert_int_equal(offset, cases[i].offset);
                assert_string_equal(cw_buf_text(&message), cases[i].message);
                cw_buf_deinit(&message);
        }
}

static void test_a_good_template_leaves_the_results_alone(void **state)
{
        struct cw_buf message = CW_BUF_NULL;
        size_t offset = 777;

        (void)state;
        assert_int_equal(cw_template_check("{{#a}}{{b.c}}{{/a}}{{! no }}", NULL, &offset, &message), 0);
        assert_int_equal(offset, 777);
        assert_int_equal(message.len, 0);
}

static char *repeated(const char *text, size_t n)
{
        struct cw_buf buf = CW_BUF_NULL;
        char *taken = NULL;

        for (size_t i = 0; i < n; i++)
                cw_buf_puts(&buf, text);
        assert_int_equal(cw_buf_take(&buf, &taken), 0);
        return taken;
}

static void test_nesting_is_bounded(void **state)
{
        cw_autofree char *open = repeated("{{#a}}", 65);
        struct cw_buf message = CW_BUF_NULL;
        size_t offset = 0;

        (void)state;
        assert_int_equal(cw_template_check(open, NULL, &offset, &message), -EINVAL);
        assert_int_equal(offset, 64 * 6);
        assert_string_equal(cw_buf_text(&message), "sections are nested too deep");
        cw_buf_deinit(&message);
}

static void test_hostile_renders_end(void **state)
{
        cw_autofree char *open = repeated("{{#a}}", 20), *close = repeated("{{/a}}", 20),
                         *wide = repeated("{{b}}", 300);
        struct json_object *data = json_tokener_parse("{\"a\":[1,2,3,4,5,6,7,8,9,10]}");
        struct json_object *texts = json_tokener_parse("{\"p\":\"{{>p}}\",\"q\":\"{{>q}}{{>q}}\"}");
        struct cw_buf text = CW_BUF_NULL, buf = CW_BUF_NULL;
        cw_autofree char *large = repeated("0123456789", 1000);

        (void)state;
        cw_buf_printf(&text, "%s%s", open, close);
        print_message("  ten to the twentieth turns without output\n");
        assert_int_equal(render(cw_buf_text(&text), data, NULL, NULL, &buf), -EMSGSIZE);
        print_message("  a partial that calls itself\n");
        assert_int_equal(render("{{>p}}", data, texts, NULL, &buf), -EMSGSIZE);
        print_message("  a partial that calls itself twice\n");
        assert_int_equal(render("{{>q}}", data, texts, NULL, &buf), -EMSGSIZE);
        print_message("  more than a mebibyte of output\n");
        json_object_object_add(data, "b", json_object_new_string(large));
        assert_int_equal(render(wide, data, NULL, NULL, &buf), -EMSGSIZE);
        assert_int_equal(buf.len, 0);
        cw_buf_deinit(&text);
        cw_buf_deinit(&buf);
        json_object_put(data);
        json_object_put(texts);
}

static void test_later_contexts_come_first(void **state)
{
        struct json_object *contexts[] = {json_tokener_parse("{\"a\":1,\"b\":2}"), json_tokener_parse("{\"b\":3}")};
        struct cw_template_use use = {0};
        struct cw_template *template = NULL;
        struct cw_template_error error;
        struct cw_buf buf = CW_BUF_NULL;

        (void)state;
        assert_int_equal(cw_template_compile("{{a}}{{b}}{{>none}}", 19, &template, &error), 0);
        assert_int_equal(cw_template_render(template, contexts, 2, &use, &buf), 0);
        assert_string_equal(cw_buf_text(&buf), "13");
        cw_template_free(template);
        cw_buf_deinit(&buf);
        json_object_put(contexts[0]);
        json_object_put(contexts[1]);
}

static const char *text_of(struct json_object *test, const char *name)
{
        struct json_object *value = NULL;

        json_object_object_get_ex(test, name, &value);
        return json_object_get_string(value);
}

static unsigned run_published(const char *folder, const char *file)
{
        char path[4096];
        struct json_object *all, *tests = NULL;
        unsigned n_failed = 0;

        snprintf(path, sizeof(path), "%s/%s.json", folder, file);
        all = json_object_from_file(path);
        assert_non_null(all);
        assert_true(json_object_object_get_ex(all, "tests", &tests));
        assert_true(json_object_array_length(tests) > 0);
        for (size_t i = 0; i < json_object_array_length(tests); i++) {
                struct json_object *test = json_object_array_get_idx(tests, i), *data = NULL, *texts = NULL;
                struct cw_buf buf = CW_BUF_NULL;
                int r;

                json_object_object_get_ex(test, "data", &data);
                json_object_object_get_ex(test, "partials", &texts);
                r = render(text_of(test, "template"), data, texts, cw_render_escape_html, &buf);
                if (r < 0 || strcmp(cw_buf_text(&buf), text_of(test, "expected")) != 0) {
                        print_message("  %s: %s: got \"%s\"\n", file, text_of(test, "name"), cw_buf_text(&buf));
                        n_failed++;
                }
                cw_buf_deinit(&buf);
        }
        print_message("  %s: %zu cases\n", file, json_object_array_length(tests));
        json_object_put(all);
        return n_failed;
}

static void test_published_cases(void **state)
{
        static const char *const files[] = {"comments", "delimiters", "interpolation",
                                            "inverted", "partials",   "sections"};
        const char *folder = getenv("CARDWATCH_MUSTACHE_SPEC");
        unsigned n_failed = 0;

        (void)state;
        if (!folder)
                skip();
        for (size_t i = 0; i < CW_ARRAY_SIZE(files); i++)
                n_failed += run_published(folder, files[i]);
        assert_int_equal(n_failed, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_renders),
                cmocka_unit_test(test_partials),
                cmocka_unit_test(test_refuses),
                cmocka_unit_test(test_a_good_template_leaves_the_results_alone),
                cmocka_unit_test(test_nesting_is_bounded),
                cmocka_unit_test(test_hostile_renders_end),
                cmocka_unit_test(test_later_contexts_come_first),
                cmocka_unit_test(test_published_cases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
