/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/clock.h"
#include "cardwatch/secret.h"
#include "loading.h"

static void test_the_shortest_useful_file(void **state)
{
        const struct cw_config_source *source;
        const struct cw_config_notifier *notifier;
        const struct cw_ruleset *rules;
        struct loaded loaded;

        (void)state;
        load_text(&loaded, "sources:\n"
                           "  - name: main\n"
                           "    url: https://public-api.ibanera.com\n"
                           "    auth: {username: ops@example.com, password: plain:p, totp_secret: \"jbsw y3dp\"}\n"
                           "rules:\n"
                           "  - {name: low-balance, when: available < 100}\n"
                           "notifiers:\n"
                           "  - {name: hook, type: webhook, url: \"http://127.0.0.1:9000/alerts\"}\n");
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_null(loaded.config->timezone);
        assert_int_equal(loaded.config->log_level, CW_LOG_INFO);
        assert_int_equal(loaded.config->log_format, CW_LOG_TEXT);
        assert_string_equal(loaded.config->store_path, "/var/lib/cardwatch/cardwatch.db");
        assert_int_equal(loaded.config->keep_history_ms, 90 * CW_DAY_MS);
        assert_int_equal(loaded.config->keep_audit_ms, 7 * 365 * CW_DAY_MS);
        assert_string_equal(loaded.config->control_socket, "/run/cardwatch/control.sock");
        assert_null(loaded.config->external_url);

        source = &loaded.config->sources[0];
        assert_int_equal(loaded.config->n_sources, 1);
        assert_string_equal(source->username, "ops@example.com");
        assert_string_equal(cw_secret_reveal(source->password), "p");
        assert_null(source->api_key);
        assert_null(source->otp);
        assert_false(source->otp_single_use);
        assert_int_equal(source->every_ms, 60000);
        assert_int_equal(source->page_size, 100);
        assert_int_equal(source->concurrency, 4);
        assert_int_equal(source->timeout_ms, 30000);
        assert_int_equal(source->retries, 2);
        assert_int_equal(source->max_response, 32 << 20);
        assert_int_equal(source->missing_after, 2);
        assert_int_equal(source->stale_after, 3);
        assert_int_equal(source->suspect_above, 10000);
        assert_int_equal(source->n_watches, 0);

        notifier = &loaded.config->notifiers[0];
        assert_int_equal(notifier->type, CW_NOTIFIER_WEBHOOK);
        assert_true(notifier->send_resolved);
        assert_int_equal(notifier->timeout_ms, 15000);
        assert_int_equal(notifier->retry_for_ms, 24 * CW_HOUR_MS);
        assert_int_equal(notifier->list, 20);

        rules = loaded.config->rules;
        assert_true(rules->rules[0].enabled);
        assert_int_equal(rules->rules[0].severity, CW_SEVERITY_WARNING);
        assert_null(rules->rules[0].summary);
        assert_int_equal(rules->sources[0].every_ms, 60000);
        assert_int_equal(rules->sources[0].suspect_above, 10000);
        assert_string_equal(rules->notifiers[0].name, "hook");
        assert_int_equal(rules->route.n_notify, 1);
        assert_int_equal(rules->route.n_group_by, 2);
        assert_int_equal(rules->route.group_by[0].key, CW_GROUP_RULE);
        assert_int_equal(rules->route.group_by[1].key, CW_GROUP_CUSTOMER);
        assert_int_equal(rules->route.repeat_every_ms, 0);
        loaded_deinit(&loaded);
}

