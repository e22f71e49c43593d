/* SPDX-License-Identifier: Apache-2.0 */
/* Idea: customers are told by a notifier of their own that sends by the same server, so that what becomes of their
 * mails is nothing to the mails of those who watch, and the other way round. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/secret.h"
#include "compose.h"
#include "customers.h"

#define SUFFIX "/customers" /* no name that is written can end so */

static char *dup(struct cw_reader *reader, const char *text)
{
        return text ? cw_reader_dup(reader, text) : NULL;
}

static char *name_of(struct cw_reader *reader, const char *name)
{
        cw_cleanup(cw_buf_deinit) struct cw_buf text = CW_BUF_NULL;

        cw_buf_printf(&text, "%s" SUFFIX, name);
        return cw_reader_dup(reader, cw_buf_text(&text));
}

/* What mail needs; the customers move over. */
static struct cw_config_notifier copy_notifier(struct cw_reader *reader, struct cw_config_notifier *notifier)
{
        const char *password = notifier->password ? cw_secret_reveal(notifier->password) : NULL;
        struct cw_config_notifier copy = {
                .name = name_of(reader, notifier->name ? notifier->name : ""),
                .type = notifier->type,
                .send_resolved = notifier->send_resolved,
                .detail = notifier->detail,
                .list = notifier->list,
                .timeout_ms = notifier->timeout_ms,
                .retry_for_ms = notifier->retry_for_ms,
                .title = dup(reader, notifier->title),
                .body = dup(reader, notifier->body),
                .smtp = dup(reader, notifier->smtp),
                .username = dup(reader, notifier->username),
                .from = dup(reader, notifier->from),
                .starttls = notifier->starttls,
                .tls = {dup(reader, notifier->tls.ca), dup(reader, notifier->tls.cert), dup(reader, notifier->tls.key)},
                .customers = cw_take(notifier->customers),
                .n_customers = notifier->n_customers,
        };

        notifier->n_customers = 0;
        if (password && cw_secret_new(password, strlen(password), &copy.password) < 0)
                reader->error = -ENOMEM;
        return copy;
}

static void copy_traits(struct cw_reader *reader, const struct cw_config_notifier *notifier, size_t copies,
                        struct cw_notifier_traits *traits)
{
        *traits = (struct cw_notifier_traits){
                .name = dup(reader, notifier->name),
                .send_resolved = notifier->send_resolved,
                .list = notifier->list,
                .retry_for_ms = notifier->retry_for_ms,
                .copies = copies,
                .customers = cw_reader_alloc(reader, notifier->n_customers, sizeof(*traits->customers)),
        };
        for (size_t i = 0; traits->customers && i < notifier->n_customers; i++)
                traits->customers[traits->n_customers++] = notifier->customers[i].id;
}

static bool make_room(struct cw_composer *composer, size_t n)
{
        struct cw_draft *draft = composer->draft;
        struct cw_ruleset *rules = composer->rules;
        void *drafts = reallocarray(draft->notifiers, draft->n_notifiers + n, sizeof(*draft->notifiers));
        void *traits;

        if (drafts)
                draft->notifiers = drafts;
        traits = drafts ? reallocarray(rules->notifiers, rules->n_notifiers + n, sizeof(*rules->notifiers)) : NULL;
        if (traits)
                rules->notifiers = traits;
        else
                composer->reader->error = -ENOMEM;
        return traits;
}

static void warn_of_many_sources(struct cw_composer *composer, const struct cw_notifier_draft *draft)
{
        const struct cw_node *key = cw_node_key(draft->node, "to_customers");

        if (composer->draft->n_sources > 1 && key)
                cw_reader_warn(composer->reader, key,
                               "there are several sources: a number is taken for that customer of each of them");
}

void cw_compose_customers(struct cw_composer *composer)
{
        struct cw_draft *draft = composer->draft;
        size_t n = 0, n_written = draft->n_notifiers;

        for (size_t i = 0; i < n_written; i++)
                n += draft->notifiers[i].notifier.n_customers > 0;
        if (n == 0 || composer->rules->n_notifiers != n_written || !make_room(composer, n))
                return;
        for (size_t i = 0; i < n_written; i++) {
                struct cw_notifier_draft *written = &draft->notifiers[i], *made = &draft->notifiers[draft->n_notifiers];

                if (written->notifier.n_customers == 0)
                        continue;
                warn_of_many_sources(composer, written);
                *made = (struct cw_notifier_draft){.notifier = copy_notifier(composer->reader, &written->notifier),
                                                   .node = written->node};
                draft->n_notifiers++;
                copy_traits(composer->reader, &made->notifier, i + 1,
                            &composer->rules->notifiers[composer->rules->n_notifiers++]);
        }
}
