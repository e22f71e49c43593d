/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config_report.h"
#include "cardwatch/log.h"
#include "cardwatch/render_template.h"
#include "cardwatch/secret.h"
#include "cardwatch/template.h"
#include "cardwatch/text.h"
#include "cardwatch/wire.h"

CW_DEFINE_CLEANUP(struct cw_settings *, cw_settings_unref);
CW_DEFINE_CLEANUP(struct cw_templates *, cw_templates_free);

static const enum cw_sink_type sink_types[] = {
        [CW_NOTIFIER_WEBHOOK] = CW_SINK_WEBHOOK,     [CW_NOTIFIER_EMAIL] = CW_SINK_EMAIL,
        [CW_NOTIFIER_SYSLOG] = CW_SINK_SYSLOG,       [CW_NOTIFIER_FILE] = CW_SINK_FILE,
        [CW_NOTIFIER_SLACK] = CW_SINK_SLACK,         [CW_NOTIFIER_DISCORD] = CW_SINK_DISCORD,
        [CW_NOTIFIER_TEAMS] = CW_SINK_TEAMS,         [CW_NOTIFIER_TELEGRAM] = CW_SINK_TELEGRAM,
        [CW_NOTIFIER_MATRIX] = CW_SINK_MATRIX,       [CW_NOTIFIER_NTFY] = CW_SINK_NTFY,
        [CW_NOTIFIER_GOTIFY] = CW_SINK_GOTIFY,       [CW_NOTIFIER_PUSHOVER] = CW_SINK_PUSHOVER,
        [CW_NOTIFIER_PAGERDUTY] = CW_SINK_PAGERDUTY, [CW_NOTIFIER_ALERTMANAGER] = CW_SINK_ALERTMANAGER,
        [CW_NOTIFIER_EXEC] = CW_SINK_EXEC,
};

static const enum cw_smtp_starttls starttls_modes[] = {
        [CW_STARTTLS_REQUIRED] = CW_SMTP_STARTTLS_REQUIRED,
        [CW_STARTTLS_OPPORTUNISTIC] = CW_SMTP_STARTTLS_OPPORTUNISTIC,
        [CW_STARTTLS_OFF] = CW_SMTP_STARTTLS_OFF,
};

static const enum cw_detail details[] = {
        [CW_CONFIG_DETAIL_FULL] = CW_DETAIL_FULL,
        [CW_CONFIG_DETAIL_BAND] = CW_DETAIL_BAND,
        [CW_CONFIG_DETAIL_NONE] = CW_DETAIL_NONE,
};

static struct cw_http_tls tls_of(const struct cw_config_tls *tls)
{
        return (struct cw_http_tls){.ca = tls->ca, .cert = tls->cert, .key = tls->key};
}

static struct cw_sink_options options_of(const struct cw_config *config, const struct cw_config_notifier *notifier,
                                         const struct cw_http_header *headers)
{
        return (struct cw_sink_options){
                .name = notifier->name,
                .type = sink_types[notifier->type],
                .external_url = config->external_url,
                .detail = details[notifier->detail],
                .names_source = config->n_sources > 1,
                .timeout_ms = notifier->timeout_ms,
                .tls = tls_of(&notifier->tls),
                .proxy = notifier->proxy,
                .url = notifier->url,
                .secret = notifier->secret,
                .headers = headers,
                .n_headers = notifier->n_headers,
                .smtp = notifier->smtp,
                .username = notifier->username,
                .from = notifier->from,
                .password = notifier->password,
                .to = (const char *const *)notifier->to,
                .n_to = notifier->n_to,
                .starttls = starttls_modes[notifier->starttls],
                .target = notifier->target,
                .app_name = notifier->app_name,
                .facility = notifier->facility,
                .path = notifier->path,
                .server = notifier->server,
                .token = notifier->token,
                .user = notifier->user,
                .chat_id = notifier->chat_id,
                .room = notifier->room,
                .topic = notifier->topic,
                .routing_key = notifier->routing_key,
                .command = (const char *const *)notifier->command,
                .n_command = notifier->n_command,
        };
}

