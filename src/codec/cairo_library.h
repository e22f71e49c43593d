/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CARDWATCH_CODEC_CAIRO_LIBRARY_H
#define CARDWATCH_CODEC_CAIRO_LIBRARY_H

#include <cairo.h>

/*
 * Cairo library: the functions of cairo that charts use, looked up when a picture is drawn.
 *
 * Linked, cairo would bring fifteen libraries (those of X11 among them) into every daemon and every command, a few
 * megabytes of memory each; most never draw. Once opened it stays: fontconfig and others keep state that lives as long
 * as the process.
 */

#define CW_CAIRO_FUNCTIONS(X)                                                                                          \
        X(arc)                                                                                                         \
        X(close_path)                                                                                                  \
        X(create)                                                                                                      \
        X(destroy)                                                                                                     \
        X(fill)                                                                                                        \
        X(image_surface_create)                                                                                        \
        X(line_to)                                                                                                     \
        X(move_to)                                                                                                     \
        X(new_sub_path)                                                                                                \
        X(rectangle)                                                                                                   \
        X(select_font_face)                                                                                            \
        X(set_dash)                                                                                                    \
        X(set_font_size)                                                                                               \
        X(set_line_join)                                                                                               \
        X(set_line_width)                                                                                              \
        X(set_source_rgb)                                                                                              \
        X(show_text)                                                                                                   \
        X(status)                                                                                                      \
        X(stroke)                                                                                                      \
        X(surface_destroy)                                                                                             \
        X(surface_write_to_png_stream)                                                                                 \
        X(text_extents)

#define CW_CAIRO_FIELD(name) __typeof__(cairo_##name) *name;

/* Each as cairo has it, without the prefix. */
struct cw_cairo {
        CW_CAIRO_FUNCTIONS(CW_CAIRO_FIELD)
};

/* -ENOENT: there is no cairo that has all of them. */
int cw_cairo_open(struct cw_cairo *ret_cairo) __attribute__((warn_unused_result));

#endif
