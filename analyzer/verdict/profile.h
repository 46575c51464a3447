/*
 * profile: the documented exchange, step by step.                     contract: Profiles
 *
 * A step passes when it was seen as documented, fails when something else was seen in its
 * place, and is unknown when it was not seen. The profile is the worst of its steps. A failed
 * step is the finding profile.<name>.<step>: a warning for the gateway's, info for the client's.
 */
#ifndef HATCHECK_PROFILE_H
#define HATCHECK_PROFILE_H

#include "analyzer/verdict/facts.h"

/* Sets the profile of b->rec by its verdict, and adds the findings to `found`. */
struct findings;
void profile_check(const struct facts *f, struct record_builder *b, struct findings *found);

/* The i-th step of all profiles, for those who list them; false past the last. */
struct profile_step {
	const char *profile, *step;
	enum dir from;
	const char *documented;
};
bool profile_step_at(size_t i, struct profile_step *out);

#endif