static bool uses_wire(const struct cw_notifier *notifier)
{
        return notifier->options.type == CW_SINK_SYSLOG || notifier->options.type == CW_SINK_FILE;
}

/* Customers get no links: they lead to where only those who watch may look. */
static int fill_customers(const struct cw_config_notifier *from, struct cw_notifier *notifier)
{
        if (from->n_customers == 0)
                return 0;
        notifier->customers = calloc(from->n_customers, sizeof(*notifier->customers));
        if (!notifier->customers)
                return -ENOMEM;
        for (size_t i = 0; i < from->n_customers; i++)
                notifier->customers[i] = (struct cw_sink_customer){
                        .id = from->customers[i].id,
                        .to = (const char *const *)from->customers[i].to,
                        .n_to = from->customers[i].n_to,
                };
        notifier->options.customers = notifier->customers;
        notifier->options.n_customers = from->n_customers;
        notifier->options.external_url = NULL;
        notifier->options.names_source = false;
        return 0;
}

static int fill_notifier(const struct cw_config *config, const struct cw_config_notifier *from,
                         struct cw_notifier *notifier)
{
        struct cw_buf text = CW_BUF_NULL;
        int r;

        notifier->headers = calloc(from->n_headers + 1, sizeof(*notifier->headers));
        if (!notifier->headers)
                return -ENOMEM;
        for (size_t i = 0; i < from->n_headers; i++)
                notifier->headers[i] = (struct cw_http_header){.name = from->headers[i].name,
                                                               .value = from->headers[i].value};
        notifier->options = options_of(config, from, notifier->headers);
        if (fill_customers(from, notifier) < 0)
                return -ENOMEM;
        if (!uses_wire(notifier))
                return 0;
        r = cw_sink_target(&notifier->options, &text, &notifier->target);
        notifier->target_text = text.data; /* the target may point into it */
        return r;
}

static int compile(const char *text, struct cw_template **ret_template)
{
        struct cw_template_error error;

        return text ? cw_template_compile(text, strlen(text), ret_template, &error) : 0;
}

static int fill_templates(struct cw_settings *settings)
{
        const struct cw_config *config = settings->config;
        struct cw_template_error error;
        int r;

        r = cw_templates_new(&settings->templates);
        for (size_t i = 0; r == 0 && i < config->n_templates; i++)
                r = cw_templates_add(settings->templates, config->templates[i].name, config->templates[i].value,
                                     &error);
        for (size_t i = 0; r == 0 && i < settings->n_notifiers; i++) {
                struct cw_notifier *notifier = &settings->notifiers[i];

                r = compile(config->notifiers[i].title, &notifier->title);
                if (r == 0)
                        r = compile(config->notifiers[i].body, &notifier->body);
                notifier->options.title = notifier->title;
                notifier->options.body = notifier->body;
                notifier->options.templates = settings->templates;
        }
        return r;
}

static int fill_watches(struct cw_settings *settings)
{
        const struct cw_config *config = settings->config;
        size_t n = 0;

        for (size_t i = 0; i < config->n_sources; i++)
                n += config->sources[i].n_watches;
        settings->watches = calloc(n + 1, sizeof(*settings->watches));
        if (!settings->watches)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < config->n_sources; i++) {
                for (size_t j = 0; j < config->sources[i].n_watches; j++) {
                        const struct cw_config_watch *watch = &config->sources[i].watches[j];

                        settings->watches[n++] = (struct cw_source_watch){
                                .customers = watch->customers,
                                .n_customers = watch->n_customers,
                                .every_ms = watch->every_ms,
                        };
                }
        }
        return 0;
}

int cw_settings_new(struct cw_config *config, struct cw_settings **ret_settings)
{
        cw_cleanup(cw_settings_unref_cleanup) struct cw_settings *settings = calloc(1, sizeof(*settings));
        int r;

        if (!settings) {
                cw_config_free(config);
                return -ENOMEM;
        }
        settings->refs = 1;
        settings->config = config;
        r = fill_watches(settings);
        if (r < 0)
                return r;
        settings->notifiers = calloc(config->n_notifiers + 1, sizeof(*settings->notifiers));
        if (!settings->notifiers)
                return -ENOMEM;
        for (; settings->n_notifiers < config->n_notifiers; settings->n_notifiers++) {
                r = fill_notifier(config, &config->notifiers[settings->n_notifiers],
                                  &settings->notifiers[settings->n_notifiers]);
                if (r < 0) {
                        settings->n_notifiers++;
                        return r;
                }
        }
        r = fill_templates(settings);
        if (r < 0)
                return r;
        *ret_settings = cw_take(settings);
        return 0;
}

