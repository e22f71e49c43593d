/* SPDX-License-Identifier: Apache-2.0 */
#include "cardwatch/buf.h"
#include "expr_node.h"

void cw_expr_explain(const struct cw_expr *expr, const struct cw_expr_context *context, struct cw_buf *buf)
{
        struct cw_value value;

        cw_expr_eval(expr, context, &value);
        cw_buf_puts(buf, expr->text);
        cw_buf_puts(buf, ": ");
        cw_value_format(buf, &value);
}
