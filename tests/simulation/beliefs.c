/* SPDX-License-Identifier: Apache-2.0 */
#include "beliefs.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cardwatch/notice.h"

struct believed {
        char notifier[8];
        uint64_t fingerprint;
        enum belief belief;
        unsigned dead_edge;
        uint64_t since; /* commit */
};

struct transition {
        char notifier[8];
        uint64_t fingerprint;
        unsigned edge;
        int state;
        char id[33];
        uint64_t since;
};

struct known_message {
        char id[33];
        char *payload;
        bool accepted;
        uint64_t attempted_since, accepted_since;
};

struct entry_line {
        uint64_t fingerprint;
        unsigned edge;
        int state, folded;
};

static void *grow(void *array, size_t n, size_t *capacity, size_t size)
{
        if (n < *capacity)
                return array;
        *capacity = *capacity ? *capacity * 2 : 64;
        array = reallocarray(array, *capacity, size);
        if (!array)
                abort();
        return array;
}

void beliefs_deinit(struct beliefs *beliefs)
{
        for (size_t i = 0; i < beliefs->n_messages; i++)
                free(beliefs->messages[i].payload);
        free(beliefs->messages);
        free(beliefs->items);
        free(beliefs->told);
}

static struct believed *believed(struct beliefs *beliefs, const char *notifier, uint64_t fingerprint)
{
        for (size_t i = 0; i < beliefs->n_items; i++)
                if (beliefs->items[i].fingerprint == fingerprint && strcmp(beliefs->items[i].notifier, notifier) == 0)
                        return &beliefs->items[i];
        beliefs->items = grow(beliefs->items, beliefs->n_items, &beliefs->items_capacity, sizeof(*beliefs->items));
        beliefs->items[beliefs->n_items] = (struct believed){.fingerprint = fingerprint};
        snprintf(beliefs->items[beliefs->n_items].notifier, sizeof(beliefs->items->notifier), "%s", notifier);
        return &beliefs->items[beliefs->n_items++];
}

enum belief beliefs_of(struct beliefs *beliefs, const char *notifier, uint64_t fingerprint)
{
        return believed(beliefs, notifier, fingerprint)->belief;
}

void beliefs_unsure(struct beliefs *beliefs, const char *notifier, uint64_t fingerprint)
{
        struct believed *item = believed(beliefs, notifier, fingerprint);

        item->belief = UNSURE;
        item->dead_edge = 0;
}

unsigned beliefs_dead_edge(struct beliefs *beliefs, const char *notifier, uint64_t fingerprint)
{
        return believed(beliefs, notifier, fingerprint)->dead_edge;
}

static struct known_message *message_of(struct beliefs *beliefs, const struct message *message)
{
        struct known_message *known;

        for (size_t i = 0; i < beliefs->n_messages; i++)
                if (strcmp(beliefs->messages[i].id, message->id) == 0)
                        return &beliefs->messages[i];
        beliefs->messages = grow(beliefs->messages, beliefs->n_messages, &beliefs->messages_capacity,
                                 sizeof(*beliefs->messages));
        known = &beliefs->messages[beliefs->n_messages++];
        *known = (struct known_message){.payload = strdup(message->payload), .attempted_since = beliefs->unsaved};
        memcpy(known->id, message->id, sizeof(known->id));
        return known;
}

void beliefs_attempted(struct beliefs *beliefs, const struct message *message)
{
        const struct known_message *known = message_of(beliefs, message);

        if (strcmp(known->payload, message->payload) != 0)
                fail_msg("one id, two messages:\n%s%s", known->payload, message->payload);
        if (known->accepted)
                fail_msg("accepted already, and committed:\n%s", message->payload);
}

/* Walks the lines of a payload; false at the end. */
static bool next_entry(const char **at, struct entry_line *ret_line)
{
        while ((*at = strchr(*at, '\n')) && *++*at)
                if (sscanf(*at, "entry %" SCNx64 " %u %d %d", &ret_line->fingerprint, &ret_line->edge, &ret_line->state,
                           &ret_line->folded) == 4)
                        return true;
        return false;
}

static void name_of(const char *payload, char ret_name[static 8])
{
        sscanf(payload, "%7s", ret_name);
}

