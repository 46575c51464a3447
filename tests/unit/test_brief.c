#include <criterion/criterion.h>

#include "analyzer/flow/brief.h"
#include "rows.h"

#define KEYS 3000
#define BRIEF_SECRET UINT64_C(0x1234567890abcdef)

struct bench {
	struct budget budget;
	struct limits limits;
	struct brief *brief;
};

static void
bench_init(struct bench *b, size_t max)
{
	*b = (struct bench){ .budget = { .max = max } };
	b->brief = brief_new(&b->budget, BRIEF_SECRET);
	cr_assert_not_null(b->brief);
}

static void
bench_clear(struct bench *b)
{
	brief_free(b->brief);
	cr_assert_eq(b->budget.used, 0, "every octet taken is given back");
}

/* Every third is IPv6; neighbours differ in one port or one octet only. */
static struct conn_key
key_of(uint32_t n)
{
	struct conn_key key;

	memset(&key, 0, sizeof key);
	key.client.addr.family = key.server.addr.family = n % 3 == 0 ? 6 : 4;
	key.client.addr.octet[n % 3 == 0 ? 15 : 3] = (uint8_t)(n / 3 % 7);
	key.server.addr.octet[0] = (uint8_t)(n % 2);
	key.client.port = (uint16_t)(1024 + n / 21);
	key.server.port = 25;
	key.hash = key_hash(BRIEF_SECRET, &key.server, &key.client);
	return key;
}

static struct segment
syn_of(uint32_t n, int64_t ts_ns)
{
	return (struct segment){ .ts_ns = ts_ns,
		.frame_no = n + 1,
		.seq = n * 1000003,
		.window = 512,
		.flags = TCP_SYN,
		.window_shift = 7,
		.ts_digits = 9 };
}

/* Random additions and removals, checked against a list of what is there. */
Test(brief, holds_what_a_list_holds)
{
	static bool there[KEYS];
	uint32_t state = 7, live = 0;
	struct bench b;

	bench_init(&b, 1 << 24);
	for (uint32_t step = 0; step < 100000; step++) {
		uint32_t n = (state = state * 1664525 + 1013904223) / 256 % KEYS;
		struct conn_key key = key_of(n), known;
		struct brief_entry *e = brief_find(b.brief, &key).syn;
		struct segment syn = syn_of(n, step);

		cr_assert_eq(e != NULL, there[n], "key %u in step %u", n, step);
		if (e == NULL) {
			cr_assert_not_null(brief_add(b.brief, &key, &syn, step, 0));
		} else {
			brief_key(b.brief, e, &known);
			cr_assert(conn_key_eq(&key, &known));
			cr_assert_eq(e->seq, n * 1000003);
			brief_remove(b.brief, e);
		}
		there[n] = !there[n];
		live = there[n] ? live + 1 : live - 1;
		cr_assert_eq(brief_oldest(b.brief) != NULL, live > 0);
	}
	cr_assert_gt(live, KEYS / 4);
	bench_clear(&b);
}

Test(brief, the_oldest_comes_first)
{
	struct bench b;

	bench_init(&b, 1 << 24);
	for (uint32_t n = 0; n < 600; n++) {
		struct conn_key key = key_of(n);
		struct segment syn = syn_of(n, n);

		cr_assert_not_null(brief_add(b.brief, &key, &syn, n, 0));
	}
	for (uint32_t n = 100; n < 200; n++) {
		struct conn_key key = key_of(n);

		brief_remove(b.brief, brief_find(b.brief, &key).syn);
	}
	for (uint32_t n = 0; n < 600; n++) {
		if (n < 100 || n >= 200) {
			cr_assert_eq(brief_oldest(b.brief)->id, n);
			brief_remove(b.brief, brief_oldest(b.brief));
		}
	}
	cr_assert_null(brief_oldest(b.brief));
	bench_clear(&b);
}

Test(brief, a_small_budget_has_room_for_some)
{
	struct bench b;
	uint32_t n = 0;

	bench_init(&b, 65536);
	for (;; n++) {
		struct conn_key key = key_of(n);
		struct segment syn = syn_of(n, n);

		if (brief_add(b.brief, &key, &syn, n, 0) == NULL)
			break;
	}
	cr_assert_geq(n, 256);
	bench_clear(&b);
}

