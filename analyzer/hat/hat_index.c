#include "analyzer/hat/hat_index.h"

#include <ctype.h>
#include <stdlib.h>

static enum hat_class
class_of(enum hat_kind k)
{
	static const uint8_t classes[HAT_KIND_COUNT] = {
		[HAT_KIND_ALL] = HAT_CLASS_CERTAIN,
		[HAT_KIND_ADDRESS] = HAT_CLASS_ADDRESS,
		[HAT_KIND_GROUP_RANGE] = HAT_CLASS_ADDRESS,
		[HAT_KIND_NAME] = HAT_CLASS_NAME,
		[HAT_KIND_DOMAIN] = HAT_CLASS_NAME,
		[HAT_KIND_NX_DOMAIN] = HAT_CLASS_VERIFICATION,
		[HAT_KIND_SERV_FAIL] = HAT_CLASS_VERIFICATION,
		[HAT_KIND_NOT_VERIFIED] = HAT_CLASS_VERIFICATION,
		[HAT_KIND_SCORE] = HAT_CLASS_SCORE,
		[HAT_KIND_SCORE_NONE] = HAT_CLASS_SCORE,
		[HAT_KIND_COUNTRY] = HAT_CLASS_COUNTRY,
		[HAT_KIND_OWNER] = HAT_CLASS_NEVER_KNOWN,
		[HAT_KIND_DNSLIST] = HAT_CLASS_NEVER_KNOWN,
		[HAT_KIND_FEED] = HAT_CLASS_NEVER_KNOWN,
		[HAT_KIND_OTHER] = HAT_CLASS_NEVER_KNOWN,
		[HAT_KIND_UNREAD] = HAT_CLASS_NEVER_KNOWN,
	};

	return classes[k];
}

/* What one build works with. */
struct build {
	struct hat_index *x;
	const struct hat_entry *entries;
	const struct hat_group *groups;
	size_t entry_count, group_count;
};

static bool
decides(const struct build *b, size_t entry)
{
	return b->groups[b->entries[entry].group].action != HAT_ACTION_CONTINUE;
}

static bool
build_ranges(struct build *b, struct hat_ranges *r, enum hat_kind kind, uint8_t family)
{
	struct hat_range *ranges = calloc(b->entry_count + 1, sizeof *ranges);
	uint32_t *covered = malloc((b->entry_count + 1) * sizeof *covered);
	size_t n = 0;
	bool ok;

	for (size_t i = 0; ranges != NULL && i < b->entry_count; i++) {
		const struct hat_host *h = &b->entries[i].host;

		if (h->kind == (uint8_t)kind && h->family == family && decides(b, i))
			ranges[n++] = (struct hat_range){ h->lo, h->hi, (uint32_t)i };
	}
	ok = ranges != NULL && covered != NULL && hat_ranges_build(r, ranges, n, covered);
	for (size_t i = 0; ok && i < n; i++)
		b->x->covered[ranges[i].value] = covered[i];
	free(ranges);
	free(covered);
	return ok;
}

/* The next `.domain` that the name or domain in `text` lies in; its dot first. */
static bool
next_domain(struct bytes *text)
{
	const uint8_t *dot;

	if (text->n < 2)
		return false;
	dot = memchr(text->p + 1, '.', text->n - 1);
	if (dot == NULL)
		return false;
	*text = bytes_skip(*text, (size_t)(dot - text->p));
	return true;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b; /* HAT_NO_INDEX is the greatest */
}

/* The first entry for a verified name, given in lower case. */
static uint32_t
find_name(const struct hat_index *x, struct bytes name)
{
	uint32_t found = hat_texts_find(&x->names, name);

	while (next_domain(&name))
		found = least(found, hat_texts_find(&x->names, name));
	return found;
}

