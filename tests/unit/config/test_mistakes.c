/* SPDX-License-Identifier: Apache-2.0 */
#include "loading.h"

static void test_five_mistakes_are_five_errors(void **state)
{
        static const struct diagnosis cases[] = {
                {"five mistakes in one pass",
                 "sources:\n"
                 "  - name: main\n"
                 "    url: ftp://api.example.com\n"
                 "    auth: {api_key: plain:k}\n"
                 "    every: 60\n"
                 "rules:\n"
                 "  - name: low-balance\n"
                 "    when: available < flor\n"
                 "    severty: critical\n"
                 "notifiers: [{name: log, type: syslog}]\n"
                 "route: {notify: [lgo]}\n",
                 "cardwatch.yaml:3:10: error: \"url\" must begin with http:// or https://\n"
                 "    3 |     url: ftp://api.example.com\n"
                 "      |          ^~~~~~~~~~~~~~~~~~~~~\n"
                 "cardwatch.yaml:5:12: error: \"every\" must be a duration such as 500ms, 30s, 5m or 1h30m: the unit "
                 "is "
                 "missing\n"
                 "    5 |     every: 60\n"
                 "      |            ^~\n"
                 "cardwatch.yaml:8:23: error: there is no field or parameter `flor`; a text is written `\"flor\"`\n"
                 "    8 |     when: available < flor\n"
                 "      |                       ^~~~\n"
                 "cardwatch.yaml:9:5: error: unknown key \"severty\" in rules[0] (did you mean \"severity\"?)\n"
                 "    9 |     severty: critical\n"
                 "      |     ^~~~~~~\n"
                 "cardwatch.yaml:11:18: error: there is no notifier \"lgo\" (did you mean \"log\"?)\n"
                 "   11 | route: {notify: [lgo]}\n"
                 "      |                  ^~~\n"},
        };

        (void)state;
        expect_texts(cases, CW_ARRAY_SIZE(cases));
}

/* A mistake by one line of text: where and what, without the excerpt. */
struct mistake {
        const char *name, *yaml, *said;
};

static void expect_mistakes(const struct mistake *cases, size_t n)
{
        size_t wrong = 0;

        for (size_t i = 0; i < n; i++) {
                char expected[600];
                struct loaded loaded;

                print_message("  %s\n", cases[i].name);
                load_text(&loaded, cases[i].yaml);
                snprintf(expected, sizeof(expected), "cardwatch.yaml:%s\n", cases[i].said);
                if (loaded.report.n_items != 1 || !strstr(cw_buf_text(&loaded.text), expected)) {
                        print_message("said:\n%swanted:\n%s", cw_buf_text(&loaded.text), expected);
                        wrong++;
                }
                loaded_deinit(&loaded);
        }
        assert_int_equal(wrong, 0);
}