/* IPv4 entries took all there was: they go, and there is room for one of IPv6. */
Test(brief, one_family_leaves_room_for_the_other)
{
	struct conn_key key;
	struct segment syn;
	struct bench b;
	uint32_t n = 0;

	bench_init(&b, 1 << 20);
	do {
		syn = syn_of(n, n);
		memset(&key, 0, sizeof key);
		key.client.addr.family = key.server.addr.family = 4;
		key.client.addr.octet[0] = (uint8_t)(n >> 8);
		key.client.addr.octet[1] = (uint8_t)n++;
		key.hash = key_hash(BRIEF_SECRET, &key.client, &key.server);
	} while (brief_add(b.brief, &key, &syn, n, 0) != NULL);
	cr_assert_gt(n, 4096);
	key = key_of(0);
	cr_assert_eq(key.client.addr.family, 6);
	for (n = 0; brief_add(b.brief, &key, &syn, n, 0) == NULL; n++) {
		cr_assert_not_null(brief_oldest(b.brief), "all are gone, and still no room");
		brief_remove(b.brief, brief_oldest(b.brief));
	}
	cr_assert_not_null(brief_oldest(b.brief), "not all of them had to go");
	bench_clear(&b);
}

Test(brief, an_entry_becomes_the_connection_of_its_syn)
{
	struct conn_key key = key_of(5);
	struct segment syn = syn_of(5, 1000);
	struct brief_entry *e;
	struct conn conn;
	struct bench b;

	bench_init(&b, 1 << 20);
	e = brief_add(b.brief, &key, &syn, 77, 0);
	e->syn_count = 3;
	e->last_ms = 3000;
	conn_init(&conn, &key, e->id, &b.budget, &b.limits);
	brief_tell(e, &conn);
	cr_assert_eq(conn.id, 77);
	cr_assert(conn_key_eq(&conn.key, &key));
	cr_assert_eq(conn.first_frame_no, 6);
	cr_assert_eq(conn.first_ts_ns, 1000);
	cr_assert_eq(conn.last_ts_ns, 1000 + INT64_C(3000000000));
	cr_assert_eq(conn.ts_digits, 9);
	cr_assert_eq(conn.half[DIR_CLIENT].syn_count, 3);
	cr_assert_eq(conn.half[DIR_CLIENT].packets, 3);
	cr_assert_eq(conn.half[DIR_CLIENT].window_shift, 7);
	cr_assert(conn.half[DIR_CLIENT].start_seen);
	cr_assert_eq(conn_off(&conn.half[DIR_CLIENT], syn.seq + 1), CONN_ORIGIN);
	conn_finish(&conn);
	conn_clear(&conn);
	bench_clear(&b);
}

/* By the clock of whoever adds it: the SYN's own may be any. */
Test(brief, age)
{
	static const int64_t second = INT64_C(1000000000);
	struct conn_key key = key_of(1);
	struct segment syn = syn_of(1, INT64_MAX - 1);
	struct brief_entry *e;
	struct bench b;

	bench_init(&b, 1 << 20);
	e = brief_add(b.brief, &key, &syn, 1, 65530 * second);
	cr_assert_eq(brief_age_ns(e, 65530 * second), 0);
	cr_assert_eq(brief_age_ns(e, 65535 * second), 5 * second);
	cr_assert_eq(brief_age_ns(e, 65550 * second + 1), 20 * second, "across the modulus");
	bench_clear(&b);
}

/* What a straggler of a reported connection is, and what begins anew. */
static const struct {
	const char *why;
	enum dir dir;
	uint32_t seq;
	uint8_t flags;
	bool straggler;
} rows[] = {
	{ "its last ACK again", DIR_CLIENT, 1101, TCP_ACK, true },
	{ "its FIN again", DIR_SERVER, 5200, TCP_ACK | TCP_FIN, true },
	{ "octets in the middle again", DIR_SERVER, 5050, TCP_ACK, true },
	{ "its SYN again", DIR_CLIENT, 1000, TCP_SYN, true },
	{ "its SYN,ACK again", DIR_SERVER, 5000, TCP_SYN | TCP_ACK, true },
	{ "another SYN", DIR_CLIENT, 4000, TCP_SYN, false },
	{ "octets beyond its end", DIR_CLIENT, 1102, TCP_ACK, false },
	{ "octets far before its beginning", DIR_CLIENT, 1000u - (1u << 24), TCP_ACK, false },
};

ROWS(brief, stragglers, rows)

ParameterizedTest(size_t *i, brief, stragglers)
{
	struct brief_entry e = { .seq = 1000, .end = { 1101, 5201 } };
	struct segment s = { .seq = rows[*i].seq, .flags = rows[*i].flags };

	cr_assert_eq(brief_straggler(&e, rows[*i].dir, &s), rows[*i].straggler, "%s", rows[*i].why);
}
