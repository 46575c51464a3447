#include <criterion/criterion.h>

#include "fixtures/responder/clients.h"

static struct addr
address(uint32_t n)
{
	return (struct addr){ .family = 4,
		.octet = {
		    (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
}

Test(responder_clients, connections_are_counted)
{
	struct clients *c = clients_new(7);
	struct addr one = address(1), two = address(2);
	struct client *a, *b;
	uint64_t ordinal;

	a = clients_enter(c, &one, &ordinal);
	cr_assert_eq(ordinal, 0);
	cr_assert_eq(clients_enter(c, &one, &ordinal), a, "one address is one client");
	cr_assert_eq(ordinal, 1);
	cr_assert_eq(a->open, 2);
	b = clients_enter(c, &two, &ordinal);
	cr_assert_neq(a, b);
	cr_assert_eq(ordinal, 0);
	clients_leave(c, a);
	clients_leave(c, a);
	cr_assert_eq(clients_enter(c, &one, &ordinal), a, "it is remembered when it was gone");
	cr_assert_eq(ordinal, 2);
	clients_leave(c, NULL);
	clients_free(c);
}

Test(responder_clients, the_longest_gone_is_forgotten)
{
	struct clients *c = clients_new(7);
	struct client *held = NULL;
	uint64_t ordinal;

	for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
		struct addr a = address(i);
		struct client *client = clients_enter(c, &a, &ordinal);

		if (i == 0)
			held = client;
		else
			clients_leave(c, client);
	}
	for (uint32_t i = 0; i < 10; i++) {
		struct addr a = address(CLIENTS_MAX + i);

		clients_leave(c, clients_enter(c, &a, &ordinal));
	}
	(void)clients_enter(c, &held->addr, &ordinal);
	cr_assert_eq(ordinal, 1, "whoever is connected is not forgotten");
	(void)clients_enter(c, &(struct addr){ .family = 4, .octet = { 0, 0, 0, 11 } }, &ordinal);
	cr_assert_eq(ordinal, 1, "the eleventh to go is still known");
	(void)clients_enter(c, &(struct addr){ .family = 4, .octet = { 0, 0, 0, 10 } }, &ordinal);
	cr_assert_eq(ordinal, 0, "the tenth is not");
	clients_free(c);
}

Test(responder_clients, no_room_when_everybody_is_connected)
{
	struct clients *c = clients_new(7);
	struct addr one = address(CLIENTS_MAX);
	uint64_t ordinal;

	for (uint32_t i = 0; i < CLIENTS_MAX; i++) {
		struct addr a = address(i);

		cr_assert_not_null(clients_enter(c, &a, &ordinal));
	}
	cr_assert_null(clients_enter(c, &one, &ordinal));
	cr_assert_eq(ordinal, 0);
	clients_free(c);
}

Test(responder_clients, recipients_of_an_hour)
{
	struct client client = { .recipients = 0 };

	cr_assert(clients_recipient(&client, 5, 2));
	cr_assert(clients_recipient(&client, 6, 2));
	cr_assert_not(clients_recipient(&client, 7, 2));
	cr_assert_not(clients_recipient(&client, 5 + CLIENTS_HOUR_S - 1, 2));
	cr_assert(clients_recipient(&client, 5 + CLIENTS_HOUR_S, 2));
	cr_assert(clients_recipient(&client, 5, UINT64_MAX));
	cr_assert_not(clients_recipient(&client, 5 + 2 * CLIENTS_HOUR_S, 0));
}