static void test_what_is_written_is_what_is_meant(void **state)
{
        const struct cw_config_notifier *mail, *log, *hook, *file;
        struct loaded loaded;

        (void)state;
        load_text(
                &loaded,
                "timezone: Europe/London\n"
                "log: {level: debug, format: json}\n"
                "store: {sqlite: /srv/c.db, keep_history: 1h30m}\n"
                "control: {socket: none, external_url: \"https://cardwatch.example.com//\"}\n"
                "sources:\n"
                "  - {name: main, url: \"https://a.example:8443/prefix/\", auth: {api_key: k, otp: \"123456\"}, every: "
                "50ms,\n"
                "     page_size: 1, concurrency: 64, timeout: 1m, retries: 0, max_response: 512KiB, missing_after: 1,\n"
                "     stale_after: 10}\n"
                "rules:\n"
                "  - {name: low, when: available < 100, severity: critical, labels: {team: treasury}, enabled: false}\n"
                "builtin: {stale: off, bad-data: {enabled: false}, source-down: {severity: info, after: 7},\n"
                "          notifier-failing: {after: 1m}}\n"
                "notifiers:\n"
                "  - {name: mail, type: email, smtp: \"smtp://mail.example\", from: a@b.example, to: c@d.example,\n"
                "     username: u, password: p}\n"
                "  - {name: log, type: syslog, target: \"udp://[::1]:514\", facility: local7, app_name: x}\n"
                "  - {name: hook, type: webhook, url: plain:https://h.example/x, secret: whsec_eA==, headers: {X-A: "
                "b},\n"
                "     proxy: \"http://p:3128\", list: all, send_resolved: false, timeout: 1s, retry_for: 0s}\n"
                "  - {name: lines, type: file, path: /tmp/alerts.jsonl, list: 500, detail: band}\n"
                "route: {notify: [hook, lines, mail, log], group_by: [severity, currency, card, team], group_wait: "
                "1s,\n"
                "        group_interval: 2s, repeat_every: 3s}\n");
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_string_equal(loaded.config->timezone, "Europe/London");
        assert_int_equal(loaded.config->log_level, CW_LOG_DEBUG);
        assert_int_equal(loaded.config->log_format, CW_LOG_JSON);
        assert_int_equal(loaded.config->keep_history_ms, 5400000);
        assert_null(loaded.config->control_socket);
        assert_string_equal(loaded.config->external_url, "https://cardwatch.example.com");
        assert_string_equal(loaded.config->sources[0].url, "https://a.example:8443/prefix");
        assert_string_equal(cw_secret_reveal(loaded.config->sources[0].otp), "123456");
        assert_int_equal(loaded.config->sources[0].max_response, 512 << 10);
        assert_int_equal(loaded.config->rules->sources[0].stale_after, 10);
        assert_int_equal(loaded.config->rules->sources[0].missing_after, 1);

        assert_false(loaded.config->rules->builtins[CW_BUILTIN_STALE].enabled);
        assert_false(loaded.config->rules->builtins[CW_BUILTIN_BAD_DATA].enabled);
        assert_int_equal(loaded.config->rules->builtins[CW_BUILTIN_SOURCE_DOWN].severity, CW_SEVERITY_INFO);
        assert_int_equal(loaded.config->rules->builtins[CW_BUILTIN_SOURCE_DOWN].after_polls, 7);
        assert_int_equal(loaded.config->rules->builtins[CW_BUILTIN_NOTIFIER_FAILING].after_ms, 60000);
        assert_int_equal(loaded.config->rules->builtins[CW_BUILTIN_NOTIFIER_FAILING].severity, CW_SEVERITY_WARNING);

        mail = &loaded.config->notifiers[0];
        log = &loaded.config->notifiers[1];
        hook = &loaded.config->notifiers[2];
        file = &loaded.config->notifiers[3];
        assert_int_equal(mail->starttls, CW_STARTTLS_REQUIRED);
        assert_string_equal(mail->to[0], "c@d.example");
        assert_int_equal(mail->n_to, 1);
        assert_string_equal(cw_secret_reveal(mail->password), "p");
        assert_int_equal(log->facility, 23);
        assert_string_equal(log->target, "udp://[::1]:514");
        assert_string_equal(cw_secret_reveal(hook->url), "https://h.example/x");
        assert_string_equal(hook->headers[0].name, "X-A");
        assert_int_equal(hook->list, CW_LIST_ALL);
        assert_int_equal(hook->retry_for_ms, 0);
        assert_int_equal(file->type, CW_NOTIFIER_FILE);
        assert_int_equal(file->list, 500);
        assert_int_equal(file->detail, CW_CONFIG_DETAIL_BAND);
        assert_int_equal(hook->detail, CW_CONFIG_DETAIL_FULL);
        assert_false(loaded.config->rules->notifiers[2].send_resolved);
        assert_int_equal(loaded.config->rules->route.notify[0], 2);
        assert_int_equal(loaded.config->rules->route.notify[3], 1);
        assert_int_equal(loaded.config->rules->route.group_by[3].key, CW_GROUP_LABEL);
        assert_string_equal(loaded.config->rules->route.group_by[3].label, "team");
        assert_int_equal(loaded.config->rules->route.group_interval_ms, 2000);
        loaded_deinit(&loaded);
}