static void test_values(void **state)
{
        static const struct mistake cases[] = {
                {"a value that is missing", BASE "timezone:\n",
                 "7:10: error: \"timezone\" has no value; leave the key out for "
                 "the default"},
                {"a boolean where a text belongs", BASE "timezone: true\n", "7:11: error: \"timezone\" must be a text"},
                {"a list where a text belongs", BASE "timezone: [a]\n", "7:11: error: \"timezone\" must be a text"},
                {"a text where a mapping belongs", BASE "log: debug\n",
                 "7:6: error: log must be a mapping (key: value)"},
                {"a text where a list belongs", SOURCES NOTIFIERS "rules: none\n",
                 "6:8: error: \"rules\" must be a list"},
                {"a word that is none of its words", BASE "log: {level: warn}\n",
                 "7:14: error: \"level\" must be one of debug, info, warning, error"},
                {"a word that is nearly one", BASE "log: {format: jsno}\n",
                 "7:15: error: \"format\" must be one of text, json (did you mean \"json\"?)"},
                {"a duration that is too short", SOURCES "    every: 49ms\n" RULES NOTIFIERS,
                 "5:12: error: \"every\" must be from 50ms to 7d"},
                {"a duration of zero where that is senseless", SOURCES "    timeout: 0s\n" RULES NOTIFIERS,
                 "5:14: error: \"timeout\" must be from 1ms to 1h"},
                {"history that is kept for no time", BASE "store: {keep_history: 0s}\n",
                 "7:23: error: \"keep_history\" must be from 1ms to 365000d"},
                {"a negative count", SOURCES "    retries: -1\n" RULES NOTIFIERS,
                 "5:14: error: \"retries\" must be a whole number from 0 to 100"},
                {"a count with a fraction", SOURCES "    page_size: 10.5\n" RULES NOTIFIERS,
                 "5:16: error: \"page_size\" must be a whole number from 1 to 10000"},
                {"a count in quotes", SOURCES "    page_size: \"10\"\n" RULES NOTIFIERS,
                 "5:16: error: \"page_size\" must be a whole number from 1 to 10000"},
                {"a count beyond 64 bits", SOURCES "    page_size: 99999999999999999999\n" RULES NOTIFIERS,
                 "5:16: error: \"page_size\" must be a whole number from 1 to 10000"},
                {"a hexadecimal count", SOURCES "    page_size: 0x10\n" RULES NOTIFIERS,
                 "5:16: error: \"page_size\" must be a whole number from 1 to 10000"},
                {"a size without a unit", SOURCES "    max_response: 1000000\n" RULES NOTIFIERS,
                 "5:19: error: \"max_response\" must be a size such as 512KiB, 32MiB or 10GiB"},
                {"a size in thousands", SOURCES "    max_response: 32MB\n" RULES NOTIFIERS,
                 "5:19: error: \"max_response\" must be a size such as 512KiB, 32MiB or 10GiB"},
                {"a size that is too large", SOURCES "    max_response: 2GiB\n" RULES NOTIFIERS,
                 "5:19: error: \"max_response\" must be from 1KiB to 1GiB"},
                {"a size beyond 64 bits", SOURCES "    max_response: 9999999999TiB\n" RULES NOTIFIERS,
                 "5:19: error: \"max_response\" must be a size such as 512KiB, 32MiB or 10GiB"},
                {"a percentage without its sign", SOURCES "    suspect_above: 10\n" RULES NOTIFIERS,
                 "5:20: error: \"suspect_above\" must be a percentage such as 10% or 0.5%"},
                {"a percentage with four places", SOURCES "    suspect_above: 0.0001%\n" RULES NOTIFIERS,
                 "5:20: error: \"suspect_above\" must be a percentage such as 10% or 0.5%"},
                {"a percentage without digits behind its point", SOURCES "    suspect_above: 1.%\n" RULES NOTIFIERS,
                 "5:20: error: \"suspect_above\" must be a percentage such as 10% or 0.5%"},
                {"a negative percentage", SOURCES "    suspect_above: -1%\n" RULES NOTIFIERS,
                 "5:20: error: \"suspect_above\" must be a percentage such as 10% or 0.5%"},
                {"a percentage and more", SOURCES "    suspect_above: 1%%\n" RULES NOTIFIERS,
                 "5:20: error: \"suspect_above\" must be a percentage such as 10% or 0.5%"},
                {"more than all of it", SOURCES "    suspect_above: 100.001%\n" RULES NOTIFIERS,
                 "5:20: error: \"suspect_above\" must be from 0% to 100%"},
                {"a percentage beyond 64 bits", SOURCES "    suspect_above: 99999999999999999999%\n" RULES NOTIFIERS,
                 "5:20: error: \"suspect_above\" must be a percentage such as 10% or 0.5%"},
                {"a faster lane for nobody", SOURCES "    watch: [{every: 1s}]\n" RULES NOTIFIERS,
                 "5:13: error: sources[0].watch[0] needs \"customers\""},
                {"a faster lane for an empty list", SOURCES "    watch: [{customers: [], every: 1s}]\n" RULES NOTIFIERS,
                 "5:25: error: \"customers\" must not be empty"},
                {"a faster lane without a beat", SOURCES "    watch: [{customers: [1]}]\n" RULES NOTIFIERS,
                 "5:13: error: sources[0].watch[0] needs \"every\""},
                {"a faster lane that is too fast",
                 SOURCES "    watch: [{customers: [1], every: 1ms}]\n" RULES NOTIFIERS,
                 "5:37: error: \"every\" must be from 50ms to 7d"},
                {"a faster lane for a name", SOURCES "    watch: [{customers: [acme], every: 1s}]\n" RULES NOTIFIERS,
                 "5:26: error: \"customers\" must be a whole number (an id)"},
                {"a key that a faster lane has not",
                 SOURCES "    watch: [{customers: [1], every: 1s, evry: 2s}]\n" RULES NOTIFIERS,
                 "5:41: error: unknown key \"evry\" in sources[0].watch[0] (did you mean \"every\"?)"},
                {"a faster lane that is a mapping", SOURCES "    watch: {customers: [1], every: 1s}\n" RULES NOTIFIERS,
                 "5:12: error: \"watch\" must be a list"},
                {"a zone that does not exist", BASE "timezone: Europe/Londn\n",
                 "7:11: error: \"timezone\": there is no time zone \"Europe/Londn\" in /usr/share/zoneinfo"},
                {"a zone that is a path", BASE "timezone: ../../../etc/localtime\n",
                 "7:11: error: \"timezone\": there is no time zone \"../../../etc/localtime\" in /usr/share/zoneinfo"},
                {"a zone that is a folder", BASE "timezone: Europe\n",
                 "7:11: error: \"timezone\": there is no time zone \"Europe\" in /usr/share/zoneinfo"},
                {"links to no address", BASE "control: {external_url: cardwatch.example.com}\n",
                 "7:25: error: \"external_url\" must begin with http:// or https://"},
                {"a socket's name that is too long",
                 BASE "control: {socket: /run/"
                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                      "aaaaaaa}\n",
                 "7:19: error: \"socket\" must not be longer than 107 bytes, which is what a socket's name can hold"},
        };

        (void)state;
        expect_mistakes(cases, CW_ARRAY_SIZE(cases));
}

