#include "analyzer/hat/hat_xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/hat/hat_reader.h"

#define DEFAULT_PREFIX "hat_default_"

bool
hat_xml_is(struct bytes text)
{
	static const char *const marks[] = { "\xef\xbb\xbf", "\xff\xfe", "\xfe\xff" };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (bytes_case_starts(text, bytes_str(marks[i])))
			text = bytes_skip(text, strlen(marks[i]));
	/* The zero octets are those of UTF-16. */
	while (text.n > 0 && (text.p[0] <= ' '))
		text = bytes_skip(text, 1);
	return text.n > 0 && text.p[0] == '<';
}

static bool
is_element(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

/* The node after n in the order of the document, NULL after the last. */
static xmlNode *
next_node(xmlNode *n)
{
	if (n->type == XML_ELEMENT_NODE && n->children != NULL)
		return n->children;
	while (n != NULL && n->next == NULL)
		n = n->parent;
	return n == NULL || n->type == XML_DOCUMENT_NODE ? NULL : n->next;
}

static xmlNode *
next_hat(xmlNode *n)
{
	while (n != NULL && !is_element(n, "hat"))
		n = next_node(n);
	return n;
}

static const xmlNode *
sibling(const xmlNode *n, const char *name)
{
	for (n = n->parent != NULL ? n->parent->children : NULL; n != NULL; n = n->next)
		if (is_element(n, name))
			return n;
	return NULL;
}

/* What of an element is text; entities that the file declares itself are not. */
static const char *
piece(const xmlNode *n)
{
	bool text = n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;

	return text && n->content != NULL ? (const char *)n->content : "";
}

static size_t
text_length(const xmlNode *n)
{
	size_t len = 0;

	for (const xmlNode *c = n->children; c != NULL; c = c->next)
		len += strlen(piece(c));
	return len;
}

/* To `room`, at most `size` octets. */
static struct bytes
copy_text(const xmlNode *n, char *room, size_t size)
{
	size_t len = 0;

	for (const xmlNode *c = n->children; c != NULL; c = c->next) {
		struct bytes b = bytes_head(bytes_str(piece(c)), size - len);

		memcpy(room + len, b.p, b.n);
		len += b.n;
	}
	return bytes_of(room, len);
}

static struct bytes
trim(struct bytes b)
{
	while (b.n > 0 && b.p[0] <= ' ')
		b = bytes_skip(b, 1);
	while (b.n > 0 && b.p[b.n - 1] <= ' ')
		b.n--;
	return b;
}

/* Of the listener that a <hat> belongs to; the empty run if it does not say. */
static struct bytes
name_of(const xmlNode *hat, char room[static 128])
{
	const xmlNode *n = sibling(hat, "listener_name");

	return n == NULL ? bytes_of(NULL, 0) : trim(copy_text(n, room, 128));
}

/* The <hat> asked for; NULL with *status and *fault. */
static xmlNode *
choose(
    xmlNode *root, const char *name, const char *listener, enum status *status, struct fault *fault)
{
	xmlNode *found = NULL;
	char names[256] = "", room[128];
	size_t count = 0, n = 0;

	for (xmlNode *hat = next_hat(root); hat != NULL; hat = next_hat(next_node(hat))) {
		struct bytes here = name_of(hat, room);

		if (n < sizeof names)
			n += (size_t)snprintf(names + n, sizeof names - n, "%s\"%.*s\"",
			    count > 0 ? ", " : "", (int)here.n, (const char *)here.p);
		count++;
		if (found == NULL && (listener == NULL || bytes_case_eq(bytes_str(listener), here)))
			found = hat;
	}
	if (count == 0)
		*status = fault_set(
		    fault, STATUS_FORMAT, "%s: expected <hat> in this XML, found none", name);
	else if (found == NULL)
		*status = fault_set(fault, STATUS_USAGE,
		    "%s: no listener \"%s\" with a HAT; there is: %s", name, listener, names);
	else if (listener == NULL && count > 1)
		*status = fault_set(fault, STATUS_USAGE,
		    "%s: %zu listeners have a HAT; choose one with --listener: %s", name, count,
		    names);
	else
		return found;
	return NULL;
}

/* Copies what the table needs of the listener into h->text, the HAT last; its offset. */
static enum status
take_over(struct hat *h, const xmlNode *hat, size_t *from)
{
	const xmlNode *first = hat->parent != NULL ? hat->parent->children : hat;
	const struct bytes prefix = BYTES_LIT(DEFAULT_PREFIX);
	char room[128];
	struct bytes name = name_of(hat, room);
	size_t total = name.n + text_length(hat), used = name.n;

	for (const xmlNode *n = first; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE)
			total += text_length(n) + strlen((const char *)n->name);
	h->text = malloc(total + 1);
	if (h->text == NULL)
		return STATUS_NOMEM;
	if (name.n > 0)
		memcpy(h->text, name.p, name.n);
	h->listener = bytes_of(h->text, name.n);
	for (const xmlNode *n = first; n != NULL; n = n->next) {
		struct bytes key, value;

		if (n->type != XML_ELEMENT_NODE ||
		    !bytes_case_starts(bytes_str((const char *)n->name), prefix))
			continue;
		key = bytes_skip(bytes_str((const char *)n->name), prefix.n);
		memcpy(h->text + used, key.p, key.n);
		key.p = (const uint8_t *)h->text + used;
		used += key.n;
		value = copy_text(n, h->text + used, total - used);
		used += value.n;
		hat_defaults_add(h, key, trim(value), (uint32_t)xmlGetLineNo(n));
	}
	*from = used;
	h->text_len = used + copy_text(hat, h->text + used, total - used).n;
	return h->failed ? STATUS_NOMEM : STATUS_OK;
}

/* In the configuration of a cluster each machine may have a listener of that name. */
static void
say_namesakes(struct hat *h, xmlNode *hat)
{
	char room[128];

	for (xmlNode *n = next_hat(next_node(hat)); n != NULL; n = next_hat(next_node(n)))
		if (bytes_case_eq(name_of(n, room), h->listener)) {
			hat_table_say(h, SEVERITY_WARNING, false, (uint32_t)xmlGetLineNo(hat),
			    (uint32_t)xmlGetLineNo(n),
			    "another listener has this name too; the first is used");
			return;
		}
}

/* What libxml2 complained of last, as a message of ours. */
static void
say_damage(struct hat *h, xmlParserCtxt *ctxt)
{
	const xmlError *e = xmlCtxtGetLastError(ctxt);

	if (e == NULL || ctxt->wellFormed)
		return;
	hat_table_say(h, SEVERITY_ERROR, true, e->line > 0 ? (uint32_t)e->line : 0, 0,
	    "the XML is damaged, what could be read is used: %.*s",
	    e->message == NULL ? 0 : (int)strcspn(e->message, "\r\n"), e->message);
}

enum status
hat_xml_read(struct hat *h, struct bytes xml, const char *name, const char *listener, size_t *from,
    uint32_t *line, struct fault *fault)
{
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	enum status status = STATUS_NOMEM;
	xmlDoc *doc = NULL;
	xmlNode *hat = NULL;

	if (ctxt != NULL)
		doc = xmlCtxtReadMemory(ctxt, (const char *)xml.p, (int)xml.n, NULL, NULL,
		    XML_PARSE_NONET | XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			XML_PARSE_BIG_LINES);
	if (ctxt != NULL)
		hat = choose(
		    doc == NULL ? NULL : xmlDocGetRootElement(doc), name, listener, &status, fault);
	if (hat != NULL) {
		*line = (uint32_t)xmlGetLineNo(hat);
		status = take_over(h, hat, from);
		say_namesakes(h, hat);
		say_damage(h, ctxt);
	}
	if (status == STATUS_NOMEM)
		fault_set(fault, STATUS_NOMEM, "%s: no memory", name);
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(ctxt);
	return status;
}
