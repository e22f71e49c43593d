/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cardwatch/buf.h>
#include <cardwatch/clock.h>

#include "action.h"
#include "fields.h"
#include "sim_json.h"

#define SCRIPT_MAX ((size_t)64 * 1024 * 1024)

struct line {
        size_t number;
        int64_t at_ms;
        const char *what;
        struct cw_sim_json *json;
};

struct cw_sim_script {
        struct line *lines;
        size_t n, next;
        int64_t loop_ms, round_ms; /* 0: it does not repeat; the time at which this round began */
};

void cw_sim_script_free(struct cw_sim_script *script)
{
        if (!script)
                return;
        for (size_t i = 0; i < script->n; i++)
                cw_sim_json_free(script->lines[i].json);
        free(script->lines);
        free(script);
}

static int read_duration(const struct cw_sim_json *json, const char *name, struct cw_buf *why, int64_t *ret_ms)
{
        const struct cw_sim_json *value = NULL;
        const char *text;

        if (!cw_sim_json_member(json, name, &value)) {
                cw_buf_printf(why, "\"%s\" is missing", name);
                return -EINVAL;
        }
        text = cw_sim_json_kind(value) == CW_SIM_JSON_STRING ? cw_sim_json_text(value) : NULL;
        if (!text || cw_duration_parse(text, strlen(text), ret_ms) < 0) {
                cw_buf_printf(why, "\"%s\" must be a duration such as \"10s\" or \"1m30s\"", name);
                return -EINVAL;
        }
        return 0;
}

static int read_loop(struct cw_sim_script *script, const struct cw_sim_json *json, struct cw_buf *why)
{
        const struct cw_sim_row rows[] = {{.name = "loop", .type = CW_SIM_TYPE_SKIP}};
        int r;

        if (script->n > 0 || script->loop_ms > 0) {
                cw_buf_puts(why, "\"loop\" belongs on the first line");
                return -EINVAL;
        }
        r = cw_sim_fields_read(json, rows, CW_ARRAY_SIZE(rows), why);
        if (r == 0)
                r = read_duration(json, "loop", why, &script->loop_ms);
        if (r == 0 && script->loop_ms < 100) {
                cw_buf_puts(why, "\"loop\" must be at least 100ms");
                r = -EINVAL;
        }
        return r;
}

static int read_step(const struct cw_sim_script *script, const struct cw_sim_json *json, struct cw_buf *why,
                     struct line *line)
{
        const struct cw_sim_json *what = NULL;
        int r;

        r = read_duration(json, "at", why, &line->at_ms);
        if (r < 0)
                return r;
        if (script->n > 0 && line->at_ms < script->lines[script->n - 1].at_ms) {
                cw_buf_puts(why, "\"at\" lies before the line above");
                return -EINVAL;
        }
        if (script->loop_ms > 0 && line->at_ms >= script->loop_ms) {
                cw_buf_puts(why, "\"at\" lies beyond the loop");
                return -EINVAL;
        }
        if (!cw_sim_json_member(json, "do", &what) || cw_sim_json_kind(what) != CW_SIM_JSON_STRING) {
                cw_buf_puts(why, "\"do\" must say what to do");
                return -EINVAL;
        }
        line->what = cw_sim_json_text(what);
        return cw_sim_act(NULL, line->what, json, why, NULL);
}

static int read_line(struct cw_sim_script *script, const char *text, size_t len, size_t number, struct cw_buf *why)
{
        struct cw_sim_json *json cw_cleanup(cw_sim_json_free_cleanup) = NULL;
        struct line line = {.number = number}, *lines;
        const struct cw_sim_json *value;
        int r;

        r = cw_sim_json_parse(text, len, why, &json);
        if (r < 0)
                return r;
        if (cw_sim_json_kind(json) != CW_SIM_JSON_OBJECT) {
                cw_buf_puts(why, "an object is wanted");
                return -EINVAL;
        }
        if (cw_sim_json_member(json, "loop", &value))
                return read_loop(script, json, why);
        r = read_step(script, json, why, &line);
        if (r < 0)
                return r;
        lines = reallocarray(script->lines, script->n + 1, sizeof(*lines));
        if (!lines)
                return -ENOMEM;
        script->lines = lines;
        line.json = cw_take(json);
        script->lines[script->n++] = line;
        return 0;
}

static bool says_nothing(const char *text, size_t len)
{
        size_t i = 0;

        while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r'))
                i++;
        return i == len || text[i] == '#';
}

int cw_sim_script_parse(const char *name, const char *text, size_t len, struct cw_buf *why,
                        struct cw_sim_script **ret_script)
{
        struct cw_sim_script *script cw_cleanup(cw_sim_script_free_cleanup) = calloc(1, sizeof(*script));
        struct cw_buf reason cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        size_t number = 0;

        if (!script)
                return -ENOMEM;
        while (len > 0) {
                const char *end = memchr(text, '\n', len);
                size_t line_len = end ? (size_t)(end - text) : len;
                size_t used = line_len + (end != NULL);
                int r;

                number++;
                r = says_nothing(text, line_len) ? 0 : read_line(script, text, line_len, number, &reason);
                if (r < 0) {
                        cw_buf_printf(why, "%s:%zu: %s", name, number, cw_buf_text(&reason));
                        return r;
                }
                text += used;
                len -= used;
        }
        *ret_script = cw_take(script);
        return 0;
}

static int read_all(const char *path, struct cw_buf *text)
{
        char piece[65536];
        ssize_t n;
        int fd;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        text->limit = SCRIPT_MAX;
        while ((n = read(fd, piece, sizeof(piece))) > 0 && cw_buf_error(text) == 0)
                cw_buf_append(text, piece, (size_t)n);
        if (n < 0)
                n = -errno;
        close(fd);
        return n < 0 ? (int)n : cw_buf_error(text);
}

int cw_sim_script_load(const char *path, struct cw_buf *why, struct cw_sim_script **ret_script)
{
        struct cw_buf text cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        int r;

        r = read_all(path, &text);
        if (r < 0) {
                cw_buf_printf(why, "%s: %s", path, strerror(-r));
                return r;
        }
        return cw_sim_script_parse(path, cw_buf_text(&text), text.len, why, ret_script);
}

int cw_sim_script_next(struct cw_sim_script *script, int64_t elapsed_ms, struct cw_sim_step *ret_step,
                       int64_t *ret_wait_ms)
{
        const struct line *line;
        int64_t at_ms;

        if (script->n == 0)
                return CW_SIM_SCRIPT_END;
        if (script->next == script->n) {
                if (script->loop_ms == 0)
                        return CW_SIM_SCRIPT_END;
                script->next = 0;
                script->round_ms += script->loop_ms;
        }
        line = &script->lines[script->next];
        at_ms = script->round_ms + line->at_ms;
        if (elapsed_ms < at_ms) {
                *ret_wait_ms = at_ms - elapsed_ms;
                return CW_SIM_SCRIPT_WAIT;
        }
        script->next++;
        *ret_step = (struct cw_sim_step){.at_ms = at_ms, .line = line->number, .what = line->what, .json = line->json};
        return 0;
}