static void told_once(struct beliefs *beliefs, const char *notifier, const struct entry_line *line,
                      const struct message *message)
{
        struct transition *told;

        for (size_t i = 0; i < beliefs->n_told; i++) {
                told = &beliefs->told[i];
                if (told->fingerprint == line->fingerprint && told->edge == line->edge && told->state == line->state &&
                    strcmp(told->notifier, notifier) == 0 && strcmp(told->id, message->id) != 0)
                        fail_msg("told before as %s:\n%s", told->id, message->payload);
        }
        beliefs->told = grow(beliefs->told, beliefs->n_told, &beliefs->told_capacity, sizeof(*beliefs->told));
        told = &beliefs->told[beliefs->n_told++];
        *told = (struct transition){
                .fingerprint = line->fingerprint, .edge = line->edge, .state = line->state, .since = beliefs->unsaved};
        memcpy(told->notifier, notifier, sizeof(told->notifier));
        memcpy(told->id, message->id, sizeof(told->id));
}

static void learn(struct beliefs *beliefs, const char *notifier, const struct entry_line *line,
                  const struct message *message)
{
        struct believed *item = believed(beliefs, notifier, line->fingerprint);
        bool over = line->state == CW_ENTRY_RESOLVED;

        if (over && !line->folded && item->belief != BELIEVES_FIRING && item->belief != UNSURE)
                fail_msg("an end without its beginning:\n%s", message->payload);
        if (over && line->folded && item->belief == BELIEVES_FIRING)
                fail_msg("folded, and its beginning was told:\n%s", message->payload);
        if (over && beliefs->no_ends[notifier[1] - '0'])
                fail_msg("an end that nobody wanted:\n%s", message->payload);
        item->belief = over ? BELIEVES_OVER : BELIEVES_FIRING;
        item->dead_edge = 0;
        item->since = beliefs->unsaved;
}

void beliefs_accepted(struct beliefs *beliefs, const struct message *message)
{
        struct known_message *known = message_of(beliefs, message);
        const char *at = message->payload;
        struct entry_line line;
        int kind;
        unsigned repeat;
        char notifier[8];

        known->accepted = true;
        known->accepted_since = beliefs->unsaved;
        name_of(message->payload, notifier);
        if (sscanf(strchr(message->payload, '\n') + 1, "message %d %u", &kind, &repeat) != 2)
                abort();
        while (next_entry(&at, &line)) {
                if (!repeat)
                        told_once(beliefs, notifier, &line, message);
                if (kind == CW_NOTICE_ALERT)
                        learn(beliefs, notifier, &line, message);
        }
}

void beliefs_dead(struct beliefs *beliefs, const char *payload)
{
        struct entry_line line;
        const char *at = payload;
        char notifier[8];

        name_of(payload, notifier);
        while (next_entry(&at, &line)) {
                struct believed *item;

                if (line.state == CW_ENTRY_EVENT)
                        continue;
                item = believed(beliefs, notifier, line.fingerprint);
                /* Whoever believes that it fires goes on believing it; nobody is told that end again. */
                if (line.state == CW_ENTRY_FIRING && item->belief == BELIEVES_FIRING)
                        continue;
                beliefs_unsure(beliefs, notifier, line.fingerprint);
                item->dead_edge = line.state == CW_ENTRY_FIRING ? line.edge : 0;
        }
}

void beliefs_saved(struct beliefs *beliefs)
{
        beliefs->unsaved++;
}

void beliefs_lost(struct beliefs *beliefs)
{
        size_t kept = 0;

        for (size_t i = 0; i < beliefs->n_items; i++)
                if (beliefs->items[i].since == beliefs->unsaved)
                        beliefs->items[i].belief = UNSURE;
        for (size_t i = 0; i < beliefs->n_told; i++)
                if (beliefs->told[i].since != beliefs->unsaved)
                        beliefs->told[kept++] = beliefs->told[i];
        beliefs->n_told = kept;
        kept = 0;
        for (size_t i = 0; i < beliefs->n_messages; i++) {
                struct known_message *known = &beliefs->messages[i];

                if (known->attempted_since == beliefs->unsaved) {
                        free(known->payload); /* the same decision may be made again of other balances */
                        continue;
                }
                if (known->accepted && known->accepted_since == beliefs->unsaved)
                        known->accepted = false;
                beliefs->messages[kept++] = *known;
        }
        beliefs->n_messages = kept;
}

void beliefs_forget(struct beliefs *beliefs, const char *notifier)
{
        for (size_t i = 0; i < beliefs->n_items; i++)
                if (strcmp(beliefs->items[i].notifier, notifier) == 0)
                        beliefs->items[i].belief = UNSURE;
}