static void test_customers_are_told_by_a_notifier_of_their_own(void **state)
{
        const struct cw_config_notifier *made;
        const struct cw_notifier_traits *traits;
        struct loaded loaded;

        (void)state;
        load_text(&loaded, SOURCES RULES
                  "notifiers:\n"
                  "  - {name: mail, type: email, smtp: \"smtp://127.0.0.1:25\", from: a@b.example, to: [c@d.example],\n"
                  "     username: u, password: p, detail: band,\n"
                  "     to_customers: {11060: x@y.example, 11057: [cfo@acme.example, e@acme.example]}}\n"
                  "  - {name: lines, type: file, path: /tmp/alerts.jsonl}\n");
        assert_string_equal(cw_buf_text(&loaded.text), "");
        assert_int_equal(loaded.config->n_notifiers, 3);
        assert_int_equal(loaded.config->notifiers[0].n_customers, 0);
        made = &loaded.config->notifiers[2];
        assert_string_equal(made->name, "mail/customers");
        assert_string_equal(made->smtp, "smtp://127.0.0.1:25");
        assert_string_equal(cw_secret_reveal(made->password), "p");
        assert_int_equal(made->detail, CW_CONFIG_DETAIL_BAND);
        assert_int_equal(made->n_to, 0);
        assert_int_equal(made->n_customers, 2);
        assert_int_equal(made->customers[0].id, 11057);
        assert_string_equal(made->customers[0].to[1], "e@acme.example");
        assert_int_equal(made->customers[1].n_to, 1);
        assert_int_equal(loaded.config->rules->n_notifiers, 3);
        traits = &loaded.config->rules->notifiers[2];
        assert_string_equal(traits->name, "mail/customers");
        assert_int_equal(traits->copies, 1);
        assert_int_equal(traits->n_customers, 2);
        assert_int_equal(traits->customers[1], 11060);
        assert_int_equal(loaded.config->rules->notifiers[0].copies, 0);
        assert_int_equal(loaded.config->rules->route.n_notify, 2);
        loaded_deinit(&loaded);
}

static void test_the_faster_lane(void **state)
{
        const struct cw_config_source *source;
        struct loaded loaded;

        (void)state;
        load_text(
                &loaded, SOURCES
                "    watch: [{customers: [11060, 11057], every: 10s}, {customers: 7, every: 50ms}]\n" RULES NOTIFIERS);
        assert_string_equal(cw_buf_text(&loaded.text), "");
        source = &loaded.config->sources[0];
        assert_int_equal(source->n_watches, 2);
        assert_int_equal(source->watches[0].n_customers, 2);
        assert_int_equal(source->watches[0].customers[0], 11057);
        assert_int_equal(source->watches[0].customers[1], 11060);
        assert_int_equal(source->watches[0].every_ms, 10000);
        assert_int_equal(source->watches[1].n_customers, 1);
        assert_int_equal(source->watches[1].customers[0], 7);
        assert_int_equal(source->watches[1].every_ms, 50);
        loaded_deinit(&loaded);
}

