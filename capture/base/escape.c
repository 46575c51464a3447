#include "capture/base/escape.h"

/*
 * Characters that leave no mark of their own, sorted: general categories Cc, Cf, Zl, Zp, Co, the
 * property Default_Ignorable_Code_Point, and noncharacters (Unicode 15, UnicodeData.txt and
 * DerivedCoreProperties.txt). The last two code points of every plane are tested apart.
 */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{ 0x00, 0x1f },        /* C0 */
	{ 0x7f, 0x9f },        /* DEL, C1 */
	{ 0xad, 0xad },        /* soft hyphen */
	{ 0x34f, 0x34f },      /* combining grapheme joiner */
	{ 0x600, 0x605 },      /* Arabic number signs */
	{ 0x61c, 0x61c },      /* Arabic letter mark */
	{ 0x6dd, 0x6dd },      /* Arabic end of ayah */
	{ 0x70f, 0x70f },      /* Syriac abbreviation mark */
	{ 0x890, 0x891 },      /* Arabic pound and piastre mark above */
	{ 0x8e2, 0x8e2 },      /* Arabic disputed end of ayah */
	{ 0x115f, 0x1160 },    /* Hangul fillers */
	{ 0x17b4, 0x17b5 },    /* Khmer inherent vowels */
	{ 0x180b, 0x180f },    /* Mongolian separators */
	{ 0x200b, 0x200f },    /* zero width, marks of direction */
	{ 0x2028, 0x202e },    /* separators, embeddings and overrides of direction */
	{ 0x2060, 0x206f },    /* word joiner, isolates of direction */
	{ 0x3164, 0x3164 },    /* Hangul filler */
	{ 0xe000, 0xf8ff },    /* private use */
	{ 0xfdd0, 0xfdef },    /* noncharacters */
	{ 0xfe00, 0xfe0f },    /* variation selectors */
	{ 0xfeff, 0xfeff },    /* byte order mark */
	{ 0xffa0, 0xffa0 },    /* halfwidth Hangul filler */
	{ 0xfff0, 0xfffb },    /* unassigned ignorables, interlinear annotation */
	{ 0x110bd, 0x110bd },  /* Kaithi number sign */
	{ 0x110cd, 0x110cd },  /* Kaithi number sign above */
	{ 0x13430, 0x1343f },  /* Egyptian hieroglyph controls */
	{ 0x1bca0, 0x1bca3 },  /* shorthand format controls */
	{ 0x1d173, 0x1d17a },  /* musical symbol controls */
	{ 0xe0000, 0xe0fff },  /* tags, more variation selectors */
	{ 0xf0000, 0x10ffff }, /* private use */
};

static bool
is_unseen(uint32_t c)
{
	size_t low = 0, high = sizeof unseen / sizeof unseen[0];

	if ((c & 0xfffe) == 0xfffe)
		return true;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c > unseen[mid].last)
			low = mid + 1;
		else if (c < unseen[mid].first)
			high = mid;
		else
			return true;
	}
	return false;
}

/* Octets of the valid UTF-8 character at the front, its code in *c; 0 if there is none. */
static size_t
decode(struct bytes in, uint32_t *c)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = in.p[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (n == 0 || lead > 0xf4 || n > in.n)
		return 0;
	*c = n == 1 ? lead : lead & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((in.p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (in.p[i] & 0x3f);
	}
	/* Over-long forms, beyond the last plane, surrogates. */
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

size_t
escape_character(struct bytes *in, char out[static ESCAPE_CHARACTER])
{
	static const char hex[] = "0123456789abcdef";
	uint32_t c = 0;
	size_t n = decode(*in, &c), len = 0;

	if (n > 0 && !is_unseen(c)) {
		memcpy(out, in->p, n);
		len = n;
	} else {
		n = n > 0 ? n : 1;
		for (size_t i = 0; i < n; i++) {
			out[len++] = '\\';
			out[len++] = 'x';
			out[len++] = hex[in->p[i] >> 4];
			out[len++] = hex[in->p[i] & 15];
		}
	}
	*in = bytes_skip(*in, n);
	return len;
}

size_t
escape_text(char *out, size_t room, struct bytes in)
{
	size_t len = 0, written = 0;

	while (in.n > 0) {
		size_t plain = escape_plain(in), fits = 0, n;
		char one[ESCAPE_CHARACTER];

		/* Once something did not fit, nothing later may. */
		if (written == len && len + 1 < room)
			fits = plain < room - 1 - len ? plain : room - 1 - len;
		if (fits > 0)
			memcpy(out + len, in.p, fits);
		written += fits;
		len += plain;
		in = bytes_skip(in, plain);
		if (in.n == 0)
			break;
		n = escape_character(&in, one);
		if (written == len && len + n < room) {
			memcpy(out + len, one, n);
			written += n;
		}
		len += n;
	}
	if (room > 0)
		out[written] = '\0';
	return len;
}