#define SOURCE(rest) "sources: [{name: main, " rest "}]\n" RULES NOTIFIERS
#define AUTH(rest)   SOURCE("url: \"https://a.example\", auth: {" rest "}")

static void test_sources(void **state)
{
        static const struct mistake cases[] = {
                {"no source at all", RULES NOTIFIERS "sources: []\n",
                 " error: there is no source: \"sources\" must list at least one"},
                {"a name that is none",
                 "sources: [{name: Main, url: \"https://a.example\", auth: {api_key: k}}]\n" RULES NOTIFIERS,
                 "1:18: error: \"Main\" is no name: it must begin with a-z or 0-9 and go on with those, _ and -"},
                {"an address misspelt is one mistake", SOURCE("uri: http://h, auth: {api_key: k}"),
                 "1:24: error: unknown key \"uri\" in sources[0] (did you mean \"url\"?)"},
                {"no address", SOURCE("auth: {api_key: k}"), "1:11: error: sources[0] needs \"url\""},
                {"no proof of who asks", SOURCE("url: \"https://a.example\""),
                 "1:11: error: sources[0] needs \"auth\""},
                {"an empty proof", AUTH(""),
                 "1:56: error: sources[0].auth needs \"username\" and \"password\", or \"api_key\""},
                {"a name without a password", AUTH("username: a"), "1:57: error: \"username\" needs \"password\""},
                {"a password without a name", AUTH("password: a"), "1:57: error: \"password\" needs \"username\""},
                {"two proofs", AUTH("api_key: k, username: a"),
                 "1:69: error: \"api_key\" and \"username\" exclude each other"},
                {"two one-time passwords", AUTH("api_key: k, totp_secret: jbswy3dp, otp: \"123456\""),
                 "1:92: error: \"totp_secret\" and \"otp\" exclude each other"},
                {"a secret that is not base32", AUTH("api_key: k, totp_secret: jbswy3d1"),
                 "1:82: error: \"totp_secret\" is not base32 (letters A to Z and digits 2 to 7)"},
                {"a secret of a length that base32 does not have",
                 AUTH("api_key: k, totp_secret: jbswy3d"
                      "pjbs"
                      "wy3dpa"),
                 "1:82: error: \"totp_secret\" is not base32 (letters A to Z and digits 2 to 7)"},
                {"a single use of nothing", AUTH("api_key: k, otp_single_use: true"),
                 "1:69: warning: \"otp_single_use\" has no effect without \"totp_secret\""},
                {"an address with a user", SOURCE("url: \"https://u:p@a.example\", auth: {api_key: k}"),
                 "1:29: error: \"url\" must not hold a user or a password"},
                {"an address with a query", SOURCE("url: \"https://a.example/?x\", auth: {api_key: k}"),
                 "1:29: error: \"url\" must end with the path, without ? or #"},
                {"an address without a host", SOURCE("url: \"https:///path\", auth: {api_key: k}"),
                 "1:29: error: \"url\" must name a host"},
                {"an address with a port that is none", SOURCE("url: \"https://a.example:65536\", auth: {api_key: k}"),
                 "1:29: error: \"url\" must have a port from 1 to 65535 after the host"},
                {"an address with a space", SOURCE("url: \"https://a.example/a b\", auth: {api_key: k}"),
                 "1:29: error: \"url\" must be an address without spaces"},
                {"an address whose bracket is open", SOURCE("url: \"https://[::1\", auth: {api_key: k}"),
                 "1:29: error: \"url\" must close the bracket around its IPv6 address"},
                {"credentials over plain http", SOURCE("url: \"http://127.example.com\", auth: {api_key: k}"),
                 "1:29: warning: credentials and balances go over the network unencrypted (http)"},
                {"two sources of one name",
                 "sources:\n"
                 "  - {name: a, url: \"https://a.example\", auth: {api_key: k}}\n"
                 "  - {name: a, url: \"https://a.example\", auth: {api_key: k}}\n" RULES NOTIFIERS,
                 "3:12: error: there is another source \"a\" (in cardwatch.yaml, line 2)"},
                {"a key without a certificate",
                 SOURCE("url: \"https://a.example\", auth: {api_key: k}, tls: {key: /dev/null}"),
                 "1:76: error: \"key\" needs \"cert\""},
                {"certificates that are not there",
                 SOURCE("url: \"https://a.example\", auth: {api_key: k}, tls: {ca: ca.pem}"),
                 "1:80: error: cannot read ca.pem: No such file or directory"},
                {"a key itself where its file belongs",
                 SOURCE("url: \"https://a.example\", auth: {api_key: k}, tls: {cert: /dev/null, key: \"plain:MIIE\"}"),
                 "1:98: error: cannot read the file that \"key\" names: No such file or directory"},
        };

        (void)state;
        expect_mistakes(cases, CW_ARRAY_SIZE(cases));
}

