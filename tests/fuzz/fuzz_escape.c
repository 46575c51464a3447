/*
 * fuzz_escape: whatever the octets, the text is UTF-8 that can be seen, and escaping it
 * again changes nothing; cut by a small room it is the front of the whole.
 */
#include <assert.h>
#include <stdlib.h>

#include "capture/base/escape.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	size_t room = size * ESCAPE_GROWTH + 1, n, again, cut_room;
	char *whole = malloc(room), *twice = malloc(room), *cut;

	assert(whole != NULL && twice != NULL);
	n = escape_text(whole, room, in);
	assert(n < room && strlen(whole) == n);
	assert((n == size) == (size == 0 || memcmp(whole, data, size) == 0));
	again = escape_text(twice, room, bytes_of(whole, n));
	assert(again == n && memcmp(whole, twice, n) == 0);
	for (size_t i = 0; i < n; i++)
		assert((uint8_t)whole[i] >= 0x20 && whole[i] != 0x7f);

	/* An allocation of its own, so that an octet too many is seen. */
	cut_room = size == 0 ? 1 : data[0] % 32 + 1u;
	cut = malloc(cut_room);
	assert(cut != NULL);
	assert(escape_text(cut, cut_room, in) == n);
	assert(strlen(cut) < cut_room && memcmp(cut, whole, strlen(cut)) == 0);
	assert(escape_text(NULL, 0, in) == n);
	free(cut);
	free(twice);
	free(whole);
	return 0;
}
