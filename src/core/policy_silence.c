/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_silence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cardwatch/alert_match.h"
#include "cardwatch/buf.h"
#include "cardwatch/changes.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/hash.h"
#include "policy_hold.h"

static void silence_deinit(struct cw_silence *silence)
{
        cw_alert_match_free(silence->match);
        free(silence->by);
        free(silence->why);
}

static void remember(struct cw_policy *policy, const struct cw_silence *silence, bool gone)
{
        struct cw_buf match = CW_BUF_NULL;
        struct cw_silence_row row = {.by = silence->by,
                                     .why = silence->why,
                                     .made_at = silence->made_at,
                                     .until_at = silence->until_at,
                                     .gone = gone};

        cw_alert_match_format(silence->match, '\n', &match);
        row.match = (char *)cw_buf_text(&match);
        memcpy(row.id, silence->id, sizeof(row.id));
        if (cw_buf_error(&match) < 0)
                policy->error = -ENOMEM;
        else
                cw_changes_silence(policy->changes, &row);
        cw_buf_deinit(&match);
}

/* Of what it is about and when it was made: two of one moment are one. */
static void derive_id(struct cw_silence *silence, const char *match)
{
        struct cw_hash hash;

        cw_hash_init(&hash, CW_HASH_KEY_DERIVED);
        cw_hash_string(&hash, match);
        cw_hash_u64(&hash, (uint64_t)silence->made_at);
        cw_hash_u64(&hash, (uint64_t)silence->until_at);
        snprintf(silence->id, sizeof(silence->id), "%016llx", (unsigned long long)cw_hash_end(&hash));
}

static int fill(struct cw_silence *silence, const struct cw_silence_row *row)
{
        int r = cw_alert_match_parse_text(row->match ? row->match : "", &silence->match, NULL);

        if (r < 0)
                return r;
        silence->by = strdup(row->by ? row->by : "");
        silence->why = strdup(row->why ? row->why : "");
        return silence->by && silence->why ? 0 : -ENOMEM;
}

static size_t place_of(const struct cw_policy *policy, const char *id)
{
        for (size_t i = 0; i < policy->n_silences; i++)
                if (strcmp(policy->silences[i].id, id) == 0)
                        return i;
        return SIZE_MAX;
}

static int add(struct cw_policy *policy, const struct cw_silence_row *row, struct cw_silence **ret_silence)
{
        struct cw_silence silence = {.made_at = row->made_at, .until_at = row->until_at};
        struct cw_silence *grown = reallocarray(policy->silences, policy->n_silences + 1, sizeof(*grown));
        int r;

        if (!grown)
                return -ENOMEM;
        policy->silences = grown;
        r = fill(&silence, row);
        if (r < 0) {
                silence_deinit(&silence);
                return r;
        }
        if (row->id[0])
                memcpy(silence.id, row->id, sizeof(silence.id));
        else
                derive_id(&silence, row->match ? row->match : "");
        snprintf(silence.name, sizeof(silence.name), "silence %s", silence.id);
        if (place_of(policy, silence.id) != SIZE_MAX) {
                silence_deinit(&silence);
                return -EEXIST;
        }
        policy->silences[policy->n_silences] = silence;
        *ret_silence = &policy->silences[policy->n_silences++];
        return 0;
}

int cw_policy_silence(struct cw_policy *policy, const struct cw_silence_row *row)
{
        struct cw_silence_row now = *row;
        struct cw_silence *silence;
        int r;

        now.made_at = policy->now;
        now.id[0] = '\0';
        r = add(policy, &now, &silence);
        if (r < 0)
                return r;
        remember(policy, silence, false);
        return 0;
}

int cw_policy_load_silence(struct cw_policy *policy, const struct cw_silence_row *row)
{
        struct cw_silence *silence;
        struct cw_silence_row now = *row;
        int r;

        now.until_at -= policy->behind_ms;
        r = add(policy, &now, &silence);
        return r == -EEXIST ? -EBADMSG : r == -EINVAL ? -EBADMSG : r;
}

static void end(struct cw_policy *policy, size_t place)
{
        struct cw_silence ended = policy->silences[place];

        policy->silences[place] = policy->silences[--policy->n_silences];
        remember(policy, &ended, true);
        cw_policy_hold_ended(policy);
        silence_deinit(&ended);
}

bool cw_policy_silence_end(struct cw_policy *policy, const char *id)
{
        size_t place = place_of(policy, id);

        if (place == SIZE_MAX)
                return false;
        end(policy, place);
        return true;
}

void cw_policy_silences_due(struct cw_policy *policy)
{
        size_t i = 0;

        while (i < policy->n_silences && !policy->error)
                if (policy->silences[i].until_at <= policy->now)
                        end(policy, i);
                else
                        i++;
}

int64_t cw_policy_silences_wake_at(const struct cw_policy *policy)
{
        int64_t at = 0;

        for (size_t i = 0; i < policy->n_silences; i++)
                if (!at || policy->silences[i].until_at < at)
                        at = policy->silences[i].until_at;
        return at;
}

const struct cw_silence *cw_policy_silenced(const struct cw_policy *policy, const struct cw_entry *entry)
{
        for (size_t i = 0; i < policy->n_silences; i++)
                if (cw_alert_match_holds(policy->silences[i].match, entry))
                        return &policy->silences[i];
        return NULL;
}

void cw_policy_silences_clock_set(struct cw_policy *policy, int64_t by_ms)
{
        for (size_t i = 0; i < policy->n_silences; i++) {
                policy->silences[i].until_at += by_ms;
                remember(policy, &policy->silences[i], false);
        }
}

void cw_policy_silences_deinit(struct cw_policy *policy)
{
        for (size_t i = 0; i < policy->n_silences; i++)
                silence_deinit(&policy->silences[i]);
        free(policy->silences);
}
