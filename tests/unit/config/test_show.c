/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration comes to, written out: it means the same, names every default, and holds no secret. */
#include "loading.h"

#define SHOWN_MAX 65536

static const char everything[] =
        "timezone: UTC\n"
        "include: [more.yaml]\n"
        "log: {level: debug}\n"
        "store: {keep_history: 1h30m}\n"
        "control: {socket: none, external_url: \"https://cardwatch.example.com/\"}\n"
        "sources:\n"
        "  - name: main\n"
        "    url: https://a.example:8443/prefix\n"
        "    auth: {username: ops@example.com, password: env:PASSWORD, totp_secret: file:totp}\n"
        "    every: 5m\n"
        "    max_response: 512KiB\n"
        "    suspect_above: 0.5%\n"
        "    watch: [{customers: [2, 1], every: 10s}]\n"
        "    heartbeat: credential:heartbeat\n"
        "rules:\n"
        "  - name: floor\n"
        "    match: {customer: 11057, reference: \"acme-*\", currency: [usd, eur], suppressed: any}\n"
        "    params: {floor: 100, name: \"5\", grace: 48h, share: 20%}\n"
        "    overrides: [{match: {card: [7]}, params: {floor: -1000.50}}]\n"
        "    when: 'available < floor and not (reference == \"x: #1\")'\n"
        "    clear: available >= floor * 1.2\n"
        "    flap: {limit: 3}\n"
        "    labels: {team: \"true\", code: 'it''s'}\n"
        "    summary: |\n"
        "      Card {{card.id}} of \"{{customer.reference}}\"\n"
        "      is \\ down\n"
        "  - {name: ladder, levels: [{severity: info, when: available < 500}, {severity: critical, when: available < "
        "0}]}\n"
        "  - {name: gone, on: disappeared, severity: info}\n"
        "  - {name: quiet, when: available < 1, flap: off, enabled: false}\n"
        "builtin: {stale: off, source-down: {after: 7}, notifier-failing: {severity: info}}\n"
        "notifiers:\n"
        "  - {name: hook, type: webhook, url: env:HOOK, secret: env:KEY, list: all, body: \"{\\\"a\\\": "
        "\\\"{{title}}\\\"}\"}\n"
        "  - {name: mail, type: email, smtp: \"smtp://127.0.0.1:25\", from: a@b.example, to: [c@d.example],\n"
        "     to_customers: {11057: [cfo@acme.example]}, fallback: [hook]}\n"
        "  - {name: chat, type: slack, url: env:SLACK}\n"
        "route:\n"
        "  notify: [hook, mail]\n"
        "  group_by: [rule, team]\n"
        "  routes:\n"
        "    - match: {severity: critical, labels: {team: \"true\"}}\n"
        "      notify: chat\n"
        "      mute: []\n"
        "      escalate: [{after: 30m, notify: [mail]}]\n"
        "      routes: [{match: {rule: floor}, only: [office], continue: true}]\n"
        "windows: [{name: office, days: [mon-fri], from: \"08:00\", to: \"18:00\"}]\n"
        "inhibit: [{source: {severity: critical}, target: {severity: info}, equal: [customer]}]\n"
        "digests: [{name: daily, at: \"08:00\", notify: [mail]}]\n"
        "templates: {line: \"{{card.id}}: {{balances.available}}\"}\n";

static const char more[] = "rules: [{name: brought, when: pending > 10}]\n"
                           "notifiers: [{name: log, type: syslog}]\n";

/* As a file again. Returns the hash of its meaning. */
static void show(const char *text, char ret_shown[SHOWN_MAX], char ret_hash[33])
{
        cw_cleanup(cw_buf_deinit) struct cw_buf shown = CW_BUF_NULL;
        struct cw_config_load_options options = {.offline = true, .shown = &shown};
        struct cw_config_report report = CW_CONFIG_REPORT_NULL;
        struct cw_buf said = CW_BUF_NULL;
        struct cw_config *config = NULL;
        int r;

        write_text("shown.yaml", text);
        r = cw_config_load("shown.yaml", &options, &config, &report);
        cw_config_report_text(&report, &said);
        if (r < 0)
                fail_msg("%s\n%s", cw_buf_text(&said), text);
        assert_int_equal(cw_buf_error(&shown), 0);
        assert_true(shown.len < SHOWN_MAX);
        memcpy(ret_shown, cw_buf_text(&shown), shown.len + 1);
        memcpy(ret_hash, config->hash, sizeof(config->hash));
        cw_config_free(config);
        cw_config_report_deinit(&report);
        cw_buf_deinit(&said);
}

