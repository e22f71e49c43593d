/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idea: a panel of its own, light with dark writing, so that it looks the same on any page; letters so large that they
 * can be read when a phone shrinks the picture to a third. All places are whole pixels.
 */
#include <errno.h>

#include "cairo_library.h"
#include "cardwatch/buf.h"
#include "cardwatch/cleanup.h"
#include "chart_axis.h"
#include "chart_private.h"

#define QUARTER_TURN 1.5707963267948966

enum {
        LETTERS = 32, /* pixels */
        TITLE = 34,
        MARGIN = 28,
        TOP = 104, /* of the plot */
        BOTTOM = CW_CHART_HEIGHT - 68,
        RIGHT = CW_CHART_WIDTH - MARGIN,
        CORNER = 24,
        LINE = 6,
        DOT = 10,
};

enum {
        PANEL = 0xf7f8fa,
        GRID = 0xdcdfe4,
        WRITING = 0x3c4149,
        LIMIT = 0xc62828,
};

/* What fontconfig remembers of the fonts, once and for all, looks like a leak to the sanitizer when the process ends.
 */
#ifdef __SANITIZE_ADDRESS__
void __lsan_disable(void); /* sanitizer/lsan_interface.h */
void __lsan_enable(void);
#define BEGIN_WITH_FONTS() __lsan_disable()
#define END_WITH_FONTS()   __lsan_enable()
#else
#define BEGIN_WITH_FONTS()
#define END_WITH_FONTS()
#endif

struct drawing {
        const struct cw_chart *chart;
        const struct cw_cairo *use;
        cairo_surface_t *surface;
        cairo_t *cairo;
        struct cw_chart_amounts amounts;
        int left; /* of the plot */
};

static void drawing_deinit(struct drawing *drawing)
{
        drawing->use->destroy(drawing->cairo);
        drawing->use->surface_destroy(drawing->surface);
}

static void set_colour(const struct drawing *drawing, uint32_t colour)
{
        drawing->use->set_source_rgb(drawing->cairo, (colour >> 16 & 0xff) / 255.0, (colour >> 8 & 0xff) / 255.0,
                                     (colour & 0xff) / 255.0);
}

static int width_of(const struct drawing *drawing, const char *text)
{
        cairo_text_extents_t extents;

        drawing->use->text_extents(drawing->cairo, text, &extents);
        return (int)extents.x_advance + 1;
}

static int x_of(const struct drawing *drawing, int64_t at)
{
        const struct cw_chart_options *options = &drawing->chart->options;
        __int128 offset = (__int128)(at - options->from_at) * (RIGHT - drawing->left);

        return drawing->left + (int)(offset / (options->to_at - options->from_at));
}

static int x_of_column(const struct drawing *drawing, unsigned column)
{
        return drawing->left + (RIGHT - drawing->left) * (int)column / (CW_CHART_COLUMNS - 1);
}

static int y_of(const struct drawing *drawing, cw_amount amount)
{
        const struct cw_chart_amounts *axis = &drawing->amounts;
        __int128 offset;

        amount = amount < axis->least ? axis->least : amount > axis->most ? axis->most : amount;
        offset = ((__int128)amount - axis->least) * (BOTTOM - TOP);
        return BOTTOM - (int)(offset / ((__int128)axis->most - axis->least));
}

static void write_at(const struct drawing *drawing, int x, int y, const char *text)
{
        drawing->use->move_to(drawing->cairo, x, y);
        drawing->use->show_text(drawing->cairo, text);
}

static void draw_panel(const struct drawing *drawing)
{
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;

        use->new_sub_path(cairo);
        use->arc(cairo, CW_CHART_WIDTH - CORNER, CORNER, CORNER, -QUARTER_TURN, 0);
        use->arc(cairo, CW_CHART_WIDTH - CORNER, CW_CHART_HEIGHT - CORNER, CORNER, 0, QUARTER_TURN);
        use->arc(cairo, CORNER, CW_CHART_HEIGHT - CORNER, CORNER, QUARTER_TURN, 2 * QUARTER_TURN);
        use->arc(cairo, CORNER, CORNER, CORNER, 2 * QUARTER_TURN, 3 * QUARTER_TURN);
        use->close_path(cairo);
        set_colour(drawing, PANEL);
        use->fill(cairo);
}

