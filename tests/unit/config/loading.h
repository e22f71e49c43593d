/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_TESTS_LOADING_H
#define CARDWATCH_TESTS_LOADING_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "cardwatch/config.h"

/*
 * Loading, for tests: texts become files of a folder of their own, which is the working directory, so that diagnostics
 * name them as a person would have.
 */

/* The least that is right, without a word to be said about it. Lines 1 to 7. */
#define SOURCES                                                                                                        \
        "sources:\n"                                                                                                   \
        "  - name: main\n"                                                                                             \
        "    url: https://api.example.com\n"                                                                           \
        "    auth: {api_key: plain:k}\n"
#define RULES     "rules: [{name: low, when: available < 100}]\n"
#define NOTIFIERS "notifiers: [{name: log, type: syslog}]\n"
#define BASE      SOURCES RULES NOTIFIERS

struct loaded {
        int result;
        struct cw_config *config;
        struct cw_config_report report;
        struct cw_buf text; /* the report */
};

static inline void write_file(const char *name, const char *text, size_t len)
{
        FILE *file = fopen(name, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(text, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *name, const char *text)
{
        write_file(name, text, strlen(text));
}

static inline void load_file(struct loaded *loaded, const char *name, bool offline)
{
        struct cw_config_load_options options = {.offline = offline};

        *loaded = (struct loaded){0};
        loaded->result = cw_config_load(name, &options, &loaded->config, &loaded->report);
        cw_config_report_text(&loaded->report, &loaded->text);
        assert_int_equal(loaded->result == 0, loaded->config != NULL);
        assert_int_equal(loaded->result == -EINVAL, loaded->report.n_errors > 0);
}

static inline void load_text(struct loaded *loaded, const char *yaml)
{
        write_text("cardwatch.yaml", yaml);
        load_file(loaded, "cardwatch.yaml", false);
}

static inline void loaded_deinit(struct loaded *loaded)
{
        cw_config_free(loaded->config);
        cw_config_report_deinit(&loaded->report);
        cw_buf_deinit(&loaded->text);
}

/* One YAML text and all that is to be said about it. */
struct diagnosis {
        const char *name, *yaml, *text;
};

/* All cases are run, whatever the first one says. */
static inline void expect_texts(const struct diagnosis *cases, size_t n)
{
        size_t wrong = 0;

        for (size_t i = 0; i < n; i++) {
                struct loaded loaded;

                print_message("  %s\n", cases[i].name);
                load_text(&loaded, cases[i].yaml);
                if (strcmp(cw_buf_text(&loaded.text), cases[i].text) != 0) {
                        print_message("said:\n%swanted:\n%s", cw_buf_text(&loaded.text), cases[i].text);
                        wrong++;
                }
                loaded_deinit(&loaded);
        }
        assert_int_equal(wrong, 0);
}

/* A group's setup and its end: a folder of its own. */
static inline int enter_folder(void **state)
{
        char folder[] = "/tmp/cardwatch-config-XXXXXX";

        (void)state;
        umask(077);
        return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state)
{
        char folder[256], command[300];

        (void)state;
        if (!getcwd(folder, sizeof(folder)) || strncmp(folder, "/tmp/cardwatch-config-", 22) != 0 || chdir("/") < 0)
                return -1;
        snprintf(command, sizeof(command), "rm -rf '%s'", folder);
        return system(command);
}

#endif
