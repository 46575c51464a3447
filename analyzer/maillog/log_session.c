#include "analyzer/maillog/log_session.h"

#define NAME(id, name) name,
#define LOOKUP(fn, type, rows, count)                              \
	const char *fn(enum type v)                                \
	{                                                          \
		static const char *const words[] = { rows(NAME) }; \
		return v < count ? words[v] : NULL;                \
	}
LOOKUP(log_receipt_name, log_receipt, LOG_RECEIPTS, LOG_RECEIPT_COUNT)
LOOKUP(log_end_name, log_end, LOG_ENDS, LOG_END_COUNT)
LOOKUP(log_offset_from_name, log_offset_from, LOG_OFFSETS, LOG_OFFSET_FROM_COUNT)
