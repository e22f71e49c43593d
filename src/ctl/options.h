/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CTL_OPTIONS_H
#define CARDWATCH_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon_call.h"

struct cw_command;

/*
 * Options: those of every command, read in one way.
 *
 * -c, -h and --no-color belong to all of them, --socket to those that talk to the daemon; the rest is taken where a
 * command has a place for it.
 */

enum { CW_OPTION_WORDS_MAX = 64 };

/* An option that may stand several times. */
struct cw_option_words {
        const char *words[CW_OPTION_WORDS_MAX];
        size_t n;
};

/* Just one of the three places is set. */
struct cw_option {
        const char *name;
        const char **text;
        bool *flag;
        struct cw_option_words *words;
};

struct cw_option_set {
        const struct cw_option *options;
        size_t n;
        size_t least, most; /* operands */
        const char *operands; /* what they are, for whoever gives too few or too many */
};

/* -1: go on, `config` is what -c said, `optind` is at the first operand. Else an exit status; what is wrong is said. */
int cw_options_read_local(const struct cw_command *command, int argc, char **argv, const struct cw_option_set *set,
                          const char **config);

/* The same with --socket, for commands that talk to the daemon. */
int cw_options_read(const struct cw_command *command, int argc, char **argv, const struct cw_option_set *set,
                    struct cw_daemon_place *place);

/* Who acts: `by` if it was given, else the login name; NULL: that is not known. */
const char *cw_options_by(const char *by);

#endif
