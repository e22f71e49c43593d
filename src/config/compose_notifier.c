/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: what the keys of a notifier say together. */
#include <stdlib.h>
#include <string.h>

#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"
#include "compose_route.h"
#include "url.h"

static const struct cw_node *name_of(const struct cw_draft *draft, size_t i)
{
        return cw_node_get(draft->notifiers[i].node, "name");
}

static void check_login(struct cw_reader *reader, const struct cw_node *node)
{
        const struct cw_node *username = cw_node_key(node, "username"), *password = cw_node_key(node, "password");

        if (username && !password)
                cw_reader_complain(reader, username, "\"username\" needs \"password\"");
        if (password && !username)
                cw_reader_complain(reader, password, "\"password\" needs \"username\"");
}

static void compose_email(struct cw_composer *composer, struct cw_notifier_draft *draft)
{
        const struct cw_node *starttls = cw_node_key(draft->node, "starttls");
        struct cw_config_notifier *notifier = &draft->notifier;
        struct cw_config_url url;

        check_login(composer->reader, draft->node);
        if (!notifier->smtp || cw_config_url_split(notifier->smtp, &url) != NULL)
                return;
        if (!starttls)
                notifier->starttls = cw_config_url_is_loopback(&url) ? CW_STARTTLS_OFF : CW_STARTTLS_REQUIRED;
        if (cw_config_url_is_scheme(&url, "smtps")) {
                if (starttls)
                        cw_reader_warn(composer->reader, starttls, "\"starttls\" has no effect with smtps://");
                return;
        }
        if (notifier->password && notifier->starttls != CW_STARTTLS_REQUIRED && !cw_config_url_is_loopback(&url))
                cw_reader_warn(
                        composer->reader, starttls ? starttls : draft->node,
                        "the password may go over the network unencrypted; \"starttls: required\" prevents that");
}

/* A reference in a header is taken as it stands: headers are no secrets of the contract. */
static void check_headers(struct cw_composer *composer, const struct cw_notifier_draft *draft)
{
        const struct cw_node *headers = cw_node_get(draft->node, "headers");

        for (size_t i = 0; headers && headers->kind == CW_NODE_MAPPING && i < headers->n_items; i++) {
                const struct cw_node *value = headers->items[i];

                if (value->kind == CW_NODE_SCALAR &&
                    (strncmp(value->text, "env:", 4) == 0 || strncmp(value->text, "file:", 5) == 0 ||
                     strncmp(value->text, "credential:", 11) == 0))
                        cw_reader_warn(composer->reader, value,
                                       "headers are sent as they stand: this is not looked up");
        }
}

/* What it is to know an alert by, it refuses together with the alert. */
static void check_labels(struct cw_composer *composer, const struct cw_node *labels)
{
        static const char *const ours[] = {"alertname", "severity", "source",     "customer",
                                           "card",      "currency", "fingerprint"};
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", digits[] = "0123456789";

        for (size_t i = 0; labels && labels->kind == CW_NODE_MAPPING && i < labels->n_items; i++) {
                const struct cw_node *key = labels->keys[i];
                size_t len = 0;

                while (key->text[len] &&
                       (strchr(letters, key->text[len]) || (len > 0 && strchr(digits, key->text[len]))))
                        len++;
                if (len == 0 || key->text[len])
                        cw_reader_complain(
                                composer->reader, key,
                                "\"%s\" cannot be a label in Alertmanager: letters, digits and _ only, and no "
                                "digit first",
                                key->text);
                for (size_t k = 0; k < CW_ARRAY_SIZE(ours); k++)
                        if (strcmp(key->text, ours[k]) == 0)
                                cw_reader_warn(composer->reader, key,
                                               "Alertmanager is not told of this label: cardwatch sets \"%s\" itself",
                                               key->text);
        }
}

static void compose_alertmanager(struct cw_composer *composer)
{
        for (size_t i = 0; i < composer->draft->n_rules; i++)
                check_labels(composer, cw_node_get(composer->draft->rules[i].node, "labels"));
}

static void compose_exec(struct cw_composer *composer, const struct cw_notifier_draft *draft)
{
        const struct cw_node *command = cw_node_get(draft->node, "command");

        if (draft->notifier.n_command > 0 && draft->notifier.command[0][0] != '/')
                cw_reader_complain(composer->reader, command->kind == CW_NODE_SEQUENCE ? command->items[0] : command,
                                   "\"command\" must begin with the absolute path of a program");
}

static void compose_traits(struct cw_composer *composer, const struct cw_config_notifier *notifier,
                           struct cw_notifier_traits *traits)
{
        traits->name = cw_reader_dup(composer->reader, notifier->name ? notifier->name : "");
        traits->send_resolved = notifier->send_resolved;
        traits->list = notifier->list;
        traits->retry_for_ms = notifier->retry_for_ms;
        traits->token_ms = cw_compose_token_ms(notifier->rate);
}

void cw_compose_notifiers(struct cw_composer *composer)
{
        struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;
        unsigned alertmanager = 0;

        cw_compose_unique(composer, "notifier", draft->n_notifiers, name_of);
        rules->notifiers = cw_reader_alloc(composer->reader, draft->n_notifiers, sizeof(*rules->notifiers));
        for (size_t i = 0; rules->notifiers && i < draft->n_notifiers; i++) {
                struct cw_notifier_draft *notifier = &draft->notifiers[i];

                if (notifier->notifier.type == CW_NOTIFIER_EMAIL)
                        compose_email(composer, notifier);
                check_headers(composer, notifier);
                if (notifier->notifier.type == CW_NOTIFIER_ALERTMANAGER && !alertmanager++)
                        compose_alertmanager(composer);
                if (notifier->notifier.type == CW_NOTIFIER_EXEC)
                        compose_exec(composer, notifier);
                cw_compose_tls(composer, cw_node_get(notifier->node, "tls"), &notifier->notifier.tls);
                compose_traits(composer, &notifier->notifier, &rules->notifiers[i]);
                rules->n_notifiers++;
        }
        cw_compose_fallbacks(composer);
        if (draft->n_notifiers == 0 && cw_compose_is_absent(composer, "notifiers"))
                cw_compose_complain(composer, true, "there are no notifiers: nobody will be told");
}