#define NOTIFIER(rest) SOURCES RULES "notifiers: [{name: n, " rest "}]\n"
#define EMAIL(rest)    NOTIFIER("type: email, from: a@b.example, to: [c@d.example], " rest)
#define LABELLED(labels)                                                                                               \
        SOURCES "rules: [{name: low, when: available < 100, labels: {" labels "}}]\n"                                  \
                "notifiers: [{name: am, type: alertmanager, url: \"http://127.0.0.1:9093\"}]\n"

static void test_notifiers(void **state)
{
        static const struct mistake cases[] = {
                {"no notifiers", SOURCES RULES, " warning: there are no notifiers: nobody will be told"},
                {"no type", NOTIFIER("timeout: 1s"), "6:13: error: notifiers[0] needs \"type\""},
                {"a type that nobody knows", NOTIFIER("type: smoke"),
                 "6:29: error: \"type\" must be one of webhook, email, syslog, file, slack, discord, teams, telegram, "
                 "matrix, "
                 "ntfy, gotify, pushover, pagerduty, alertmanager, exec"},
                {"a key of another type", NOTIFIER("type: syslog, smtp: \"smtp://a.example\""),
                 "6:37: error: \"smtp\" is no key of this type"},
                {"a hook without an address", NOTIFIER("type: webhook"), "6:13: error: notifiers[0] needs \"url\""},
                {"a hook that is no http", NOTIFIER("type: webhook, url: \"gopher://a.example\""),
                 "6:43: error: \"url\" must begin with http:// or https://"},
                {"a signing secret that was not copied whole",
                 NOTIFIER("type: webhook, url: \"https://a.example\", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"),
                 "6:72: error: \"secret\" begins with whsec_, but what follows is not base64: copy all of it"},
                {"a signing secret with bits of no byte",
                 NOTIFIER("type: webhook, url: \"https://a.example\", secret: whsec_eB=="),
                 "6:72: error: \"secret\" begins with whsec_, but what follows is not base64: copy all of it"},
                {"a header of our own", NOTIFIER("type: webhook, url: \"https://a.example\", headers: {Webhook-Id: x}"),
                 "6:74: error: header \"Webhook-Id\" is set by cardwatch itself"},
                {"a header that is none", NOTIFIER("type: webhook, url: \"https://a.example\", headers: {\"a b\": x}"),
                 "6:74: error: \"a b\" cannot be the name of a header"},
                {"a header with a line break",
                 NOTIFIER("type: webhook, url: \"https://a.example\", headers: {a: \"x\\ny\"}"),
                 "6:74: error: the value of header \"a\" holds control characters"},
                {"a header that looks like a secret's reference",
                 NOTIFIER("type: webhook, url: \"https://a.example\", headers: {a: \"env:TOKEN\"}"),
                 "6:77: warning: headers are sent as they stand: this is not looked up"},
                {"a proxy that is none",
                 NOTIFIER("type: webhook, url: \"https://a.example\", proxy: \"ftp://p.example\""),
                 "6:71: error: \"proxy\" must begin with http://, https://, socks4://, socks4a://, socks5:// or "
                 "socks5h://"},
                {"a mail server without a scheme", EMAIL("smtp: mail.example"),
                 "6:80: error: \"smtp\" must begin with smtp:// or smtps://"},
                {"a mail server by http", EMAIL("smtp: \"http://mail.example\""),
                 "6:80: error: \"smtp\" must begin with smtp:// or smtps://"},
                {"a mail server with a user", EMAIL("smtp: \"smtp://a@mail.example\""),
                 "6:80: error: \"smtp\" must not hold a user or a password: they have keys of their own"},
                {"a mail server with a path", EMAIL("smtp: \"smtp://mail.example/in\""),
                 "6:80: error: \"smtp\" must be a host and perhaps a port, without a path"},
                {"a mail name without a password", EMAIL("smtp: \"smtp://mail.example\", username: u"),
                 "6:103: error: \"username\" needs \"password\""},
                {"a password in the clear",
                 EMAIL("smtp: \"smtp://mail.example\", username: u, password: p, starttls: off"),
                 "6:129: warning: the password may go over the network unencrypted; \"starttls: required\" prevents "
                 "that"},
                {"starttls where TLS is all there is", EMAIL("smtp: \"smtps://mail.example\", starttls: off"),
                 "6:104: warning: \"starttls\" has no effect with smtps://"},
                {"a sender who is none",
                 NOTIFIER("type: email, smtp: \"smtp://127.0.0.1\", from: \"Ops <a@b.example>\", to: [c@d.example]"),
                 "6:68: error: \"from\" must be a mail address such as ops@example.com"},
                {"a receiver in letters that mail servers need not know",
                 NOTIFIER("type: email, smtp: \"smtp://127.0.0.1\", from: a@b.example, to: [m\xc3\xbcller@d.example]"),
                 "6:86: error: \"to\" must be a mail address in ASCII (a domain in other letters has a form that "
                 "begins with xn--)"},
                {"a receiver who would begin a header",
                 NOTIFIER("type: email, smtp: \"smtp://127.0.0.1\", from: a@b.example, to: [\"c@d.example\\r\\nBcc: "
                          "x@y\"]"),
                 "6:86: error: \"to\" must be a mail address such as ops@example.com"},
                {"a customer's address that is none",
                 SOURCES RULES "notifiers: [{name: m, type: email, smtp: \"smtp://h\", from: a@b.c, to: [d@e.f], "
                               "to_customers: {1: x}}]\n",
                 "6:98: error: \"to_customers\" must be a mail address such as ops@example.com"},
                {"a customer that is no number",
                 SOURCES RULES "notifiers: [{name: m, type: email, smtp: \"smtp://h\", from: a@b.c, to: [d@e.f], "
                               "to_customers: {acme: x@y.z}}]\n",
                 "6:95: error: \"acme\" is no customer's number"},
                {"a customer twice",
                 SOURCES RULES "notifiers: [{name: m, type: email, smtp: \"smtp://h\", from: a@b.c, to: [d@e.f], "
                               "to_customers: {7: x@y.z, 007: x@y.z}}]\n",
                 "6:94: error: customer 7 stands twice"},
                {"customers' addresses without customers",
                 SOURCES RULES "notifiers: [{name: m, type: email, smtp: \"smtp://h\", from: a@b.c, to: [d@e.f], "
                               "to_customers: [x@y.z]}]\n",
                 "6:94: error: \"to_customers\" must be a mapping of customers' numbers to addresses"},
                {"a chat without an address", NOTIFIER("type: slack"), "6:13: error: notifiers[0] needs \"url\""},
                {"a chat that is signed", NOTIFIER("type: slack, url: \"https://a.example\", secret: x"),
                 "6:62: error: \"secret\" is no key of this type"},
                {"a bot without a chat", NOTIFIER("type: telegram, token: \"1:a\""),
                 "6:13: error: notifiers[0] needs \"chat_id\""},
                {"a bot's token with a slash", NOTIFIER("type: telegram, chat_id: 1, token: \"1:a/b\""),
                 "6:58: error: \"token\" must look like 123456:ABC-DEF, as the BotFather gives it"},
                {"a chat by a link", NOTIFIER("type: telegram, token: \"1:a\", chat_id: \"https://t.me/x\""),
                 "6:62: error: \"chat_id\" must be a number such as -1001234567890, or @name of a channel"},
                {"a bot's server with a query",
                 NOTIFIER("type: telegram, token: \"1:a\", chat_id: \"@ops\", url: \"https://a.example/?x\""),
                 "6:75: error: \"url\" must end with the path, without ? or #"},
                {"a room by its alias",
                 NOTIFIER("type: matrix, url: \"https://a.example\", token: t, room: \"#ops:a.example\""),
                 "6:79: error: \"room\" must be the id of a room, which begins with \"!\" (a room's settings show it)"},
                {"a token with a line break", NOTIFIER("type: gotify, url: \"https://a.example\", token: \"a\\r\\nb\""),
                 "6:70: error: \"token\" must be of ASCII letters, digits and signs, without blanks"},
                {"a topic with a slash", NOTIFIER("type: ntfy, url: \"https://a.example\", topic: a/b"),
                 "6:68: error: \"topic\" must be at most 64 letters, digits, \"_\" and \"-\""},
                {"a push key that is a mail address", NOTIFIER("type: pushover, token: t, user: me@a.example"),
                 "6:55: error: \"user\" must be of letters and digits"},
                {"a pager without a key", NOTIFIER("type: pagerduty"),
                 "6:13: error: notifiers[0] needs \"routing_key\""},
                {"a pager's key with a blank", NOTIFIER("type: pagerduty, routing_key: \"a b\""),
                 "6:53: error: \"routing_key\" must be of ASCII letters, digits and signs, without blanks"},
                {"an Alertmanager nowhere", NOTIFIER("type: alertmanager"), "6:13: error: notifiers[0] needs \"url\""},
                {"a label that Alertmanager refuses", LABELLED("\"cost-centre\": x"),
                 "5:53: error: \"cost-centre\" cannot be a label in Alertmanager: letters, digits and _ only, and no "
                 "digit first"},
                {"a label that begins with a digit", LABELLED("\"1a\": x"),
                 "5:53: error: \"1a\" cannot be a label in Alertmanager: letters, digits and _ only, and no digit "
                 "first"},
                {"a label that Alertmanager has already", LABELLED("severity: x"),
                 "5:53: warning: Alertmanager is not told of this label: cardwatch sets \"severity\" itself"},
                {"a command that is none", NOTIFIER("type: exec, command: []"),
                 "6:44: error: \"command\" must not be empty"},
                {"a command at a relative path", NOTIFIER("type: exec, command: [bin/tell, /x]"),
                 "6:45: error: \"command\" must begin with the absolute path of a program"},
                {"a command for a shell", NOTIFIER("type: exec, command: tell-them"),
                 "6:44: error: \"command\" must begin with the absolute path of a program"},
                {"nobody to mail to", NOTIFIER("type: email, smtp: \"smtp://127.0.0.1\", from: a@b.example, to: []"),
                 "6:85: error: \"to\" must not be empty"},
                {"a log that is nowhere", NOTIFIER("type: syslog, target: remote"),
                 "6:45: error: \"target\" must be local, unix:PATH, udp://HOST, tcp://HOST or tls://HOST"},
                {"a log at a relative path", NOTIFIER("type: syslog, target: \"unix:dev/log\""),
                 "6:45: error: \"unix:\" must be followed by the absolute path of a socket, of at most 107 bytes"},
                {"a log over TLS with a path", NOTIFIER("type: syslog, target: \"tls://a.example/x\""),
                 "6:45: error: \"target\" must be a host and perhaps a port, and nothing else"},
                {"a facility that is none", NOTIFIER("type: syslog, facility: local8"),
                 "6:47: error: \"facility\" must be one of kern, user, mail, daemon, auth, syslog, lpr, news, uucp, "
                 "cron, "
                 "authpriv, ftp, local0, local1, local2, local3, local4, local5, local6, local7 (did you mean "
                 "\"local0\"?)"},
                {"a program with a space", NOTIFIER("type: syslog, app_name: \"a b\""),
                 "6:47: error: \"app_name\" must be 1 to 48 printable ASCII characters without spaces"},
                {"a file at a relative path", NOTIFIER("type: file, path: alerts.jsonl"),
                 "6:41: error: \"path\" must be an absolute path of a file"},
                {"a list that is too long", NOTIFIER("type: syslog, list: 501"),
                 "6:43: error: \"list\" must be a whole number from 1 to 500, or all"},
                {"two notifiers of one name",
                 SOURCES RULES "notifiers: [{name: n, type: syslog}, {name: n, type: syslog}]\n",
                 "6:45: error: there is another notifier \"n\" (in cardwatch.yaml, line 6)"},
        };

        (void)state;
        expect_mistakes(cases, CW_ARRAY_SIZE(cases));
}

