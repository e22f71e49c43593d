/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cardwatch/buf.h>
#include <cardwatch/cleanup.h>
#include <cardwatch/clock.h>

#define CARDS_MAX 5000000

enum option_type { OPTION_TEXT, OPTION_NUMBER, OPTION_PERCENT, OPTION_DURATION, OPTION_FLAG, OPTION_NO, OPTION_YES_NO };

struct option_row {
        const char *name;
        const char *argument; /* NULL: it takes none */
        enum option_type type;
        size_t offset;
        int64_t least, most;
        const char *help;
};

#define AT(member) offsetof(struct cw_sim_options, member)

static const struct option_row rows[] = {
        {"host", "ADDRESS", OPTION_TEXT, AT(host), 0, 0, "address to listen on (127.0.0.1)"},
        {"port", "N", OPTION_NUMBER, AT(port), 0, 65535, "port to listen on; 0 picks a free one (0)"},
        {"customers", "N", OPTION_NUMBER, AT(customers), 0, 1000000, "customers to begin with (1000)"},
        {"cards", "N", OPTION_NUMBER, AT(cards), 0, 1000, "cards of each customer (2)"},
        {"seed", "N", OPTION_NUMBER, AT(seed), 0, INT64_MAX, "the same seed gives the same world (1)"},
        {"first-customer", "ID", OPTION_NUMBER, AT(first_customer), 0, INT32_MAX, "id of the first customer (11001)"},
        {"currencies", "LIST", OPTION_TEXT, AT(currencies), 0, 0, "handed out to the cards in turn (usd)"},
        {"low", "N", OPTION_NUMBER, AT(low), 0, CARDS_MAX, "so many cards, from the first on, begin below 100 (0)"},
        {"suppressed", "N", OPTION_NUMBER, AT(suppressed), 0, CARDS_MAX,
         "so many, from the first on, are deactivated (0)"},
        {"still", NULL, OPTION_FLAG, AT(still), 0, 0, "balances do not move by themselves"},
        {"move-every", "DURATION", OPTION_DURATION, AT(move_every_ms), 1, CW_DAY_MS, "time between two moves (5s)"},
        {"move-share", "PERCENT", OPTION_PERCENT, AT(move_share), 0, 100,
         "share of the cards that moves each time (2%)"},
        {"page-cap", "N", OPTION_NUMBER, AT(page_cap), 1, 1000000, "most customers a page (1000)"},
        {"username", "TEXT", OPTION_TEXT, AT(username), 0, 0, "user that may log in (demo@example.com)"},
        {"password", "TEXT", OPTION_TEXT, AT(password), 0, 0, "its password (demo)"},
        {"totp-secret", "BASE32", OPTION_TEXT, AT(totp_secret), 0, 0,
         "shared secret of the one-time passwords (JBSWY3DPEHPK3PXP)"},
        {"api-key", "TEXT", OPTION_TEXT, AT(api_key), 0, 0, "key accepted in place of a token (demo-api-key)"},
        {"token-lifetime", "DURATION", OPTION_DURATION, AT(token_lifetime_ms), 1, CW_DAY_MS, "of an access token (1h)"},
        {"otp-single-use", NULL, OPTION_FLAG, AT(otp_single_use), 0, 0, "a one-time password is good once"},
        {"unauthenticated", NULL, OPTION_FLAG, AT(unauthenticated), 0, 0, "accept any credentials, and none"},
        {"script", "FILE", OPTION_TEXT, AT(script), 0, 0, "play a timeline of control calls"},
        {"inbox", NULL, OPTION_FLAG, AT(inbox), 0, 0, "serve the inbox page at /sim/inbox (the default)"},
        {"no-inbox", NULL, OPTION_NO, AT(inbox), 0, 0, "do not"},
        {"require-tls", "no", OPTION_YES_NO, 0, 0, 0, "only \"no\": it speaks plain HTTP"},
};

static void append_help(struct cw_buf *buf)
{
        cw_buf_puts(buf, "usage: cardwatch-sim [OPTION]...\n\n"
                         "Serves a card API with invented customers and cards, for trying and testing cardwatch.\n"
                         "Its first line of output is its address.\n\n");
        for (size_t i = 0; i < CW_ARRAY_SIZE(rows); i++) {
                size_t used = strlen(rows[i].name) + (rows[i].argument ? strlen(rows[i].argument) + 1 : 0);

                cw_buf_printf(buf, "  --%s%s%s%*s%s\n", rows[i].name, rows[i].argument ? " " : "",
                              rows[i].argument ? rows[i].argument : "", used < 26 ? (int)(26 - used) : 1, "",
                              rows[i].help);
        }
        cw_buf_puts(buf, "  -h, --help                  this text\n  --version                   the version\n\n"
                         "Credentials unless set: user demo@example.com, password demo, TOTP secret JBSWY3DPEHPK3PXP,\n"
                         "API key demo-api-key. See cardwatch-sim(1) for the control calls under /sim/.\n");
}

