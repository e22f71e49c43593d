/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include <cardwatch/cleanup.h>

#include "request.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n"

static int read_one(const char *bytes, size_t len, struct cw_sim_request *request, int *ret_status)
{
        struct cw_sim_reader reader cw_cleanup(cw_sim_reader_deinit) = CW_SIM_READER_NULL;

        assert_int_equal(cw_sim_reader_feed(&reader, bytes, len), 0);
        return cw_sim_reader_next(&reader, request, ret_status);
}

static void test_what_is_no_request_is_answered_with_a_status(void **state)
{
        static const struct {
                const char *name;
                const char *bytes;
                int status; /* 0: it is one */
        } cases[] = {
                {"a plain GET is a request", GET "\r\n", 0},
                {"bare line feeds are tolerated", "GET / HTTP/1.1\nHost: x\n\n", 0},
                {"empty lines before a request are skipped", "\r\n\r\n" GET "\r\n", 0},
                {"HTTP/1.0 needs no host", "GET / HTTP/1.0\r\n\r\n", 0},
                {"absolute form is understood", "GET http://h:1/a HTTP/1.1\r\nHost: x\r\n\r\n", 0},
                {"equal lengths twice are one length", GET "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 0},
                {"an empty header is a header", GET "X:\r\n\r\n", 0},
                {"HTTP/1.1 needs a host", "GET / HTTP/1.1\r\n\r\n", 400},
                {"a line without a version is none", "GET /\r\n\r\n", 400},
                {"a line with a space too many is none", "GET / x HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                {"a method is a token", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                {"HTTP/2.0 is not spoken", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
                {"another protocol is not HTTP", "GET / XTTP/1.1\r\nHost: x\r\n\r\n", 400},
                {"a target begins with a slash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
                {"a header has a colon", GET "nothing\r\n\r\n", 400},
                {"no space stands before a colon", GET "a : b\r\n\r\n", 400},
                {"a header is not folded", GET "a: b\r\n c\r\n\r\n", 400},
                {"a control character is no value", GET "a: b\001\r\n\r\n", 400},
                {"a length is a number", GET "Content-Length: x\r\n\r\n", 400},
                {"a length is not negative", GET "Content-Length: -1\r\n\r\n", 400},
                {"a length is not a list", GET "Content-Length: 1, 1\r\n\r\n", 400},
                {"two lengths that differ are refused", GET "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
                {"a length above the bound is too large", GET "Content-Length: 1048577\r\n\r\n", 413},
                {"a length beyond 64 bits is too large", GET "Content-Length: 99999999999999999999\r\n\r\n", 413},
                {"chunks are not implemented", GET "Transfer-Encoding: chunked\r\n\r\n", 501},
                {"TLS is not HTTP", "\026\003\001\002\n\n", 400},
        };

        (void)state;
        for (size_t i = 0; i < CW_ARRAY_SIZE(cases); i++) {
                struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
                int status = 0;
                int r = read_one(cases[i].bytes, strlen(cases[i].bytes), &request, &status);

                print_message("  %s\n", cases[i].name);
                assert_int_equal(r, cases[i].status ? CW_SIM_READER_BAD : 0);
                assert_int_equal(status, cases[i].status);
        }
}

static void test_a_nul_in_the_head_is_refused(void **state)
{
        static const char bytes[] = "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n";
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        int status = 0;

        (void)state;
        assert_int_equal(read_one(bytes, sizeof(bytes) - 1, &request, &status), CW_SIM_READER_BAD);
        assert_int_equal(status, 400);
}

static void test_a_request_says_all_it_was_sent(void **state)
{
        static const char bytes[] = "POST /a%20b%2fc?Page=2&page=3&x=%41+b&flag&bad=%zz HTTP/1.1\r\nHost: x\r\n"
                                    "OTP:  123456 \r\nConnection: Close\r\nContent-Length: 3\r\n\r\na\0b";
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        char text[16];
        int64_t value = 77;
        int status;

        (void)state;
        assert_int_equal(read_one(bytes, sizeof(bytes) - 1, &request, &status), 0);
        assert_string_equal(request.method, "POST");
        assert_string_equal(request.path, "/a b/c");
        assert_string_equal(cw_sim_request_header(&request, "otp"), "123456");
        assert_null(cw_sim_request_header(&request, "ot"));
        assert_false(request.keep_alive);
        assert_int_equal(request.body_len, 3);
        assert_memory_equal(request.body, "a\0b", 4);
        assert_int_equal(cw_sim_request_param_int(&request, "PAGE", &value), 0);
        assert_int_equal(value, 2);
        assert_true(cw_sim_request_param(&request, "x", text, sizeof(text)));
        assert_string_equal(text, "A b");
        assert_true(cw_sim_request_param(&request, "bad", text, sizeof(text)));
        assert_string_equal(text, "%zz");
        assert_true(cw_sim_request_param(&request, "flag", text, sizeof(text)));
        assert_string_equal(text, "");
        assert_int_equal(cw_sim_request_param_int(&request, "flag", &value), -EINVAL);
        assert_int_equal(cw_sim_request_param_int(&request, "none", &value), CW_SIM_PARAM_ABSENT);
        assert_int_equal(value, 2);
}

static void test_requests_in_a_row_come_out_one_by_one_however_they_are_cut(void **state)
{
        static const char bytes[] = "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi" GET "\r\n"
                                    "PUT /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n!";

        (void)state;
        for (size_t step = 1; step < sizeof(bytes); step++) {
                struct cw_sim_reader reader cw_cleanup(cw_sim_reader_deinit) = CW_SIM_READER_NULL;
                char methods[32] = "";

                for (size_t at = 0; at < sizeof(bytes) - 1; at += step) {
                        struct cw_sim_request request = CW_SIM_REQUEST_NULL;
                        size_t rest = sizeof(bytes) - 1 - at;
                        int status = 0, r;

                        assert_int_equal(cw_sim_reader_feed(&reader, bytes + at, rest < step ? rest : step), 0);
                        while ((r = cw_sim_reader_next(&reader, &request, &status)) == 0) {
                                strcat(methods, request.method);
                                strcat(methods, request.body);
                                cw_sim_request_deinit(&request);
                        }
                        assert_int_equal(r, CW_SIM_READER_MORE);
                }
                assert_string_equal(methods, "POSThiGETPUT!");
        }
}

static void test_a_client_that_waits_is_told_to_go_on_once(void **state)
{
        static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
        struct cw_sim_reader reader cw_cleanup(cw_sim_reader_deinit) = CW_SIM_READER_NULL;
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        int status;

        (void)state;
        assert_int_equal(cw_sim_reader_feed(&reader, head, strlen(head)), 0);
        assert_int_equal(cw_sim_reader_next(&reader, &request, &status), CW_SIM_READER_CONTINUE);
        assert_int_equal(cw_sim_reader_next(&reader, &request, &status), CW_SIM_READER_MORE);
        assert_int_equal(cw_sim_reader_feed(&reader, "hi", 2), 0);
        assert_int_equal(cw_sim_reader_next(&reader, &request, &status), 0);
        assert_string_equal(request.body, "hi");
}

static void test_what_never_ends_is_bounded(void **state)
{
        struct cw_sim_reader reader cw_cleanup(cw_sim_reader_deinit) = CW_SIM_READER_NULL;
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        static char piece[32768];
        int status = 0, r;

        (void)state;
        memset(piece, 'a', sizeof(piece));
        do {
                assert_int_equal(cw_sim_reader_feed(&reader, piece, sizeof(piece)), 0);
                r = cw_sim_reader_next(&reader, &request, &status);
        } while (r == CW_SIM_READER_MORE && reader.in.len < 10 * CW_SIM_REQUEST_HEAD_MAX);
        assert_int_equal(r, CW_SIM_READER_BAD);
        assert_int_equal(status, 431);
        do
                r = cw_sim_reader_feed(&reader, piece, sizeof(piece));
        while (r == 0);
        assert_int_equal(r, -EMSGSIZE);
}

static void test_a_hundred_headers_are_enough(void **state)
{
        struct cw_buf buf cw_cleanup(cw_buf_deinit) = CW_BUF_NULL;
        struct cw_sim_request request cw_cleanup(cw_sim_request_deinit) = CW_SIM_REQUEST_NULL;
        int status = 0;

        (void)state;
        cw_buf_puts(&buf, GET);
        for (int i = 0; i < CW_SIM_REQUEST_FIELDS_MAX; i++)
                cw_buf_printf(&buf, "X-%d: y\r\n", i);
        cw_buf_puts(&buf, "\r\n");
        assert_int_equal(read_one(buf.data, buf.len, &request, &status), CW_SIM_READER_BAD);
        assert_int_equal(status, 431);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_no_request_is_answered_with_a_status),
                cmocka_unit_test(test_a_nul_in_the_head_is_refused),
                cmocka_unit_test(test_a_request_says_all_it_was_sent),
                cmocka_unit_test(test_requests_in_a_row_come_out_one_by_one_however_they_are_cut),
                cmocka_unit_test(test_a_client_that_waits_is_told_to_go_on_once),
                cmocka_unit_test(test_what_never_ends_is_bounded),
                cmocka_unit_test(test_a_hundred_headers_are_enough),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
