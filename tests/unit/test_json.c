#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <json-c/json.h>

#include "tests/unit/sample_report.h"

static const char *const connection_keys[] = { "id", "community_id", "client", "server", "start",
	"end", "duration_us", "packets", "octets", "verdict", "outcome", "confidence", "reason",
	"tcp", "smtp", "profile", "log", "hat", "findings" };

#define KEYS (sizeof connection_keys / sizeof connection_keys[0])

/* A path into the document, and the compact JSON that must be there. */
struct row {
	const char *path, *value;
};

static const struct row rows[] = {
	{ "/schema", "\"hatcheck.report/1\"" },
	{ "/generator/name", "\"hatcheck\"" },
	{ "/inputs/logs", "[]" },
	{ "/inputs/hat", "null" },
	{ "/inputs/captures/0",
	    "{\"path\":\"two\\\\x0alines.pcap\",\"format\":\"pcapng\",\"compression\":\"zstd\","
	    "\"link_types\":[\"EN10MB\",\"LINUX_SLL\"],\"packets\":1234,\"bytes\":99999,"
	    "\"first_packet\":\"2009-07-17T23:39:36.123456789Z\","
	    "\"last_packet\":\"2009-07-17T23:39:37.123456789Z\",\"snaplen_cut\":5,"
	    "\"damaged\":\"offset 4096: the file ends inside a packet\"}" },
	{ "/inputs/captures/1/first_packet", "null" },
	{ "/inputs/captures/1/link_types", "[]" },
	{ "/inputs/captures/1/damaged", "null" },
	{ "/summary/connections", "4" },
	{ "/summary/verdicts", "{\"unanswered\":0,\"port_closed\":0,\"tcprefuse\":0,\"dropped\":0,"
			       "\"client_abort\":0,\"not_smtp\":0,\"reject\":0,\"deferred\":0,"
			       "\"delayed_reject\":1,\"accepted\":3,\"incomplete\":0}" },
	{ "/summary/findings", "{\"error\":0,\"warning\":1,\"info\":0}" },
	{ "/summary/log_sessions", "0" },
	{ "/summary/matched", "0" },
	{ "/summary/packets",
	    "{\"frames\":1234,\"segments\":1200,\"bad_checksums\":3,\"undecoded\":0}" },
	{ "/limits/lines_cut", "12" },
	{ "/limits/evicted_connections", "0" },
	{ "/clock", "null" },
	{ "/connections/0/id", "1" },
	{ "/connections/1/id", "2" },
	{ "/connections/2/id", "3" },
	{ "/connections/3/id", "4" },
	{ "/connections/0/community_id", "\"1:qd49kQW7x1acVJHd5XUdzuOvP9Q=\"" },
	{ "/connections/0/client", "{\"ip\":\"192.0.2.10\",\"port\":40001}" },
	{ "/connections/0/start", "\"2009-07-17T23:39:36.123456Z\"" },
	{ "/connections/0/end", "\"2009-07-17T23:39:36.124956Z\"" },
	{ "/connections/0/duration_us", "1500" },
	{ "/connections/0/packets", "{\"client\":0,\"server\":0}" },
	{ "/connections/0/verdict", "\"delayed_reject\"" },
	{ "/connections/0/outcome", "null" },
	{ "/connections/0/confidence", "\"medium\"" },
	{ "/connections/0/reason", "\"every recipient was refused: \\\\xe2\\\\x80\\\\xae550\"" },
	{ "/connections/0/tcp",
	    "{\"handshake\":\"complete\",\"closed_by\":\"server\",\"close\":\"fin\","
	    "\"history\":\"ShAaDdFf\",\"retransmitted\":0,\"reordered\":0,\"gaps\":0}" },
	{ "/connections/0/smtp/greeting",
	    "{\"code\":220,\"text\":\"mx.example.org ESMTP\\\\x0aready\"}" },
	{ "/connections/0/smtp/helo", "\"client\\\\x1b[31m.example\"" },
	{ "/connections/0/smtp/tls", "null" },
	{ "/connections/0/smtp/auth", "null" },
	{ "/connections/0/smtp/mail_from", "[\"\"]" },
	{ "/connections/0/smtp/recipients/0",
	    "{\"address\":\"a@example.org\",\"code\":550,\"enhanced\":\"5.7.1\","
	    "\"text\":\"access \\\"denied\\\"\",\"class\":\"access\"}" },
	{ "/connections/0/smtp/recipients/1",
	    "{\"address\":\"b\\\\xff@example.org\",\"code\":null,\"enhanced\":null,"
	    "\"text\":null,\"class\":\"unknown\"}" },
	{ "/connections/0/profile",
	    "{\"name\":\"delayed_reject\",\"result\":\"fail\",\"steps\":["
	    "{\"step\":\"syn\",\"from\":\"client\",\"frame\":7,\"result\":\"pass\"},"
	    "{\"step\":\"greeting_220\",\"from\":\"server\",\"frame\":null,"
	    "\"result\":\"fail\"}]}" },
	{ "/connections/0/log", "null" },
	{ "/connections/0/hat", "null" },
	{ "/connections/0/findings", "[\"profile.delayed_reject.greeting_220\"]" },
	{ "/connections/1/smtp", "null" },
	{ "/connections/1/profile", "null" },
	{ "/connections/1/tcp/closed_by", "null" },
	{ "/connections/1/tcp/close", "null" },
	{ "/connections/1/findings", "[]" },
	{ "/connections/3/client", "{\"ip\":\"2001:db8::1\",\"port\":40002}" },
	{ "/connections/3/outcome", "\"cut_off\"" },
	{ "/log_sessions", "[]" },
	{ "/findings",
	    "[{\"rule\":\"profile.delayed_reject.greeting_220\",\"severity\":\"warning\","
	    "\"message\":\"the greeting came late\",\"connection\":1,\"icid\":null,"
	    "\"frames\":[7,9]}]" },
};