static void test_percentages(void **state)
{
        static const struct {
                const char *text;
                uint32_t thousandths;
        } cases[] = {
                {"0%", 0},     {"10%", 10000}, {"100%", 100000},   {"0.5%", 500},     {"12.34%", 12340},
                {"0.001%", 1}, {"007%", 7000}, {"99.999%", 99999}, {"'2.50%'", 2500}, {"100.000%", 100000},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct loaded loaded;
                char yaml[400];

                print_message("  %s\n", cases[i].text);
                snprintf(yaml, sizeof(yaml), SOURCES "    suspect_above: %s\n" RULES NOTIFIERS, cases[i].text);
                load_text(&loaded, yaml);
                assert_string_equal(cw_buf_text(&loaded.text), "");
                assert_int_equal(loaded.config->sources[0].suspect_above, cases[i].thousandths);
                assert_int_equal(loaded.config->rules->sources[0].suspect_above, cases[i].thousandths);
                loaded_deinit(&loaded);
        }
}

static void test_starttls_is_off_towards_this_machine_only(void **state)
{
        static const struct {
                const char *smtp;
                enum cw_config_starttls expected;
        } cases[] = {
                {"smtp://127.0.0.1:25", CW_STARTTLS_OFF},       {"smtp://127.1.2.3", CW_STARTTLS_OFF},
                {"smtp://localhost", CW_STARTTLS_OFF},          {"smtp://a.localhost:2525", CW_STARTTLS_OFF},
                {"smtp://[::1]:25", CW_STARTTLS_OFF},           {"smtp://mail.example", CW_STARTTLS_REQUIRED},
                {"smtp://127.example", CW_STARTTLS_REQUIRED},   {"smtp://notlocalhost", CW_STARTTLS_REQUIRED},
                {"smtp://127.0.0.1.x.y", CW_STARTTLS_REQUIRED}, {"smtp://[::2]", CW_STARTTLS_REQUIRED},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct loaded loaded;
                char yaml[400];

                print_message("  %s\n", cases[i].smtp);
                snprintf(yaml, sizeof(yaml),
                         SOURCES RULES "notifiers: [{name: m, type: email, smtp: \"%s\", from: a@b.c, to: [d@e.f]}]\n",
                         cases[i].smtp);
                load_text(&loaded, yaml);
                assert_int_equal(loaded.result, 0);
                assert_int_equal(loaded.config->notifiers[0].starttls, cases[i].expected);
                loaded_deinit(&loaded);
        }
}

static void hash_of(const char *yaml, char ret_hash[static 33])
{
        struct loaded loaded;

        load_text(&loaded, yaml);
        assert_int_equal(loaded.result, 0);
        memcpy(ret_hash, loaded.config->hash, 33);
        assert_int_equal(strlen(ret_hash), 32);
        loaded_deinit(&loaded);
}