void cw_settings_close_wires(struct cw_notifier *notifiers, size_t n)
{
        for (size_t i = 0; i < n; i++)
                cw_wire_free(cw_take(notifiers[i].wire));
}

struct cw_settings *cw_settings_ref(struct cw_settings *settings)
{
        settings->refs++;
        return settings;
}

void cw_settings_unref(struct cw_settings *settings)
{
        if (!settings || --settings->refs > 0)
                return;
        cw_settings_close_wires(settings->notifiers, settings->n_notifiers);
        for (size_t i = 0; i < settings->n_notifiers; i++) {
                free(settings->notifiers[i].headers);
                free(settings->notifiers[i].customers);
                free(settings->notifiers[i].target_text);
                cw_template_free(settings->notifiers[i].title);
                cw_template_free(settings->notifiers[i].body);
        }
        free(settings->notifiers);
        free(settings->watches);
        cw_templates_free(settings->templates);
        cw_config_free(settings->config);
        free(settings);
}

/* For tests: that nothing depends on how pages are decoded. */
static bool wants_reference_decoder(void)
{
        const char *decoder = getenv("CARDWATCH_DECODER");

        return decoder && strcmp(decoder, "reference") == 0;
}

struct cw_source_options cw_settings_source(const struct cw_config_source *source)
{
        return (struct cw_source_options){
                .name = source->name,
                .url = source->url,
                .username = source->username,
                .password = source->password,
                .api_key = source->api_key,
                .totp_secret = source->totp_secret,
                .otp = source->otp,
                .otp_single_use = source->otp_single_use,
                .every_ms = source->every_ms,
                .page_size = source->page_size,
                .concurrency = source->concurrency,
                .retries = source->retries,
                .timeout_ms = source->timeout_ms,
                .max_response = (size_t)source->max_response,
                .reference_decoder = wants_reference_decoder(),
                .proxy = source->proxy,
                .tls = tls_of(&source->tls),
        };
}

struct cw_source_options cw_settings_watching_source(const struct cw_settings *settings, size_t source)
{
        struct cw_source_options options = cw_settings_source(&settings->config->sources[source]);

        options.watches = settings->watches;
        for (size_t i = 0; i < source; i++)
                options.watches += settings->config->sources[i].n_watches;
        options.n_watches = settings->config->sources[source].n_watches;
        return options;
}

static bool same_secret(const struct cw_secret *a, const struct cw_secret *b)
{
        return a == b || (a && b && cw_secret_equal(a, b));
}

static bool same_watches(const struct cw_config_source *a, const struct cw_config_source *b)
{
        if (a->n_watches != b->n_watches)
                return false;
        for (size_t i = 0; i < a->n_watches; i++) {
                const struct cw_config_watch *x = &a->watches[i], *y = &b->watches[i];

                if (x->every_ms != y->every_ms || x->n_customers != y->n_customers ||
                    memcmp(x->customers, y->customers, x->n_customers * sizeof(*x->customers)) != 0)
                        return false;
        }
        return true;
}

bool cw_settings_same_source(const struct cw_config_source *a, const struct cw_config_source *b)
{
        return cw_text_same(a->name, b->name) && cw_text_same(a->url, b->url) &&
               cw_text_same(a->username, b->username) && same_secret(a->password, b->password) &&
               same_secret(a->api_key, b->api_key) && same_secret(a->totp_secret, b->totp_secret) &&
               same_secret(a->otp, b->otp) && a->otp_single_use == b->otp_single_use && a->every_ms == b->every_ms &&
               a->timeout_ms == b->timeout_ms && a->page_size == b->page_size && a->concurrency == b->concurrency &&
               a->retries == b->retries && a->max_response == b->max_response && cw_text_same(a->proxy, b->proxy) &&
               same_secret(a->heartbeat, b->heartbeat) && cw_text_same(a->tls.ca, b->tls.ca) &&
               cw_text_same(a->tls.cert, b->tls.cert) && cw_text_same(a->tls.key, b->tls.key) && same_watches(a, b);
}