static int draw_title(struct drawing *drawing)
{
        const struct cw_chart_options *options = &drawing->chart->options;
        cw_cleanup(cw_buf_deinit) struct cw_buf now = CW_BUF_NULL;
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;

        cw_amount_format_grouped(&now, drawing->chart->last, options->digits);
        cw_buf_printf(&now, " %s", options->unit);
        if (cw_buf_error(&now) < 0)
                return cw_buf_error(&now);
        use->set_font_size(cairo, TITLE);
        set_colour(drawing, WRITING);
        write_at(drawing, MARGIN, 56, options->title);
        use->select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_BOLD);
        write_at(drawing, RIGHT - width_of(drawing, cw_buf_text(&now)), 56, cw_buf_text(&now));
        use->select_font_face(cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
        use->set_font_size(cairo, LETTERS);
        return 0;
}

/* The marks' texts decide how much room is left for the plot. */
static int draw_amounts(struct drawing *drawing, bool only_measure)
{
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;
        int widest = 0;

        for (cw_amount at = drawing->amounts.least; at <= drawing->amounts.most; at += drawing->amounts.step) {
                cw_cleanup(cw_buf_deinit) struct cw_buf label = CW_BUF_NULL;
                int width, y = y_of(drawing, at);

                cw_amount_format_grouped(&label, at, drawing->amounts.digits);
                if (cw_buf_error(&label) < 0)
                        return cw_buf_error(&label);
                width = width_of(drawing, cw_buf_text(&label));
                widest = width > widest ? width : widest;
                if (only_measure)
                        continue;
                set_colour(drawing, GRID);
                use->set_line_width(cairo, 2);
                use->move_to(cairo, drawing->left, y);
                use->line_to(cairo, RIGHT, y);
                use->stroke(cairo);
                set_colour(drawing, WRITING);
                write_at(drawing, drawing->left - 14 - width, y + LETTERS / 3, cw_buf_text(&label));
        }
        if (only_measure)
                drawing->left = MARGIN + widest + 14;
        return 0;
}

static int draw_times(struct drawing *drawing)
{
        const struct cw_chart_options *options = &drawing->chart->options;
        int64_t marks[CW_CHART_MARKS_MAX];
        size_t n = cw_chart_time_marks(options->from_at, options->to_at, marks);
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;
        int free_from = MARGIN;

        for (size_t i = 0; i < n; i++) {
                cw_cleanup(cw_buf_deinit) struct cw_buf label = CW_BUF_NULL;
                int x = x_of(drawing, marks[i]), width, left;

                cw_chart_time_label(marks[i], &label);
                if (cw_buf_error(&label) < 0)
                        return cw_buf_error(&label);
                width = width_of(drawing, cw_buf_text(&label));
                left = x - width / 2;
                set_colour(drawing, GRID);
                use->move_to(cairo, x, TOP);
                use->line_to(cairo, x, BOTTOM);
                use->stroke(cairo);
                if (left < free_from || left + width > CW_CHART_WIDTH - MARGIN / 2)
                        continue;
                set_colour(drawing, WRITING);
                write_at(drawing, left, BOTTOM + LETTERS + 14, cw_buf_text(&label));
                free_from = left + width + MARGIN;
        }
        return 0;
}

static void draw_limit_line(struct drawing *drawing)
{
        const struct cw_chart_options *options = &drawing->chart->options;
        static const double dashes[] = {18, 12};
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;
        int y = y_of(drawing, options->limit);

        if (!options->limit_name)
                return;
        set_colour(drawing, LIMIT);
        use->set_line_width(cairo, 4);
        use->set_dash(cairo, dashes, CW_ARRAY_SIZE(dashes), 0);
        use->move_to(cairo, drawing->left, y);
        use->line_to(cairo, RIGHT, y);
        use->stroke(cairo);
        use->set_dash(cairo, NULL, 0, 0);
}