static bool
build_texts(struct build *b)
{
	struct hat_index *x = b->x;
	char room[HAT_HOST_ROOM];

	for (size_t i = 0; i < b->entry_count; i++) {
		bool name = class_of(b->entries[i].host.kind) == HAT_CLASS_NAME;
		struct bytes text = bytes_of(room, hat_host_format(&b->entries[i].host, room));
		uint32_t found = name ? find_name(x, text) : hat_texts_find(&x->texts, text);

		if (found != HAT_TEXTS_NONE)
			x->covered[i] = found;
		if (decides(b, i) && hat_texts_add(name ? &x->names : &x->texts, text,
					 (uint32_t)i) == HAT_TEXTS_NONE)
			return false;
	}
	return true;
}

static bool
build_list(struct build *b, struct hat_list *l, enum hat_kind kind)
{
	l->at = malloc((b->entry_count + 1) * sizeof *l->at);
	for (size_t i = 0; l->at != NULL && i < b->entry_count; i++)
		if (b->entries[i].host.kind == (uint8_t)kind && decides(b, i))
			l->at[l->count++] = (uint32_t)i;
	return l->at != NULL;
}

/* The first of each outcome in each class. */
static bool
build_unsure(struct build *b)
{
	uint8_t *seen = calloc(b->group_count + 1, 1); /* a bit for each class */
	bool ok = seen != NULL;

	for (int c = 0; c < HAT_CLASS_COUNT; c++) {
		b->x->unsure[c].at = malloc((b->group_count + 1) * sizeof(uint32_t));
		ok = ok && b->x->unsure[c].at != NULL;
	}
	for (size_t i = 0; ok && i < b->entry_count; i++) {
		enum hat_class c = class_of(b->entries[i].host.kind);
		uint32_t outcome = b->groups[b->entries[i].group].outcome;

		if (!decides(b, i) || (seen[outcome] >> c & 1) != 0)
			continue;
		seen[outcome] = (uint8_t)(seen[outcome] | 1u << c);
		b->x->unsure[c].at[b->x->unsure[c].count++] = (uint32_t)i;
	}
	free(seen);
	return ok;
}

static void
build_firsts(struct build *b)
{
	uint32_t *first = b->x->first, all;

	for (size_t i = b->entry_count; i > 0; i--)
		if (decides(b, i - 1))
			first[b->entries[i - 1].host.kind] = (uint32_t)(i - 1);
	all = first[HAT_KIND_ALL];
	for (size_t i = 0; i < b->entry_count; i++)
		if (i > all && b->x->covered[i] == HAT_NO_INDEX)
			b->x->covered[i] = all;
}

bool
hat_index_build(struct hat_index *x, const struct hat_entry *entries, size_t entry_count,
    const struct hat_group *groups, size_t group_count)
{
	struct build b = { x, entries, groups, entry_count, group_count };

	*x = (struct hat_index){ .covered = malloc((entry_count + 1) * sizeof *x->covered) };
	if (x->covered == NULL)
		return false;
	for (size_t i = 0; i < entry_count; i++)
		x->covered[i] = HAT_NO_INDEX;
	for (int k = 0; k < HAT_KIND_COUNT; k++)
		x->first[k] = HAT_NO_INDEX;
	if (!build_ranges(&b, &x->v4, HAT_KIND_ADDRESS, 4) ||
	    !build_ranges(&b, &x->v6, HAT_KIND_ADDRESS, 6) ||
	    !build_ranges(&b, &x->score, HAT_KIND_SCORE, 0) || !build_texts(&b) ||
	    !build_list(&b, &x->group_ranges, HAT_KIND_GROUP_RANGE) ||
	    !build_list(&b, &x->countries, HAT_KIND_COUNTRY) || !build_unsure(&b))
		return false;
	build_firsts(&b);
	return true;
}

static uint32_t
first_of_list(
    const struct hat_list *l, const struct hat_entry *entries, const struct hat_peer *peer)
{
	for (size_t i = 0; i < l->count; i++)
		if (hat_host_match(&entries[l->at[i]].host, peer) == HAT_YES)
			return l->at[i];
	return HAT_NO_INDEX;
}