static void test_route_and_builtin(void **state)
{
        static const struct mistake cases[] = {
                {"a notifier that no route reaches",
                 SOURCES RULES "notifiers: [{name: a, type: syslog}, {name: b, type: syslog}]\nroute: {notify: [a]}\n",
                 "6:45: warning: no route reaches notifier \"b\""},
                {"a notifier that is named twice", BASE "route: {notify: [log, log]}\n",
                 "7:23: error: \"log\" is named twice"},
                {"a group by what nothing has", BASE "route: {group_by: [rule, team]}\n",
                 "7:26: error: \"team\" is none of rule, severity, customer, currency, card, and no rule has a label "
                 "of that name"},
                {"a route that is no list", BASE "route: {notify: {log: 1}}\n",
                 "7:17: error: \"notify\" must be a list of names"},
                {"a negative wait", BASE "route: {group_wait: -1s}\n",
                 "7:21: error: \"group_wait\" must be a duration such as 500ms, 30s, 5m or 1h30m"},
                {"a builtin that does not exist", BASE "builtin: {source-donw: off}\n",
                 "7:11: error: unknown key \"source-donw\" in builtin (did you mean \"source-down\"?)"},
                {"a builtin that is no", BASE "builtin: {stale: no}\n",
                 "7:18: error: \"stale\" must be off, or a mapping such as {severity: info}"},
                {"a builtin with another's key", BASE "builtin: {stale: {after: 3}}\n",
                 "7:19: error: unknown key \"after\" in builtin.stale"},
                {"polls where a time belongs", BASE "builtin: {notifier-failing: {after: 3}}\n",
                 "7:37: error: \"after\" must be a duration such as 500ms, 30s, 5m or 1h30m: the unit is missing"},
                {"a time where polls belong", BASE "builtin: {source-down: {after: 5m}}\n",
                 "7:32: error: \"after\" must be a whole number from 1 to 1000"},
        };

        (void)state;
        expect_mistakes(cases, CW_ARRAY_SIZE(cases));
}