static void test_the_hash_is_of_the_meaning(void **state)
{
        static const struct {
                const char *name, *yaml;
                bool same;
        } cases[] = {
                {"comments and white space mean nothing", "# x\n\n" SOURCES "\n\n" RULES "   # y\n" NOTIFIERS, true},
                {"the order of keys means nothing", NOTIFIERS RULES SOURCES, true},
                {"a default that is written means nothing", BASE "store: {keep_history: 2160h}\nlog: {}\n", true},
                {"how an expression is written means nothing",
                 SOURCES NOTIFIERS "rules: [{name: low, when: \"((available<100.0))\"}]\n", true},
                {"a secret means nothing",
                 "sources: [{name: main, url: \"https://api.example.com/\", auth: {api_key: other}}]\n" RULES NOTIFIERS,
                 true},
                {"a threshold means something", SOURCES NOTIFIERS "rules: [{name: low, when: available < 101}]\n",
                 false},
                {"a rule's name means something", SOURCES NOTIFIERS "rules: [{name: lo, when: available < 100}]\n",
                 false},
                {"a severity means something",
                 SOURCES NOTIFIERS "rules: [{name: low, when: available < 100, severity: info}]\n", false},
                {"a wording means something",
                 SOURCES NOTIFIERS "rules: [{name: low, when: available < 100, summary: x}]\n", false},
                {"an interval means something", SOURCES "    every: 61s\n" RULES NOTIFIERS, false},
                {"what is suspicious means something", SOURCES "    suspect_above: 11%\n" RULES NOTIFIERS, false},
                {"a default percentage that is written means nothing",
                 SOURCES "    suspect_above: 10.0%\n" RULES NOTIFIERS, true},
                {"a faster lane means something", SOURCES "    watch: [{customers: [1], every: 10s}]\n" RULES NOTIFIERS,
                 false},
                {"a builtin means something", BASE "builtin: {stale: off}\n", false},
                {"a group means something", BASE "route: {group_by: [rule]}\n", false},
        };
        char base[33], other[33];

        (void)state;
        hash_of(BASE, base);
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                print_message("  %s\n", cases[i].name);
                hash_of(cases[i].yaml, other);
                assert_int_equal(strcmp(base, other) == 0, cases[i].same);
        }
}

static void test_the_ruleset_outlives_the_configuration(void **state)
{
        struct cw_ruleset *rules;
        struct loaded loaded;

        (void)state;
        load_text(&loaded, BASE);
        rules = cw_ruleset_ref(loaded.config->rules);
        loaded_deinit(&loaded);
        assert_string_equal(rules->rules[0].name, "low");
        cw_ruleset_unref(rules);
}

static void test_warnings_do_not_fail(void **state)
{
        struct loaded loaded;

        (void)state;
        load_text(&loaded, SOURCES);
        assert_int_equal(loaded.result, 0);
        assert_int_equal(loaded.report.n_warnings, 2);
        assert_string_equal(cw_buf_text(&loaded.text),
                            "cardwatch.yaml: warning: there are no notifiers: nobody will be told\n"
                            "cardwatch.yaml: warning: there are no rules: only the daemon's own alerts will be told\n");
        loaded_deinit(&loaded);
}

static void test_the_report_as_json(void **state)
{
        struct cw_buf json = CW_BUF_NULL;
        struct loaded loaded;

        (void)state;
        load_text(&loaded, BASE "\"a\\\"\\\\\": 1\n");
        cw_config_report_json(&loaded.report, &json);
        assert_string_equal(
                cw_buf_text(&json),
                "[\n {\"file\": \"cardwatch.yaml\", \"line\": 7, \"column\": 1, \"severity\": \"error\", \"message\": "
                "\"unknown key \\\"a\\\"\\\\\\\"\", \"excerpt\": \"\\\"a\\\\\\\"\\\\\\\\\\\": 1\"}\n]\n");
        cw_buf_deinit(&json);
        loaded_deinit(&loaded);
        load_text(&loaded, BASE);
        cw_config_report_json(&loaded.report, &json);
        assert_string_equal(cw_buf_text(&json), "[]\n");
        cw_buf_deinit(&json);
        loaded_deinit(&loaded);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_shortest_useful_file),
                cmocka_unit_test(test_what_is_written_is_what_is_meant),
                cmocka_unit_test(test_customers_are_told_by_a_notifier_of_their_own),
                cmocka_unit_test(test_the_faster_lane),
                cmocka_unit_test(test_percentages),
                cmocka_unit_test(test_starttls_is_off_towards_this_machine_only),
                cmocka_unit_test(test_the_hash_is_of_the_meaning),
                cmocka_unit_test(test_the_ruleset_outlives_the_configuration),
                cmocka_unit_test(test_warnings_do_not_fail),
                cmocka_unit_test(test_the_report_as_json),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