static uint32_t
first_name(const struct hat_index *x, struct bytes name)
{
	char lower[HAT_HOST_MAX + 1];

	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	if (name.n == 0 || name.n > HAT_HOST_MAX)
		return HAT_NO_INDEX;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = (char)tolower(name.p[i]);
	return find_name(x, bytes_of(lower, name.n));
}

uint32_t
hat_index_first(
    const struct hat_index *x, const struct hat_entry *entries, const struct hat_peer *peer)
{
	static const uint8_t kind_of_state[] = {
		[HAT_NAME_UNKNOWN] = HAT_KIND_ALL,
		[HAT_NAME_VERIFIED] = HAT_KIND_ALL,
		[HAT_NAME_NONE] = HAT_KIND_NX_DOMAIN,
		[HAT_NAME_SERVFAIL] = HAT_KIND_SERV_FAIL,
		[HAT_NAME_MISMATCH] = HAT_KIND_NOT_VERIFIED,
		[HAT_NAME_NOT_VERIFIED] = HAT_KIND_ALL,
	};
	uint32_t found = least(x->first[HAT_KIND_ALL], x->first[kind_of_state[peer->name_state]]);

	if (peer->addr.family == 4)
		found = least(found, hat_ranges_find(&x->v4, hat_key_of(&peer->addr)));
	if (peer->addr.family == 6) {
		found = least(found, hat_ranges_find(&x->v6, hat_key_of(&peer->addr)));
		found = least(found, first_of_list(&x->group_ranges, entries, peer));
	}
	if (peer->name_state == HAT_NAME_VERIFIED)
		found = least(found, first_name(x, peer->name));
	if (peer->sbrs_state == HAT_NONE)
		found = least(found, x->first[HAT_KIND_SCORE_NONE]);
	if (peer->sbrs_state == HAT_KNOWN)
		found = least(found, hat_ranges_find(&x->score, hat_score_key(peer->sbrs)));
	if (peer->country_state == HAT_KNOWN)
		found = least(found, first_of_list(&x->countries, entries, peer));
	return found;
}

bool
hat_index_is_unsure(enum hat_class c, const struct hat_peer *peer)
{
	switch (c) {
	case HAT_CLASS_ADDRESS:
		return peer->addr.family == 0;
	case HAT_CLASS_NAME:
		return peer->name_state == HAT_NAME_UNKNOWN;
	case HAT_CLASS_VERIFICATION:
		return peer->name_state == HAT_NAME_UNKNOWN ||
		       peer->name_state == HAT_NAME_NOT_VERIFIED;
	case HAT_CLASS_SCORE:
		return peer->sbrs_state == HAT_UNKNOWN;
	case HAT_CLASS_COUNTRY:
		return peer->country_state == HAT_UNKNOWN;
	case HAT_CLASS_NEVER_KNOWN:
		return true;
	case HAT_CLASS_CERTAIN:
	case HAT_CLASS_COUNT:
		break;
	}
	return false;
}

uint32_t
hat_index_named(const struct hat_index *x, struct bytes matched)
{
	char room[HAT_HOST_ROOM];
	struct hat_host host;
	const char *remark;

	if (matched.n == 0 || !hat_host_parse(&host, matched, &remark))
		return HAT_NO_INDEX;
	return hat_texts_find(class_of(host.kind) == HAT_CLASS_NAME ? &x->names : &x->texts,
	    bytes_of(room, hat_host_format(&host, room)));
}

void
hat_index_clear(struct hat_index *x)
{
	hat_ranges_clear(&x->v4);
	hat_ranges_clear(&x->v6);
	hat_ranges_clear(&x->score);
	hat_texts_clear(&x->names);
	hat_texts_clear(&x->texts);
	free(x->group_ranges.at);
	free(x->countries.at);
	for (int c = 0; c < HAT_CLASS_COUNT; c++)
		free(x->unsure[c].at);
	free(x->covered);
	*x = (struct hat_index){ 0 };
}