/* A route, a window, an inhibition: each mistake where it stands, with what was probably meant. */
static void test_routes(void **state)
{
        static const struct mistake cases[] = {
                {"a rule that does not exist", BASE "route: {routes: [{match: {rule: lwo}}]}\n",
                 "7:33: error: there is no rule \"lwo\" (did you mean \"low\"?)"},
                {"a built-in alert that does not exist", BASE "route: {routes: [{match: {rule: [low, stael]}}]}\n",
                 "7:39: error: there is no rule \"stael\" (did you mean \"stale\"?)"},
                {"a source that does not exist", BASE "route: {routes: [{match: {source: mian}}]}\n",
                 "7:35: error: there is no source \"mian\" (did you mean \"main\"?)"},
                {"a severity that does not exist", BASE "route: {routes: [{match: {severity: fatal}}]}\n",
                 "7:37: error: \"severity\" must be one of info, warning, critical"},
                {"nothing to match", BASE "route: {routes: [{match: {customer: []}}]}\n",
                 "7:37: error: \"customer\" must not be empty"},
                {"a key of a match that is nearly one", BASE "route: {routes: [{match: {severty: info}}]}\n",
                 "7:27: error: unknown key \"severty\" in route.routes[0].match (did you mean \"severity\"?)"},
                {"a key of a grandchild that is nearly one", BASE "route: {routes: [{routes: [{contine: true}]}]}\n",
                 "7:29: error: unknown key \"contine\" in route.routes[0].routes[0] (did you mean \"continue\"?)"},
                {"the root matches everything", BASE "route: {match: {rule: low}}\n",
                 "7:9: error: unknown key \"match\" in route"},
                {"a label that no rule has", BASE "route: {routes: [{match: {labels: {team: x}}}]}\n",
                 "7:36: warning: no rule has a label \"team\": this matches nothing"},
                {"a route behind one that takes all", BASE "route: {routes: [{notify: log}, {match: {rule: low}}]}\n",
                 "7:33: warning: no alert comes to this route: the one in line 7 takes them all"},
                {"a route behind its like", BASE "route: {routes: [{match: {rule: low}}, {match: {rule: low}}]}\n",
                 "7:40: warning: no alert comes to this route: the one in line 7 takes the same ones"},
                {"a notifier of a child", BASE "route: {routes: [{match: {rule: low}, notify: lgo}]}\n",
                 "7:47: error: there is no notifier \"lgo\" (did you mean \"log\"?)"},
                {"a step without its time", BASE "route: {escalate: [{notify: log}]}\n",
                 "7:20: error: route.escalate[0] needs \"after\""},
                {"a step at once", BASE "route: {escalate: [{after: 0s, notify: log}]}\n",
                 "7:28: error: \"after\" must be from 1ms to 365000d"},
                {"a step to nobody", BASE "route: {escalate: [{after: 5m, notify: []}]}\n",
                 "7:40: error: \"notify\" must name at least one notifier"},
                {"steps that are no list", BASE "route: {escalate: {after: 5m, notify: log}}\n",
                 "7:19: error: \"escalate\" must be a list"},
                {"a group by what is nearly a key", BASE "route: {group_by: [custmer]}\n",
                 "7:20: error: \"custmer\" is none of rule, severity, customer, currency, card, and no rule has a "
                 "label "
                 "of that name (did you mean \"customer\"?)"},
                {"a repetition without its unit", BASE "route: {routes: [{repeat_every: 4}]}\n",
                 "7:33: error: \"repeat_every\" must be a duration such as 500ms, 30s, 5m or 1h30m: the unit is "
                 "missing"},
        };

        (void)state;
        expect_mistakes(cases, CW_ARRAY_SIZE(cases));
}

