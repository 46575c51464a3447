#include "analyzer/cli/faults.h"

#include "fixtures/responder/misbehave.h"

enum status
faults_take(void *field, const char *value, struct fault *fault)
{
	return misbehave_add(field, value, fault);
}

enum status
faults_seed(void *field, const char *value, struct fault *fault)
{
	return options_number(field, 0, UINT64_MAX, value, fault);
}