/* The keys of connections[], in their order, after the first `skip`. */
static void
check_keys(struct json_object *connection, size_t skip)
{
	size_t n = 0;

	json_object_object_foreach(connection, key, value)
	{
		(void)value;
		if (n >= skip)
			cr_assert_str_eq(key, connection_keys[n - skip]);
		n++;
	}
	cr_assert_eq(n, KEYS + skip);
}

static char *
write_one(bool lines, char *folder)
{
	char path[64];
	struct report_config config = { .folder = "/tmp" };
	struct fault fault;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/report", folder);
	*(lines ? &config.ndjson : &config.json) = path;
	cr_assert_eq(sample_report(&config, &fault), STATUS_OK);
	char *text = sample_take(path);
	rmdir(folder);
	return text;
}

ParameterizedTestParameters(json, document)
{
	static size_t index[sizeof rows / sizeof rows[0]];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		index[i] = i;
	return cr_make_param_array(size_t, index, sizeof rows / sizeof rows[0]);
}

ParameterizedTest(size_t *i, json, document)
{
	char folder[] = "/tmp/hatcheck-test-XXXXXX", *text = write_one(false, folder);
	struct json_object *document = json_tokener_parse(text), *value = NULL;
	const char *found;

	cr_assert_not_null(document, "the document is JSON");
	cr_assert_eq(json_pointer_get(document, rows[*i].path, &value), 0, "%s", rows[*i].path);
	found = json_object_to_json_string_ext(
	    value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	cr_assert_str_eq(found, rows[*i].value, "%s: %s", rows[*i].path, found);
	json_object_put(document);
	free(text);
}

Test(json, every_connection_has_every_key_and_a_line)
{
	char folder[] = "/tmp/hatcheck-test-XXXXXX", *text = write_one(false, folder);
	struct json_object *document = json_tokener_parse(text), *list;

	cr_assert(json_object_object_get_ex(document, "connections", &list));
	cr_assert_eq(json_object_array_length(list), 4);
	for (size_t i = 0; i < 4; i++)
		check_keys(json_object_array_get_idx(list, i), 0);
	cr_assert_not_null(strstr(text, "\n    {\"id\":2,"));
	cr_assert_not_null(strstr(text, "\n    {\"id\":4,"));
	json_object_put(document);
	free(text);
}

Test(ndjson, lines_come_as_connections_end)
{
	static const char *const begin[] = { "{\"type\":\"connection\",\"id\":3,",
		"{\"type\":\"connection\",\"id\":1,",
		"{\"type\":\"finding\",\"rule\":\"profile.delayed_reject.greeting_220\",",
		"{\"type\":\"connection\",\"id\":2,", "{\"type\":\"connection\",\"id\":4,",
		"{\"type\":\"summary\",\"schema\":\"hatcheck.report/1\"," };
	char folder[] = "/tmp/hatcheck-test-XXXXXX", *text = write_one(true, folder), *rest = text;

	for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++) {
		char *line = strsep(&rest, "\n");
		struct json_object *o;

		cr_assert(strncmp(line, begin[i], strlen(begin[i])) == 0, "%s", line);
		o = json_tokener_parse(line);
		cr_assert_not_null(o, "%s", line);
		if (strstr(begin[i], "connection") != NULL)
			check_keys(o, 1);
		json_object_put(o);
	}
	cr_assert_str_eq(rest, "");
	free(text);
}