#define WINDOW(keys) BASE "windows: [{name: w, " keys "}]\nroute: {mute: w}\n"

static void test_windows(void **state)
{
        static const struct mistake cases[] = {
                {"muted in a window that does not exist",
                 BASE "windows: [{name: nights, from: \"22:00\", to: \"07:00\"}]\n"
                      "route: {mute: nights, routes: [{mute: [nigts]}]}\n",
                 "8:40: error: there is no window \"nigts\" (did you mean \"nights\"?)"},
                {"told only in a window that does not exist", BASE "route: {only: office}\n",
                 "7:15: error: there is no window \"office\""},
                {"muted in what reads like a boolean", BASE "route: {mute: no}\n",
                 "7:15: error: there is no window \"no\""},
                {"it ends when it begins", WINDOW("from: \"07:00\", to: \"07:00\""),
                 "7:11: error: a window must not end when it begins; a day is from 00:00 to 24:00"},
                {"it begins when the day is over", WINDOW("from: \"24:00\", to: \"07:00\""),
                 "7:11: error: a window must not end when it begins; a day is from 00:00 to 24:00"},
                {"an hour in one digit", WINDOW("from: \"7:00\""),
                 "7:27: error: \"from\" must be a time of day such as \"07:30\", up to \"24:00\""},
                {"an hour that does not exist", WINDOW("to: \"24:01\""),
                 "7:25: error: \"to\" must be a time of day such as \"07:30\", up to \"24:00\""},
                {"a day that is nearly one", WINDOW("days: [tues]"),
                 "7:28: error: \"days\" must be days such as mon or mon-fri (did you mean \"tue\"?)"},
                {"days to nowhere", WINDOW("days: mon-"), "7:27: error: \"days\" must be days such as mon or mon-fri"},
                {"no days", WINDOW("days: []"), "7:27: error: \"days\" must not be empty"},
                {"no dates", WINDOW("dates: []"), "7:28: error: \"dates\" must not be empty"},
                {"a date that does not exist", WINDOW("dates: [2027-02-29]"),
                 "7:29: error: \"dates\" must be a date such as 2026-12-24"},
                {"a date of another order", WINDOW("except: [25-12-2026]"),
                 "7:30: error: \"except\" must be a date such as 2026-12-24"},
                {"days and dates", WINDOW("days: mon, dates: 2026-12-24"),
                 "7:32: error: \"days\" and \"dates\" exclude each other"},
                {"a key that is nearly one", WINDOW("form: \"07:00\""),
                 "7:21: error: unknown key \"form\" in windows[0] (did you mean \"from\"?)"},
                {"a name that is none", BASE "windows: [{name: Nights, from: \"22:00\"}]\n",
                 "7:18: error: \"Nights\" is no name: it must begin with a-z or 0-9 and go on with those, _ and -"},
                {"no name", BASE "windows: [{from: \"22:00\"}]\n", "7:11: error: windows[0] needs \"name\""},
                {"a name of two", BASE "windows: [{name: w}, {name: w}]\nroute: {mute: w}\n",
                 "7:29: error: there is another window \"w\" (in cardwatch.yaml, line 7)"},
                {"one that nobody uses", BASE "windows: [{name: w, from: \"22:00\"}]\n",
                 "7:11: warning: no route uses window \"w\""},
        };

        (void)state;
        expect_mistakes(cases, CW_ARRAY_SIZE(cases));
}

