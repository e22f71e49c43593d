/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_SINK_OPTIONS_H
#define CARDWATCH_SINK_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cardwatch/disguise.h"
#include "cardwatch/http.h"
#include "cardwatch/smtp.h"

struct cw_secret;
struct cw_template;
struct cw_templates;

/*
 * Sink options: which channels there are, and what each is told about where to deliver. Only data; what is done with it
 * is in sink.h.
 */

enum cw_sink_type {
        CW_SINK_WEBHOOK,
        CW_SINK_EMAIL,
        CW_SINK_SYSLOG,
        CW_SINK_FILE,
        CW_SINK_SLACK,
        CW_SINK_DISCORD,
        CW_SINK_TEAMS,
        CW_SINK_TELEGRAM,
        CW_SINK_MATRIX,
        CW_SINK_NTFY,
        CW_SINK_GOTIFY,
        CW_SINK_PUSHOVER,
        CW_SINK_PAGERDUTY,
        CW_SINK_ALERTMANAGER,
        CW_SINK_EXEC,
        CW_SINK_TYPE_COUNT
};

/* Where mails about a customer go. */
struct cw_sink_customer {
        int64_t id;
        const char *const *to;
        size_t n_to;
};

/* A notifier as configured: what its type does not use is NULL or zero. Borrowed; outlives what is made of it. */
struct cw_sink_options {
        const char *name;
        enum cw_sink_type type;
        const char *external_url;
        enum cw_detail detail; /* how much its receivers may know */
        bool names_source; /* to people: there are several */
        const struct cw_template *title, *body; /* its own words; NULL: the default ones */
        const struct cw_templates *templates; /* what templates may name */
        int64_t timeout_ms;
        struct cw_http_tls tls;
        const char *proxy;
        const struct cw_secret *url; /* webhook, slack, discord, teams: the whole of it is secret */
        const struct cw_secret *secret; /* webhook */
        const struct cw_http_header *headers;
        size_t n_headers;
        const char *smtp, *username, *from; /* email */
        const struct cw_secret *password;
        const char *const *to;
        size_t n_to;
        const struct cw_sink_customer *customers; /* not NULL: instead of `to`; each message is about one of them */
        size_t n_customers;
        enum cw_smtp_starttls starttls;
        const char *target, *app_name; /* syslog; target as configured */
        unsigned facility; /* RFC 5424 number */
        const char *path; /* file */
        const char *server; /* telegram (NULL: the public one), matrix, ntfy, gotify, pagerduty, alertmanager: the base
                               of its addresses */
        const struct cw_secret *token; /* telegram, matrix, ntfy, gotify, pushover */
        const struct cw_secret *user; /* pushover */
        const char *chat_id; /* telegram */
        const char *room; /* matrix */
        const char *topic; /* ntfy */
        const struct cw_secret *routing_key; /* pagerduty */
        const char *const *command; /* exec */
        size_t n_command;
};

#endif