const char *cw_settings_fixed_part(const struct cw_settings *before, const struct cw_settings *after)
{
        const struct cw_config *a = before->config, *b = after->config;

        if (!cw_text_same(a->store_path, b->store_path) || a->keep_history_ms != b->keep_history_ms ||
            a->keep_audit_ms != b->keep_audit_ms || a->max_store_bytes != b->max_store_bytes)
                return "changes to `store` need a restart";
        if (!cw_text_same(a->control_socket, b->control_socket))
                return "changes to `control` need a restart";
        return NULL;
}

int cw_settings_wire(struct cw_notifier *notifier, struct cw_loop *loop, struct cw_wire **ret_wire)
{
        int r;

        if (!notifier->wire) {
                r = cw_wire_new(loop, &notifier->target, &notifier->wire);
                if (r < 0)
                        return r;
        }
        *ret_wire = notifier->wire;
        return 0;
}

/* Into `templates`; one that is wrong is left out, and what names it complains, too. */
static int take_partials(struct cw_config_texts *texts, struct cw_templates *templates, bool *ret_wrong)
{
        struct cw_template_error error;

        for (size_t i = 0; i < cw_config_text_count(texts, CW_TEXT_PARTIAL); i++) {
                int r = cw_templates_add(templates, cw_config_text_name(texts, i),
                                         cw_config_text(texts, CW_TEXT_PARTIAL, i), &error);

                if (r == -ENOMEM)
                        return r;
                if (r == 0)
                        continue;
                cw_config_text_complain(texts, CW_TEXT_PARTIAL, i, error.offset, error.message);
                *ret_wrong = true;
        }
        return 0;
}

static int check_text(struct cw_config_texts *texts, enum cw_config_text kind, size_t i,
                      const struct cw_templates *templates)
{
        const char *text = cw_config_text(texts, kind, i);
        struct cw_buf message = CW_BUF_NULL;
        size_t offset;
        int r;

        if (!text)
                return 0;
        r = cw_template_check(text, templates, &offset, &message);
        if (r == -EINVAL)
                cw_config_text_complain(texts, kind, i, offset, cw_buf_text(&message));
        cw_buf_deinit(&message);
        return r == -EINVAL ? 0 : r;
}

/* Templates are the codec's, which the configuration does not know. */
static int check_templates(struct cw_config_texts *texts)
{
        cw_cleanup(cw_templates_free_cleanup) struct cw_templates *templates = NULL;
        bool told = false; /* partials that do not compile have been told of */
        int r;

        r = cw_templates_new(&templates);
        if (r == 0)
                r = take_partials(texts, templates, &told);
        for (unsigned kind = told ? CW_TEXT_PARTIAL + 1 : CW_TEXT_PARTIAL; r == 0 && kind < CW_TEXT_KINDS; kind++)
                for (size_t i = 0; r == 0 && i < cw_config_text_count(texts, kind); i++)
                        r = check_text(texts, kind, i, templates);
        return r;
}

int cw_settings_load(const char *path, const struct cw_config_load_options *options, struct cw_settings **ret_settings,
                     struct cw_config_report *report)
{
        struct cw_config_load_options checking = {0};
        struct cw_config *config;
        int r;

        if (options)
                checking = *options;
        checking.check_texts = check_templates;
        r = cw_config_load(path, &checking, &config, report);
        return r < 0 ? r : cw_settings_new(config, ret_settings);
}

void cw_settings_log_report(struct cw_log *log, const struct cw_config_report *report)
{
        for (size_t i = 0; i < report->n_items; i++) {
                const struct cw_config_diagnostic *item = &report->items[i];

                cw_log(log, item->warning ? CW_LOG_WARNING : CW_LOG_ERROR, "config", "file", "%s", item->file, "line",
                       "%u", item->line, "column", "%u", item->column, "message", "%s", item->message, NULL);
        }
}