static void test_what_is_shown_means_the_same(void **state)
{
        static const char *const texts[] = {everything, BASE};
        static char shown[SHOWN_MAX], again[SHOWN_MAX];
        char hash[33], hash_again[33];

        (void)state;
        write_text("more.yaml", more);
        for (size_t i = 0; i < CW_ARRAY_SIZE(texts); i++) {
                char *plain;

                show(texts[i], shown, hash);
                plain = strstr(shown, "api_key: \"***\"");
                if (plain)
                        memcpy(plain, "api_key: \"k\"  ", strlen("api_key: \"***\""));
                show(shown, again, hash_again);
                assert_string_equal(hash_again, hash);
        }
}

static bool holds(const char *shown, const char *line)
{
        return strstr(shown, line) != NULL;
}

static void test_what_is_there(void **state)
{
        static const char *const lines[] = {
                "\n  format: text # default\n",
                "\n      password: env:PASSWORD\n",
                "\n    heartbeat: credential:heartbeat\n",
                "\n    every: 5m\n",
                "\n    page_size: 100 # default\n",
                "\n      - customers: [2, 1]\n        every: 10s\n",
                "\n    flap: {limit: 3, window: 1h}\n",
                "\n  stale: off\n",
                "\n  source-down: {severity: critical, after: 7}\n",
                "\n  bad-data: {severity: warning} # default\n",
                "\n  notifier-failing: {severity: info, after: 5m}\n",
                "\n  - name: brought\n",
                "\n  - name: log\n    type: syslog\n",
                "\n    rate: 1/s # default\n",
                "\n  group_wait: 0s # default\n",
                "\n      escalate:\n        - after: 30m\n          notify: [mail]\n      routes:\n        - match:\n",
        };
        static char shown[SHOWN_MAX];
        char hash[33];

        (void)state;
        write_text("more.yaml", more);
        show(everything, shown, hash);
        for (size_t i = 0; i < CW_ARRAY_SIZE(lines); i++)
                if (!holds(shown, lines[i]))
                        fail_msg("no%sin\n%s", lines[i], shown);
        print_message("  what was brought by other files is not brought again\n");
        assert_false(holds(shown, "include"));
}

static void test_no_secret_is_shown(void **state)
{
        static const char text[] =
                "sources:\n"
                "  - name: main\n"
                "    url: https://api.example.com\n"
                "    proxy: http://me:sesame@proxy.example:3128\n"
                "    auth: {username: ops, password: plain:sesame, totp_secret: JBSWY3DPEHPK3PXP, otp_single_use: "
                "true}\n"
                "    heartbeat: https://hc.example/sesame\n"
                "rules: [{name: low, when: available < 100}]\n"
                "notifiers:\n"
                "  - {name: hook, type: webhook, url: \"https://x.example/sesame\", secret: sesame,\n"
                "     headers: {X-Any: sesame}}\n"
                "  - {name: chat, type: telegram, token: \"1:sesame\", chat_id: \"5\"}\n"
                "  - {name: mail, type: email, smtp: \"smtp://127.0.0.1\", username: u, password: sesame, from: "
                "a@b.example,\n"
                "     to: [c@d.example]}\n"
                "  - {name: push, type: pushover, user: sesame, token: sesame}\n"
                "  - {name: page, type: pagerduty, routing_key: sesame}\n"
                "  - {name: inform, type: ntfy, url: \"https://ntfy.example\", topic: cards}\n";
        static char shown[SHOWN_MAX];
        char hash[33];

        (void)state;
        show(text, shown, hash);
        assert_false(holds(shown, "sesame"));
        assert_false(holds(shown, "JBSW"));
        assert_true(holds(shown, "\n      password: \"***\"\n"));
        print_message("  an address that is none is shown\n");
        assert_true(holds(shown, "https://ntfy.example"));
        assert_true(holds(shown, "https://api.example.com"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_shown_means_the_same),
                cmocka_unit_test(test_what_is_there),
                cmocka_unit_test(test_no_secret_is_shown),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
