#include "capture/base/limits.h"

static const struct {
	const char *name, *meaning;
} rows[LIMIT_COUNT] = {
#define X(id, name, meaning) { name, meaning },
	LIMITS(X)
#undef X
};

const char *
limit_name(enum limit which)
{
	return rows[which].name;
}

const char *
limit_meaning(enum limit which)
{
	return rows[which].meaning;
}