/* On a patch of the panel, so that the line below does not cross it out. */
static int draw_limit_name(struct drawing *drawing)
{
        const struct cw_chart_options *options = &drawing->chart->options;
        cw_cleanup(cw_buf_deinit) struct cw_buf label = CW_BUF_NULL;
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;
        int y = y_of(drawing, options->limit), width, baseline;

        if (!options->limit_name)
                return 0;
        cw_buf_printf(&label, "%s ", options->limit_name);
        cw_amount_format_grouped(&label, options->limit, options->limit % CW_AMOUNT_UNIT ? options->digits : 0);
        if (cw_buf_error(&label) < 0)
                return cw_buf_error(&label);
        width = width_of(drawing, cw_buf_text(&label));
        /* On the side from which the balance does not come. */
        baseline = drawing->chart->first > options->limit ? y + LETTERS + 6 : y - 12;
        if (baseline > BOTTOM - 6)
                baseline = y - 12;
        set_colour(drawing, PANEL);
        use->rectangle(cairo, drawing->left + 10, baseline - LETTERS + 4, width + 12, LETTERS + 4);
        use->fill(cairo);
        set_colour(drawing, LIMIT);
        write_at(drawing, drawing->left + 16, baseline, cw_buf_text(&label));
        return 0;
}

/* Steps: a balance is what it was until it changes. */
static void trace(const struct drawing *drawing)
{
        const struct cw_chart *chart = drawing->chart;
        bool drawn = chart->begins;
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;
        int y = y_of(drawing, chart->first);

        if (drawn)
                use->move_to(cairo, drawing->left, y);
        for (unsigned i = 0; i < CW_CHART_COLUMNS; i++) {
                const struct cw_chart_column *column = &chart->columns[i];
                int x = x_of_column(drawing, i);

                if (!column->used)
                        continue;
                if (drawn)
                        use->line_to(cairo, x, y);
                else
                        use->move_to(cairo, x, y_of(drawing, column->most));
                drawn = true;
                use->line_to(cairo, x, y_of(drawing, column->most));
                use->line_to(cairo, x, y_of(drawing, column->least));
                y = y_of(drawing, column->last);
                use->line_to(cairo, x, y);
        }
        use->line_to(cairo, RIGHT, y);
}

static void draw_balance(struct drawing *drawing)
{
        const struct cw_cairo *use = drawing->use;
        cairo_t *cairo = drawing->cairo;

        set_colour(drawing, drawing->chart->options.colour);
        use->set_line_width(cairo, LINE);
        use->set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
        trace(drawing);
        use->stroke(cairo);
        use->arc(cairo, RIGHT, y_of(drawing, drawing->chart->last), DOT, 0, 4 * QUARTER_TURN);
        use->fill(cairo);
}

static int draw(struct drawing *drawing)
{
        struct cw_chart_range range;
        int r;

        cw_chart_range(drawing->chart, &range);
        cw_chart_amount_axis(&range, drawing->chart->options.digits, &drawing->amounts);
        draw_panel(drawing);
        drawing->use->select_font_face(drawing->cairo, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
        r = draw_title(drawing);
        if (r == 0)
                r = draw_amounts(drawing, true);
        if (r == 0)
                r = draw_times(drawing);
        if (r == 0)
                r = draw_amounts(drawing, false);
        if (r < 0)
                return r;
        draw_limit_line(drawing);
        draw_balance(drawing);
        return draw_limit_name(drawing);
}

static cairo_status_t append(void *data, const unsigned char *bytes, unsigned len)
{
        struct cw_buf *png = data;

        cw_buf_append(png, (const char *)bytes, len);
        return cw_buf_error(png) < 0 ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static int error_of(cairo_status_t status)
{
        if (status == CAIRO_STATUS_SUCCESS)
                return 0;
        return status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

static int draw_png(const struct cw_cairo *use, const struct cw_chart *chart, struct cw_buf *png)
{
        cw_cleanup(drawing_deinit) struct drawing drawing = {.use = use, .chart = chart};
        int r;

        drawing.surface = use->image_surface_create(CAIRO_FORMAT_ARGB32, CW_CHART_WIDTH, CW_CHART_HEIGHT);
        drawing.cairo = use->create(drawing.surface);
        r = draw(&drawing);
        if (r == 0)
                r = error_of(use->status(drawing.cairo));
        return r < 0 ? r : error_of(use->surface_write_to_png_stream(drawing.surface, append, png));
}

int cw_chart_png(const struct cw_chart *chart, struct cw_buf *png)
{
        struct cw_cairo cairo;
        int r;

        BEGIN_WITH_FONTS();
        r = cw_cairo_open(&cairo);
        r = r < 0 ? -EIO : draw_png(&cairo, chart, png);
        END_WITH_FONTS();
        return r;
}