static void test_inhibitions(void **state)
{
        static const struct mistake cases[] = {
                {"a rule that does not exist", BASE "inhibit: [{source: {rule: source-dwon}, target: {rule: low}}]\n",
                 "7:27: error: there is no rule \"source-dwon\" (did you mean \"source-down\"?)"},
                {"nothing that holds", BASE "inhibit: [{target: {rule: low}}]\n",
                 "7:11: error: inhibit[0] needs \"source\""},
                {"nothing that is held", BASE "inhibit: [{source: {rule: low}}]\n",
                 "7:11: error: inhibit[0] needs \"target\""},
                {"alike in what is nearly a key",
                 BASE "inhibit: [{source: {rule: stale}, target: {rule: low}, equal: [sorce]}]\n",
                 "7:64: error: \"sorce\" is none of rule, severity, source, customer, reference, currency, card, and "
                 "no "
                 "rule has a label of that name (did you mean \"source\"?)"},
        };

        (void)state;
        expect_mistakes(cases, CW_ARRAY_SIZE(cases));
}

static void test_a_tree_of_mistakes_is_one_pass(void **state)
{
        static const char *const said[] = {"8:39: error: there is no window", "9:16: error: there is no rule",
                                           "9:28: error: there is no source", "9:40: error: there is no notifier",
                                           "10:9: error: unknown key",        "11:25: error: \"to\" must",
                                           "12:27: error: there is no rule"};
        struct loaded loaded;

        (void)state;
        load_text(&loaded, BASE "route:\n"
                                "  {group_wait: 5s, notify: log, mute: w, routes: [\n"
                                "{match: {rule: lw, source: x}, notify: lg,\n"
                                "        repeat: 4h}]}\n"
                                "windows: [{name: v, to: \"25:00\"}]\n"
                                "inhibit: [{source: {rule: stal}, target: {rule: low}}]\n");
        for (size_t i = 0; i < CW_ARRAY_SIZE(said); i++)
                assert_non_null(strstr(cw_buf_text(&loaded.text), said[i]));
        assert_int_equal(loaded.report.n_items, CW_ARRAY_SIZE(said));
        loaded_deinit(&loaded);
}

/* What is wrong with a hundred thousand things is not worth a hundred thousand lines. */
static void test_mistakes_are_bounded(void **state)
{
        struct cw_buf yaml = CW_BUF_NULL;
        struct loaded loaded;

        (void)state;
        cw_buf_puts(&yaml, BASE);
        for (int i = 0; i < 5000; i++)
                cw_buf_printf(&yaml, "unknown%d: 1\n", i);
        load_text(&loaded, cw_buf_text(&yaml));
        assert_int_equal(loaded.result, -EINVAL);
        assert_int_equal(loaded.report.n_items, 500);
        loaded_deinit(&loaded);
        cw_buf_deinit(&yaml);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_five_mistakes_are_five_errors),
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_sources),
                cmocka_unit_test(test_notifiers),
                cmocka_unit_test(test_route_and_builtin),
                cmocka_unit_test(test_routes),
                cmocka_unit_test(test_windows),
                cmocka_unit_test(test_inhibitions),
                cmocka_unit_test(test_a_tree_of_mistakes_is_one_pass),
                cmocka_unit_test(test_mistakes_are_bounded),
        };

        return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