static int refuse(struct cw_buf *message, const struct option_row *row, const char *wanted)
{
        cw_buf_printf(message, "cardwatch-sim: --%s wants %s\n", row->name, wanted);
        return CW_SIM_OPTIONS_USAGE;
}

static int read_number(const struct option_row *row, const char *text, int64_t *place, struct cw_buf *message)
{
        char *end;
        long long value;

        errno = 0;
        value = strtoll(text, &end, 10);
        if (row->type == OPTION_PERCENT && *end == '%')
                end++;
        if (errno || end == text || *end || !strchr("-0123456789", text[0]))
                return refuse(message, row, "a whole number");
        if (value < row->least || value > row->most) {
                cw_buf_printf(message, "cardwatch-sim: --%s must be from %" PRId64 " to %" PRId64 "\n", row->name,
                              row->least, row->most);
                return CW_SIM_OPTIONS_USAGE;
        }
        *place = value;
        return 0;
}

static int read_duration(const struct option_row *row, const char *text, int64_t *place, struct cw_buf *message)
{
        int64_t ms;

        if (cw_duration_parse(text, strlen(text), &ms) < 0 || ms < row->least || ms > row->most)
                return refuse(message, row, "a duration such as 500ms, 30s, 5m or 1h30m, at most one day");
        *place = ms;
        return 0;
}

static int read_option(const struct option_row *row, const char *text, struct cw_sim_options *options,
                       struct cw_buf *message)
{
        void *place = (char *)options + row->offset;

        switch (row->type) {
        case OPTION_TEXT:
                if (!*text)
                        return refuse(message, row, "a text that is not empty");
                *(const char **)place = text;
                return 0;
        case OPTION_NUMBER:
        case OPTION_PERCENT:
                return read_number(row, text, place, message);
        case OPTION_DURATION:
                return read_duration(row, text, place, message);
        case OPTION_FLAG:
        case OPTION_NO:
                *(bool *)place = row->type == OPTION_FLAG;
                return 0;
        case OPTION_YES_NO:
                return strcmp(text, "no") == 0 ? 0 : refuse(message, row, "\"no\": the simulator speaks plain HTTP");
        }
        return CW_SIM_OPTIONS_USAGE;
}

static const struct option_row *find_row(const char *name, size_t len)
{
        for (size_t i = 0; i < CW_ARRAY_SIZE(rows); i++)
                if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
                        return &rows[i];
        return NULL;
}

/* One argument, and the one after it when it belongs to it. */
static int read_argument(int argc, char *const *argv, int *at, struct cw_sim_options *options, struct cw_buf *message)
{
        const char *argument = argv[*at];
        const struct option_row *row = NULL;
        size_t name_len = 0;

        if (strncmp(argument, "--", 2) == 0) {
                name_len = strcspn(argument + 2, "=");
                row = find_row(argument + 2, name_len);
        }
        if (!row) {
                cw_buf_printf(message, "cardwatch-sim: \"%s\" is not known; --help lists the options\n", argument);
                return CW_SIM_OPTIONS_USAGE;
        }
        if (argument[2 + name_len] == '=') {
                if (!row->argument)
                        return refuse(message, row, "no value");
                return read_option(row, argument + 3 + name_len, options, message);
        }
        if (!row->argument)
                return read_option(row, "", options, message);
        if (*at + 1 >= argc)
                return refuse(message, row, "a value");
        return read_option(row, argv[++*at], options, message);
}

int cw_sim_options_parse(int argc, char *const *argv, struct cw_sim_options *ret_options, struct cw_buf *message)
{
        struct cw_sim_options options = {
                .host = "127.0.0.1",
                .username = "demo@example.com",
                .password = "demo",
                .totp_secret = "JBSWY3DPEHPK3PXP",
                .api_key = "demo-api-key",
                .currencies = "usd",
                .customers = 1000,
                .cards = 2,
                .seed = 1,
                .page_cap = 1000,
                .first_customer = 11001,
                .move_share = 2,
                .move_every_ms = 5 * CW_SECOND_MS,
                .token_lifetime_ms = CW_HOUR_MS,
                .inbox = true,
        };

        for (int i = 1; i < argc; i++) {
                int r;

                if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
                        append_help(message);
                        return CW_SIM_OPTIONS_SHOW;
                }
                if (strcmp(argv[i], "--version") == 0) {
                        cw_buf_puts(message, "cardwatch-sim " CARDWATCH_VERSION "\n");
                        return CW_SIM_OPTIONS_SHOW;
                }
                r = read_argument(argc, argv, &i, &options, message);
                if (r)
                        return r;
        }
        if (options.customers * options.cards > CARDS_MAX) {
                cw_buf_printf(message, "cardwatch-sim: at most %d cards\n", CARDS_MAX);
                return CW_SIM_OPTIONS_USAGE;
        }
        *ret_options = options;
        return 0;
}
